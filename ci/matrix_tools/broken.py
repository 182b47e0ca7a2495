"""Sources that don't parse, tests that can't be loaded: many tools leave them out of their report."""

from .bench import Problem, tool
from .infrastructure import failed_cases
from .runners import suite

PYTHON = "def broken(:\n"
SCRIPT = "export function broken( {\n"


def broken(name, version, path, text, *runs):
    """Registers a tool with a file that it can't parse. Each run: format, command, outcome, words of the reason, number of
    problems that are high, file of the report."""
    # Test runners and mypy name it in the text alone.
    problem = Problem("high", None, None if name in ("mypy-broken", "pytest-broken") else path)

    def record(bench):
        (bench.project / path).write_text(text)
        bench.link_modules()
        for format, command, outcome, says, high, file in runs:
            command = [word.replace("{modules}", str(bench.tools / "matrix/node_modules")) for word in command]
            bench.report(
                format,
                command,
                [problem] * high,
                native="the tool's own text",
                outcome=outcome,
                says=says,
                file=file,
                case=name.removesuffix(f"-{format}"),
                cut=failed_cases if name == "cfn-lint-broken" and format == "junit" else None,
            )

    tool(name, version, only=["faults"])(record)


broken(
    "bandit-broken",
    ["bandit", "--version"],
    "python/broken.py",
    PYTHON,
    ("sarif", ["bandit", "-q", "-f", "sarif", "python/broken.py"], "inconclusive", [], 0, None),
)
broken(
    "ruff-broken",
    ["ruff", "--version"],
    "python/broken.py",
    PYTHON,
    ("sarif", ["ruff", "check", "--no-cache", "--output-format", "sarif", "python/broken.py"], "complete", [], 2, None),
    ("junit", ["ruff", "check", "--no-cache", "--output-format", "junit", "python/broken.py"], "complete", [], 2, None),
)
broken(
    "flake8-broken",
    ["flake8", "--version"],
    "python/broken.py",
    PYTHON,
    ("junit", ["flake8", "--format", "junit-xml", "python/broken.py"], "complete", [], 1, None),
)
broken(
    "mypy-broken",
    ["mypy", "--version"],
    "python/broken.py",
    PYTHON,
    ("junit", ["mypy", "--no-incremental", "--junit-xml", "mypy.xml", "python/broken.py"], "complete", [], 1, "mypy.xml"),
)
broken(
    "pytest-broken",
    ["pytest", "--version"],
    "tests/test_broken.py",
    PYTHON,
    (
        "junit",
        ["pytest", "-q", "-p", "no:cacheprovider", "--junitxml", "tests.xml", "tests/test_broken.py"],
        "complete",
        [],
        1,
        "tests.xml",
    ),
)
broken(
    "eslint-broken",
    ["eslint", "--version"],
    "web/broken.js",
    SCRIPT,
    (
        "sarif",
        ["eslint", "-c", "web/eslint.config.mjs", "-f", "{modules}/@microsoft/eslint-formatter-sarif/sarif.js", "web/broken.js"],
        "inconclusive",
        [],
        0,
        None,
    ),
    (
        "junit",
        ["eslint", "-c", "web/eslint.config.mjs", "-f", "{modules}/eslint-formatter-junit/index.js", "web/broken.js"],
        "complete",
        [],
        1,
        None,
    ),
    (
        "checkstyle",
        ["eslint", "-c", "web/eslint.config.mjs", "-f", "{modules}/eslint-formatter-checkstyle/index.js", "web/broken.js"],
        "complete",
        [],
        1,
        None,
    ),
)
for format in ("sarif", "junit", "checkstyle"):
    broken(
        f"oxlint-broken-{format}",
        ["oxlint", "--version"],
        "web/broken.js",
        SCRIPT,
        (format, ["oxlint", "-f", format, "web/broken.js"], "complete", [], 1, None),
    )
    broken(
        f"biome-broken-{format}",
        ["biome", "--version"],
        "web/broken.js",
        SCRIPT,
        (
            format,
            ["biome", "lint", "--colors=off", "--vcs-enabled=false", f"--reporter={format}", "web/broken.js"],
            "complete",
            [],
            2,
            None,
        ),
    )
    broken(
        f"stylelint-broken-{format}",
        ["stylelint", "--version"],
        "web/style.css",
        "a {\n",
        (
            format,
            ["stylelint", "web/style.css", "--custom-formatter", f"stylelint-{format}-formatter", "-o", "style-report"],
            "complete",
            [],
            1,
            "style-report",
        ),
    )
    broken(
        f"hadolint-broken-{format}",
        ["hadolint", "--version"],
        "docker/Dockerfile",
        "FROM debian:12\nRUNN true\n",
        (format, ["hadolint", "-f", format, "docker/Dockerfile"], "complete", [], 1, None),
    )
broken(
    "cfn-lint-broken",
    ["cfn-lint", "--version"],
    "infra/template.yaml",
    "Resources:\n  - [\n",
    ("sarif", ["cfn-lint", "--format", "sarif", "infra/template.yaml"], "complete", [], 1, None),
    # All of its 329 cases are skipped.
    ("junit", ["cfn-lint", "--format", "junit", "infra/template.yaml"], "inconclusive", [], 0, None),
)


@tool("jest-broken", ["jest", "--version"], only=["faults"])
def jest(bench):
    """One file passes, the other can't be imported, and is in no report."""
    suite(bench, "jest", "tests/sample.test.js")
    (bench.project / "tests/sample.test.js").write_text('it("passes", () => {});\n')
    (bench.project / "tests/broken.test.js").write_text('require("./missing");\nit("never starts", () => {});\n')
    bench.report(
        "junit",
        ["jest", "tests", "--reporters=jest-junit"],
        [],
        native="--json: one suite failed",
        file="junit.xml",
        outcome="inconclusive",
    )


@tool("bun-broken", ["bun", "--version"], only=["faults"])
def bun(bench):
    """One file passes, the other can't be imported, and is in no report."""
    (bench.project / "tests/sample.test.js").write_text('import { it } from "bun:test";\nit("passes", () => {});\n')
    (bench.project / "tests/broken.test.js").write_text('throw new Error("at import");\n')
    command = ["bun", "test", "--reporter=junit", "--reporter-outfile=tests.xml", "tests/"]
    bench.report("junit", command, [], native="the console: one error", file="tests.xml", outcome="inconclusive")


@tool("deno-broken", ["deno", "--version"], only=["faults"])
def deno(bench):
    """One file passes, the other can't be imported, and is in no report."""
    (bench.project / "tests/sample_test.js").write_text('Deno.test("passes", () => {});\n')
    (bench.project / "tests/broken_test.js").write_text('throw new Error("at import");\n')
    command = ["deno", "test", "--no-lock", "--junit-path=tests.xml", "tests/sample_test.js", "tests/broken_test.js"]
    bench.report("junit", command, [], native="the console: one error", file="tests.xml", outcome="inconclusive")


@tool("vitest-broken", ["vitest", "--version"], only=["faults"])
def vitest(bench):
    """All tests pass, and a promise outside of them is rejected."""
    suite(bench, "vitest", "tests/sample.test.mjs")
    (bench.project / "tests/sample.test.mjs").write_text(
        'import { it } from "vitest";\nit("passes", () => { setTimeout(() => Promise.reject(new Error("late")), 1); return new Promise((done) => setTimeout(done, 50)); });\n'
    )
    command = ["vitest", "run", "--dir", "tests", "--reporter", "junit", "--outputFile", "tests.xml"]
    bench.report("junit", command, [], native="its exit code: 1", file="tests.xml", outcome="inconclusive")


@tool("playwright-broken", ["playwright", "--version"], only=["faults"])
def playwright(bench):
    """The only file can't be loaded."""
    bench.link_modules()
    (bench.project / "package.json").write_text('{ "name": "sample", "version": "1.0.0" }')
    (bench.project / "tests/sample.spec.mjs").write_text('import "./missing.mjs";\n')
    bench.report("junit", ["playwright", "test", "tests", "--reporter", "junit"], [], native="its exit code: 1", outcome="inconclusive")
