#!/usr/bin/env bash
# pytest's JUnit report counts subtests that it does not list.
#
# Expected: as many `testcase` elements as the attribute `tests` of the suite counts.
# Seen (pytest 9.2.0): a test with three subtests, all green, is `tests="4"` with one `testcase`. A reader that compares count and list takes the
# report for a cut one. Skipped subtests are counted and listed; failed ones are several `failure` elements of one case.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pytest==9.2.0
cat >"$work/test_numbers.py" <<'PY'
def test_numbers(subtests):
    for number in range(3):
        with subtests.test(number=number):
            assert number < 3
PY

cd "$work"
venv/bin/python -m pytest -q --junitxml=junit.xml test_numbers.py
counted=$(grep -oE '<testsuite [^>]*' junit.xml | grep -oE ' tests="[0-9]+"' | grep -oE '[0-9]+')
listed=$(grep -o '<testcase' junit.xml | wc -l)
echo "pytest counts $counted tests and lists $listed"
[ "$counted" -eq 4 ] && [ "$listed" -eq 1 ]
