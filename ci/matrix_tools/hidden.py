"""One test fails, and something else goes wrong that is not in the report: only the exit code and the console show it."""

from .bench import Problem, tool
from .runners import NODE_REPORTERS, RUST_FAULTS, crate

FAILS = 'it("fails", () => { throw new Error("no"); });\n'


def hidden(name, version, command, files, *, file="tests.xml", case=None, failures=1, **env):
    """Registers a run of these files. `failures`: how many are in the report."""

    def record(bench):
        for path, text in files.items():
            (bench.project / path).write_text(text)
        bench.link_modules()
        (bench.project / "package.json").write_text('{ "name": "sample", "version": "1.0.0" }')
        problems = [Problem("high")] * failures
        bench.report("junit", command, problems, native="the files: one test fails", file=file, category="test", explained=False, **env)

    tool(f"{name}-hidden{f'-{case}' if case else ''}", version, only=["faults"])(record)


JEST = ["jest", "tests", "--reporters=default", "--reporters=jest-junit"]
JEST_FILES = {"tests/sample.test.js": FAILS, "tests/other.test.js": 'it("passes", () => {});\n'}
hidden(
    "jest",
    ["jest", "--version"],
    JEST,
    {**JEST_FILES, "tests/broken.test.js": 'require("./missing");\nit("never starts", () => {});\n'},
    file="junit.xml",
)
hidden(
    "jest",
    ["jest", "--version"],
    [*JEST, "--coverage", "--coverageThreshold", '{"global": {"lines": 100}}', "--collectCoverageFrom", "web/*.js"],
    JEST_FILES,
    file="junit.xml",
    case="coverage",
)
hidden("jest", ["jest", "--version"], [*JEST, "--bail", "--runInBand"], JEST_FILES, file="junit.xml", case="bail")

VITEST = ["vitest", "run", "--dir", "tests", "--reporter", "default", "--reporter", "junit", "--outputFile.junit", "tests.xml"]
VITEST_IT = 'import { it } from "vitest";\n'
LATE = """it("passes", () => {
  setTimeout(() => Promise.reject(new Error("late")), 1);
  return new Promise((done) => setTimeout(done, 50));
});
"""
hidden("vitest", ["vitest", "--version"], VITEST, {"tests/sample.test.mjs": VITEST_IT + FAILS + LATE})

BUN = ["bun", "test", "--reporter=junit", "--reporter-outfile=tests.xml", "tests/"]
BUN_FILES = {"tests/sample.test.js": 'import { it } from "bun:test";\n' + FAILS}
hidden("bun", ["bun", "--version"], BUN, {**BUN_FILES, "tests/broken.test.js": 'throw new Error("at import");\n'})

DENO = ["deno", "test", "--no-lock", "--junit-path=tests.xml", "tests/sample_test.js", "tests/broken_test.js"]
hidden(
    "deno",
    ["deno", "--version"],
    DENO,
    {
        "tests/sample_test.js": 'Deno.test("fails", () => { throw new Error("no"); });\n',
        "tests/broken_test.js": 'throw new Error("at import");\n',
    },
)

PLAYWRIGHT_TEST = 'import { expect, test } from "@playwright/test";\n'
hidden(
    "playwright",
    ["playwright", "--version"],
    ["playwright", "test", "tests", "--reporter", "list,junit"],
    {
        "tests/sample.spec.mjs": PLAYWRIGHT_TEST + 'test("fails", () => expect(1 + 1).toBe(3));\n',
        "teardown.mjs": 'export default () => { throw new Error("after all"); };\n',
        "playwright.config.mjs": 'export default { globalTeardown: "./teardown.mjs" };\n',
    },
    PLAYWRIGHT_JUNIT_OUTPUT_FILE="tests.xml",
)

hidden(
    "node",
    ["node", "--version"],
    ["node", "--test", *NODE_REPORTERS, "tests/sample.test.mjs"],
    {
        "tests/sample.test.mjs": 'import { after, describe, it } from "node:test";\n'
        + FAILS
        + 'describe("with a broken hook", () => { after(() => { throw new Error("hook"); }); it("passes", () => {}); });\n'
    },
)


@tool("nextest-hidden-stopped", ["cargo-nextest", "--version"], only=["faults"])
def nextest(bench):
    """It stops at the first failure unless it is told otherwise."""
    env = crate(bench, RUST_FAULTS.replace("fails", "a_fails") + RUST_FAULTS.replace("fails", "b_fails").replace("later", "z_later"))
    command = ["cargo-nextest", "nextest", "run", "--offline", "--test-threads", "1"]
    file = "target/nextest/default/tests.xml"
    bench.report("junit", command, [Problem("high")], native="the files", file=file, category="test", explained=False, **env)


hidden(
    "pytest",
    ["pytest", "--version"],
    ["pytest", "-q", "-x", "-p", "no:cacheprovider", "--junitxml", "tests.xml", "tests/test_sample.py"],
    {"tests/test_sample.py": "def test_fails():\n    assert 1 == 2\n\n\ndef test_never_starts():\n    assert 1 == 2\n"},
    case="stopped",
)
hidden(
    "pytest",
    ["pytest", "--version"],
    ["pytest", "-q", "-p", "no:cacheprovider", "--cov=app", "--cov-fail-under=99", "--junitxml", "tests.xml", "tests/test_sample.py"],
    {
        "app.py": "def used():\n    return 1\n\n\ndef unused():\n    return 2\n",
        "tests/test_sample.py": "import app\n\n\ndef test_fails():\n    assert app.used() == 2\n",
    },
    case="coverage",
    PYTHONPATH=".",
)
