"""Runs real tools for ci/matrix, and records their reports as fixtures."""
