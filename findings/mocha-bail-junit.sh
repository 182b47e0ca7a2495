#!/usr/bin/env bash
# After `--bail`, Mocha's XUnit report and its summary both look like those of a whole run.
#
# Expected: a mark of the tests that did not run: skipped cases, a count of all tests, or a line of the summary.
# Seen (Mocha 11.8.0): of three tests the second fails and the third never runs. The XUnit report has `tests="2"`, two cases and one failure;
# the spec reporter says "1 passing, 1 failing"; the exit code is 1, the number of failures. Nothing tells this run from one with two tests.
# `bail` may also stand in `.mocharc.json`, where the command does not show it.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund mocha@11.8.0
cat >three.test.js <<'JS'
const assert = require("node:assert");
describe("suite", () => {
  it("first", () => {});
  it("second", () => assert.equal(1, 2));
  it("third", () => assert.equal(1, 3));
});
JS

exit=0
npx mocha --bail --reporter xunit three.test.js >report.xml || exit=$?
cases=$(grep -c '<testcase' report.xml)
summary=$(npx mocha --bail three.test.js 2>&1 | grep -E '^ +[0-9]+ (passing|failing|pending)' | tr -s ' ' | sed 's/ ([^)]*)//' | tr '\n' ';' || true)
head -1 report.xml
echo "exit code $exit, $cases cases;$summary"
[ "$exit" -eq 1 ] && [ "$cases" -eq 2 ] && grep -q 'tests="2"' report.xml
[ "$summary" = " 1 passing; 1 failing;" ]
