"""matrix_tools TOOLS [TOOL…]: records the reports of all tools, or of those that are named."""

import sys
from pathlib import Path

from . import broken, code, hidden, infrastructure, packages, runners, web  # each registers its tools
from .bench import BENCHES

ROOT = Path(__file__).resolve().parent.parent.parent


def main(tools, *names):
    unknown = set(names) - set(BENCHES)
    if unknown:
        sys.exit(f"error: no tool is called {', '.join(sorted(unknown))}. Known are: {' '.join(sorted(BENCHES))}")
    failed = []
    for name in names or BENCHES:
        for sources in ("faults", "clean"):
            if not BENCHES[name].record(ROOT, Path(tools), sources):
                failed.append(f"{name} ({sources})")
    if failed:
        sys.exit(f"error: not recorded: {', '.join(failed)}")


main(*sys.argv[1:])
