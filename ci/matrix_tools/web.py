"""Linters of JavaScript, CSS, HTML, Markdown and API descriptions."""

import json
import re

from .bench import Problem, relative, tool
from .infrastructure import SLACK

LEVELS = {"error": "high", "warning": "medium", "info": "info", "information": "info"}


def shown(bench, path):
    """A path below the project."""
    return relative(path.removeprefix(f"{bench.project}/"))


@tool("eslint", ["eslint", "--version"])
def eslint(bench):
    bench.link_modules()
    command = ["eslint", "-c", "web/eslint.config.mjs", "-f"]
    own = bench.json([*command, "json", "web"])

    # SARIF and its own gate call a warning low; the other formats have only their own word.
    def problems(warning):
        severity = {1: warning, 2: "high"}
        return [
            Problem(severity[message["severity"]], message["ruleId"], shown(bench, file["filePath"]), message["line"])
            for file in own
            for message in file["messages"]
        ]

    formatters = bench.tools / "matrix/node_modules"
    bench.report(
        "sarif",
        [*command, str(formatters / "@microsoft/eslint-formatter-sarif/sarif.js"), "web"],
        problems("low"),
        native="-f json",
        category="lint",
    )
    bench.report(
        "junit", [*command, str(formatters / "eslint-formatter-junit/index.js"), "web"], problems("low"), native="-f json", category="lint"
    )
    named = [problem._replace(rule=f"eslint.rules.{problem.rule}") for problem in problems("low")]
    bench.report("checkstyle", [*command, str(formatters / "eslint-formatter-checkstyle/index.js"), "web"], named, native="-f json")


def empty_if(bench, named=True):
    """What a clean report proves that names no file: nothing. `named`: other formats of the tool do name them."""
    return {"outcome": "empty"} if bench.clean and named else {}


@tool("stylelint", ["stylelint", "--version"])
def stylelint(bench):
    bench.link_modules()
    command = ["stylelint", "web/style.css"]
    own = bench.json([*command, "-f", "json"], of="err")
    problems = [
        Problem(LEVELS[found["severity"]], found["rule"], shown(bench, file["source"]), found["line"])
        for file in own
        for found in file["warnings"]
    ]
    named = [problem._replace(rule=f"stylelint.rules.{problem.rule}") for problem in problems]
    for format in ("sarif", "junit", "checkstyle"):
        to_file = ["--custom-formatter", f"stylelint-{format}-formatter", "-o", "style-report"]
        bench.report(format, [*command, *to_file], named if format == "checkstyle" else problems, native="-f json", file="style-report")


@tool("oxlint", ["oxlint", "--version"])
def oxlint(bench):
    own = bench.json(["oxlint", "-f", "json", "web"])
    problems = [
        Problem(LEVELS[found["severity"]], found["code"], shown(bench, found["filename"]), found["labels"][0]["span"]["line"])
        for found in own["diagnostics"]
    ]
    for format in ("sarif", "junit", "checkstyle"):
        bench.report(format, ["oxlint", "-f", format, "web"], problems, native="-f json", **empty_if(bench, format == "checkstyle"))


@tool("biome", ["biome", "--version"])
def biome(bench):
    command = ["biome", "lint", "--colors=off", "--vcs-enabled=false"]
    own = bench.json([*command, "--reporter=json", "web/app.js", "web/second.js" if not bench.clean else "web/app.js"])
    files = ["web/app.js"] if bench.clean else ["web/app.js", "web/second.js"]

    def problems(rule=lambda category: category, **severities):
        words = {**LEVELS, **severities}
        return [Problem(words[found["severity"]], rule(found["category"]), found["location"]["path"]) for found in own["diagnostics"]]

    each = [
        # Information is a note.
        ("sarif", problems(info="low", information="low")),
        # JUnit has no severity.
        (
            "junit",
            problems(rule=lambda category: category.replace("/", "."), error="high", warning="high", info="high", information="high"),
        ),
        ("checkstyle", problems()),
    ]
    for format, expected in each:
        bench.report(
            format,
            [*command, f"--reporter={format}", *files],
            expected,
            native="--reporter=json",
            **empty_if(bench, format == "checkstyle"),
        )


@tool("jshint", ["jshint", "--version"])
def jshint(bench):
    own = bench.run(["jshint", "--config", "web/.jshintrc", "--verbose", "web/app.js"]).out
    found = re.findall(r"^(\S+): line (\d+), col \d+, .* \((([EWI])\d+)\)$", own, re.MULTILINE)
    words = {"E": "high", "W": "medium", "I": "info"}
    problems = [Problem(words[letter], f"jshint.{rule}", path, int(line)) for path, line, rule, letter in found]
    bench.report(
        "checkstyle",
        ["jshint", "--config", "web/.jshintrc", "--reporter", "checkstyle", "web/app.js"],
        problems,
        native="--verbose",
        **empty_if(bench),
    )


@tool("htmlhint", ["htmlhint", "--version"])
def htmlhint(bench):
    own = bench.json(["htmlhint", "-f", "json", "web/index.html"])
    problems = [
        Problem(LEVELS[found["type"]], found["rule"]["id"], shown(bench, file["file"]), found["line"])
        for file in own
        for found in file["messages"]
    ]
    named = [problem._replace(rule=f"htmlhint.{problem.rule}") for problem in problems]
    # One case for each file, with all its problems.
    files = [Problem("high", None, path) for path in dict.fromkeys(problem.path for problem in problems)]
    for format, expected in [("checkstyle", named), ("junit", files), ("sarif", problems)]:
        bench.report(format, ["htmlhint", "-f", format, "web/index.html"], expected, native="-f json", **empty_if(bench, format != "junit"))


@tool("spectral", ["spectral", "--version"])
def spectral(bench):
    command = ["spectral", "lint", "--ruleset", "docs/.spectral.yaml", "--quiet", "docs/openapi.yaml", "-f"]
    words = ["high", "medium", "info", "low"]  # error, warn, info, hint
    problems = [
        Problem(words[found["severity"]], found["code"], shown(bench, found["source"]), found["range"]["start"]["line"] + 1)
        for found in bench.json([*command, "json"])
    ]
    bench.report("sarif", [*command, "sarif"], problems, native="-f json", **empty_if(bench))
    # It leaves out everything but errors.
    errors = [problem for problem in problems if problem.severity == "high"]
    bench.report("junit", [*command, "junit"], errors, native="-f json", **empty_if(bench))


@tool("markdownlint", ["markdownlint-cli2", "--version"])
def markdownlint(bench):
    bench.link_modules()
    command = ["markdownlint-cli2", "docs/page.md"]
    plain = bench.run(command)
    found = re.findall(r"^(\S+?):(\d+)(?::\d+)? (?:(error|warning) )?(MD\d+)", plain.err + plain.out, re.MULTILINE)
    problems = [Problem("high", rule, path, int(line)) for path, line, _, rule in found]
    formatters = [["markdownlint-cli2-formatter-junit", {"name": "md.xml"}], ["markdownlint-cli2-formatter-sarif", {"name": "md.sarif"}]]
    (bench.project / ".markdownlint-cli2.jsonc").write_text(json.dumps({"outputFormatters": formatters}))
    for format, file in [("junit", "md.xml"), ("sarif", "md.sarif")]:
        bench.report(format, command, problems, native="the plain text", file=file)


@tool("secretlint", ["secretlint", "--version"])
def secretlint(bench):
    bench.link_modules()
    (bench.project / ".secretlintrc.json").write_text(json.dumps({"rules": [{"id": "@secretlint/secretlint-rule-preset-recommend"}]}))
    bench.plant("keys/app.py", 'slack = "', ("none",) if bench.clean else SLACK, '"\n')
    command = ["secretlint", "--maskSecrets", "keys/app.py", "--format"]
    problems = [
        Problem("high", f"{found['ruleParentId']} > {found['ruleId']}", shown(bench, file["filePath"]), found["loc"]["start"]["line"])
        for file in bench.json([*command, "json"])
        for found in file["messages"]
    ]
    named = [problem._replace(rule=f"eslint.rules.{problem.rule}") for problem in problems]
    each = [
        ("sarif", "@secretlint/secretlint-formatter-sarif", problems, "secret"),
        ("junit", "junit", problems, "secret"),
        ("checkstyle", "checkstyle", named, "lint"),
    ]
    for format, name, expected, category in each:
        bench.report(
            format, [*command, name], expected, native="--format json", category=category, **empty_if(bench, format != "checkstyle")
        )
