"""Linters and security scanners of Python and shell programs."""

import re

from .bench import Problem, relative, tool

LEVELS = {"error": "high", "warning": "medium", "info": "low", "note": "low"}


@tool("bandit", ["bandit", "--version"])
def bandit(bench):
    own = bench.json(["bandit", "-q", "-r", "-f", "json", "python"])
    problems = [
        Problem(found["issue_severity"].lower(), found["test_id"], relative(found["filename"]), found["line_number"])
        for found in own["results"]
    ]
    for format, name in [("sarif", "sarif"), ("junit", "xml")]:
        bench.report(format, ["bandit", "-q", "-r", "-f", name, "python"], problems, native="-f json", category="sast")


@tool("ruff", ["ruff", "--version"])
def ruff(bench):
    command = ["ruff", "check", "--no-cache", "--select", "F,E,S", "--output-format"]
    own = bench.json([*command, "json", "python"])
    files = [found["filename"].removeprefix(f"{bench.project}/") for found in own]
    # It has no severities: SARIF has `error` for each.
    problems = [Problem("high", found["code"], path, found["location"]["row"]) for found, path in zip(own, files)]
    for format in ("sarif", "junit"):
        bench.report(format, [*command, format, "python"], problems, native="--output-format json")


@tool("semgrep", ["semgrep", "--version"])
def semgrep(bench):
    command = ["semgrep", "scan", "--quiet", "--metrics=off", "--disable-version-check", "--error", "--config", "rules.yml"]
    own = bench.json([*command, "--json", "python"])
    problems = [
        Problem(LEVELS[found["extra"]["severity"].lower()], found["check_id"], found["path"], found["start"]["line"])
        for found in own["results"]
    ]
    for format, name in [("sarif", "--sarif"), ("junit", "--junit-xml")]:
        bench.report(format, [*command, name, "python"], problems, native="--json", category="sast")


@tool("mypy", ["mypy", "--version"])
def mypy(bench):
    own = bench.run(["mypy", "--no-incremental", "--output", "json", "python"]).out.splitlines()
    own = [line for line in own if line.startswith("{")]
    # One case for the whole run, whatever it finds.
    problems = [Problem("high")] if own else []
    bench.report(
        "junit", ["mypy", "--no-incremental", "--junit-xml", "mypy.xml", "python"], problems, native="--output json", file="mypy.xml"
    )


@tool("flake8", ["flake8", "--version"])
def flake8(bench):
    own = bench.run(["flake8", "python"]).out
    found = re.findall(r"^(?P<path>[^:]+):(?P<line>\d+):\d+: (?P<rule>\w+)", own, re.MULTILINE)
    problems = [Problem("high", rule, path, int(line)) for path, line, rule in found]
    bench.report("junit", ["flake8", "--format", "junit-xml", "python"], problems, native="the plain text")


@tool("pylint", ["pylint", "--version"])
def pylint(bench):
    own = bench.json(["pylint", "--output-format", "json2", "--score", "n", "python"])["messages"]
    words = {"fatal": "high", "error": "high", "warning": "medium", "refactor": "low", "convention": "low", "info": "info"}
    problems = [Problem(words[found["type"]], found["messageId"], found["path"], found["line"]) for found in own]
    command = ["pylint", "--output-format", "pylint_junit.JUnitReporter", "--score", "n", "python"]
    bench.report("junit", command, problems, native="--output-format json2", category="lint")


@tool("shellcheck", ["shellcheck", "--version"])
def shellcheck(bench):
    own = bench.json(["shellcheck", "-f", "json1", "scripts/run.sh"])
    # In Checkstyle, style and info are both `info`.
    words = {"error": "high", "warning": "medium", "info": "info", "style": "info"}
    problems = [Problem(words[found["level"]], f"ShellCheck.SC{found['code']}", found["file"], found["line"]) for found in own["comments"]]
    bench.report("checkstyle", ["shellcheck", "-f", "checkstyle", "scripts/run.sh"], problems, native="-f json1")


@tool("njsscan", ["njsscan", "--version"])
def njsscan(bench):
    own = bench.json(["njsscan", "--json", "node"])
    found = [(rule, about) for kind in ("nodejs", "templates") for rule, about in own[kind].items()]
    problems = [
        Problem(LEVELS[about["metadata"]["severity"].lower()], rule, relative(file["file_path"]), file["match_lines"][0])
        for rule, about in found
        for file in about["files"]
    ]
    bench.report("sarif", ["njsscan", "--sarif", "node"], problems, native="--json", category="sast")
