#!/usr/bin/env bash
# The JUnit report of Node's own test runner leaves out a suite's `after` hook that throws.
#
# Expected: a `failure` or an `error` somewhere in the report, as the exit code says that the run failed.
# Seen (Node 20.20.2): exit code 1, and a report in which every `testcase` passes: no `failure`, no `error`. The comments at its end count
# nothing that failed either. Only the reporter for terminals shows the error of the hook.
# Whoever reads the report alone sees a green run; if the exit code is explained by another, accepted failure, nobody sees it.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/hook.test.js" <<'JS'
const { describe, it, after } = require("node:test");
describe("suite", () => {
  it("works", () => {});
  after(() => { throw new Error("the hook failed"); });
});
JS

node --version
exit=0
node --test --test-reporter=junit --test-reporter-destination="$work/junit.xml" "$work/hook.test.js" || exit=$?
cat "$work/junit.xml"
failures=$(grep -cE '<(failure|error)' "$work/junit.xml" || true)
echo "exit code $exit, $failures failures in the report"
[ "$exit" -eq 1 ] && [ "$failures" -eq 0 ]
