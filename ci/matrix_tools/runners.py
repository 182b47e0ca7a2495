"""Test runners. Their own report says how many tests failed, and where."""

import os
import re
from pathlib import Path

from .bench import Problem, tool

HEADS = {
    "bun": 'import assert from "node:assert";\nimport { beforeEach, describe, it } from "bun:test";\n',
    "jest": 'const assert = require("node:assert");\n',
    "mocha": 'const assert = require("node:assert");\n',
    "node": 'import assert from "node:assert";\nimport { beforeEach, describe, it } from "node:test";\n',
    "vitest": 'import assert from "node:assert";\nimport { beforeEach, describe, it } from "vitest";\n',
}


def suite(bench, runner, name):
    """The same tests for each runner of JavaScript, with its own first lines."""
    body = (bench.project / "tests/sample.body.js").read_text()
    (bench.project / name).write_text(HEADS[runner] + body)
    bench.link_modules()
    (bench.project / "package.json").write_text('{ "name": "sample", "version": "1.0.0" }')
    return name


def failures(count, names):
    """One problem for each failed test; `names` are what its rule has to be."""
    problems = [Problem("high", name) for name in names]
    if len(problems) != count:
        raise AssertionError(f"the runner counts {count} failures, and names {names}")
    return problems


def explained(bench):
    """Nothing but these tests failed. A clean run has nothing to explain."""
    return None if bench.clean else True


@tool("pytest", ["pytest", "--version"])
def pytest(bench):
    command = ["pytest", "-q", "-p", "no:cacheprovider", "tests/test_sample.py"]
    own = bench.run([*command, "-rfE"]).out
    names = re.findall(r"^(?:FAILED|ERROR) tests/test_sample.py::(\S+)", own, re.MULTILINE)
    counted = sum(int(count) for count in re.findall(r"(\d+) (?:failed|error)", own))
    problems = failures(counted, [f"tests.test_sample.{name}" for name in names])
    bench.report(
        "junit",
        [*command, "--junitxml", "tests.xml"],
        problems,
        native="the summary (-rfE)",
        file="tests.xml",
        category="test",
        explained=explained(bench),
    )


@tool("jest", ["jest", "--version"])
def jest(bench):
    file = suite(bench, "jest", "tests/sample.test.js")
    own = bench.json(["jest", "--json", file])
    failed = [test for result in own["testResults"] for test in result["assertionResults"] if test["status"] == "failed"]
    problems = failures(own["numFailedTests"], [f"{test['fullName']}.{test['fullName']}" for test in failed])
    command = ["jest", file, "--reporters=default", "--reporters=jest-junit"]
    bench.report("junit", command, problems, native="--json", file="junit.xml", category="test", explained=explained(bench))


@tool("vitest", ["vitest", "--version"])
def vitest(bench):
    file = suite(bench, "vitest", "tests/sample.test.mjs")
    command = ["vitest", "run", "--dir", "tests", "--reporter"]
    own = bench.json([*command, "json"])
    failed = [test for result in own["testResults"] for test in result["assertionResults"] if test["status"] == "failed"]
    names = [f"{file}.{' > '.join([*test['ancestorTitles'], test['title']])}" for test in failed]
    bench.report(
        "junit",
        [*command, "default", "--reporter", "junit", "--outputFile.junit", "tests.xml"],
        failures(own["numFailedTests"], names),
        native="--reporter json",
        file="tests.xml",
        category="test",
        explained=explained(bench),
    )


@tool("mocha", ["mocha", "--version"])
def mocha(bench):
    file = suite(bench, "mocha", "tests/sample.test.js")
    own = bench.json(["mocha", "--reporter", "json", file])
    problems = [Problem("high")] * own["stats"]["failures"]
    bench.report("junit", ["mocha", "--reporter", "xunit", file], problems, native="--reporter json", case="mocha-xunit", category="test")
    bench.report(
        "junit",
        ["mocha", "--reporter", "mocha-junit-reporter", file],
        problems,
        native="--reporter json",
        file="test-results.xml",
        category="test",
    )


NODE_REPORTERS = ["--test-reporter=junit", "--test-reporter-destination=tests.xml", "--test-reporter=spec", "--test-reporter-destination=stdout"]


@tool("node", ["node", "--version"])
def node(bench):
    file = suite(bench, "node", "tests/sample.test.mjs")
    own = bench.run(["node", "--test", "--test-reporter", "tap", file]).out
    # A suite fails with its tests, and is no test of its own.
    names = re.findall(r"^ *not ok \d+ - (fails|throws|never starts)$", own, re.MULTILINE)
    problems = failures(int(re.search(r"^# fail (\d+)", own, re.MULTILINE).group(1)), names)
    bench.report(
        "junit",
        ["node", "--test", *NODE_REPORTERS, file],
        [Problem("high") for _ in problems],
        native="--test-reporter tap",
        file="tests.xml",
        category="test",
        explained=explained(bench),
    )


@tool("bun", ["bun", "--version"])
def bun(bench):
    file = suite(bench, "bun", "tests/sample.test.mjs")
    ran = bench.run(["bun", "test", file])
    failed = re.findall(r"^\(fail\) (\S.*?)(?: \[[\d.]+m?s\])?$", ran.out + ran.err, re.MULTILINE)
    counted = int(re.search(r"^ *(\d+) fail$", ran.out + ran.err, re.MULTILINE).group(1))
    # Its classes have the innermost first: `inner > outer`.
    names = [" > ".join(reversed(name.split(" > ")[:-1])) + "." + name.split(" > ")[-1] for name in failed]
    command = ["bun", "test", "--reporter=junit", "--reporter-outfile=tests.xml", file]
    bench.report(
        "junit",
        command,
        failures(counted, names),
        native="the console",
        file="tests.xml",
        category="test",
        explained=explained(bench),
    )


DENO = """Deno.test("fails", () => {
  throw new Error("no");
});
Deno.test("steps", async (t) => {
  await t.step("one", () => {});
  await t.step("two", () => {
    throw new Error("no");
  });
});
Deno.test.ignore("later", () => {});
"""


@tool("deno", ["deno", "--version"])
def deno(bench):
    (bench.project / "tests/sample_test.js").write_text('Deno.test("passes", () => {});\n' + ("" if bench.clean else DENO))
    command = ["deno", "test", "--no-lock", "tests/sample_test.js"]
    own = bench.run(command)
    found = re.search(r"\| (\d+) failed(?: \((\d+) steps?\))?", own.out + own.err)
    # A step is a case of its own.
    problems = [Problem("high")] * sum(int(count) for count in found.groups(default="0"))
    bench.report(
        "junit",
        [*command, "--junit-path=tests.xml"],
        problems,
        native="the console",
        file="tests.xml",
        category="test",
        explained=explained(bench),
    )


RUST = """#[cfg(test)]
mod tests {
    #[test]
    fn passes() {}
"""
RUST_FAULTS = """
    #[test]
    fn fails() {
        panic!("no");
    }

    #[test]
    #[ignore]
    fn later() {}
"""


def crate(bench, tests):
    """A library with these tests, and the toolchain of the user, whose home is not that of the run."""
    for path, text in {
        "Cargo.toml": '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n',
        "src/lib.rs": RUST + tests + "}\n",
        ".config/nextest.toml": '[profile.default.junit]\npath = "tests.xml"\n',
    }.items():
        (bench.project / path).parent.mkdir(exist_ok=True)
        (bench.project / path).write_text(text)
    homes = {"RUSTUP_HOME": ".rustup", "CARGO_HOME": ".cargo"}
    return {name: os.environ.get(name, str(Path.home() / folder)) for name, folder in homes.items()}


@tool("nextest", ["cargo-nextest", "--version"])
def nextest(bench):
    env = crate(bench, "" if bench.clean else RUST_FAULTS)
    own = bench.run(["cargo", "test", "--offline", "--lib"], **env).out
    problems = [Problem("high")] * int(re.search(r"^test result: .* (\d+) failed;", own, re.MULTILINE).group(1))
    bench.report(
        "junit",
        ["cargo-nextest", "nextest", "run", "--offline", "--no-fail-fast", "--test-threads", "1"],
        problems,
        native="cargo test",
        file="target/nextest/default/tests.xml",
        category="test",
        explained=explained(bench),
        **env,
    )


@tool("playwright", ["playwright", "--version"])
def playwright(bench):
    bench.link_modules()
    (bench.project / "package.json").write_text('{ "name": "sample", "version": "1.0.0" }')
    fails = "" if bench.clean else 'test("fails", () => expect(1 + 1).toBe(3));\ntest.fixme("later", () => {});\n'
    (bench.project / "tests/sample.spec.mjs").write_text(
        'import { expect, test } from "@playwright/test";\ntest("passes", () => expect(1 + 1).toBe(2));\n' + fails
    )
    command = ["playwright", "test", "tests", "--reporter"]
    own = bench.json([*command, "json"])
    problems = [Problem("high")] * own["stats"]["unexpected"]
    bench.report(
        "junit",
        [*command, "list,junit"],
        problems,
        native="--reporter json",
        file="tests.xml",
        category="test",
        explained=explained(bench),
        PLAYWRIGHT_JUNIT_OUTPUT_FILE="tests.xml",
    )
