"""Scanners of Dockerfiles, workflows and infrastructure code, and of secrets."""

import json
import xml.etree.ElementTree as xml

from .bench import Problem, relative, tool

KEYS = ("AKIA", "Q3EGVNU4", "X2MPLE7T")
SLACK = ("xoxb-", "730191371696", "-1413868247813-", "IG7Z4nYevC2hdviE3aJhb5kY")


@tool("hadolint", ["hadolint", "--version"])
def hadolint(bench):
    own = bench.json(["hadolint", "-f", "json", "docker/Dockerfile"])

    def problems(**words):
        return [Problem(words[found["level"]], found["code"], found["file"], found["line"]) for found in own]

    each = [
        # `info` and `style` are both a note.
        ("sarif", problems(error="high", warning="medium", info="low", style="low")),
        ("junit", problems(error="high", warning="medium", info="info", style="low")),
        ("checkstyle", problems(error="high", warning="medium", info="info", style="low")),
    ]
    for format, expected in each:
        bench.report(
            format,
            ["hadolint", "-f", format, "docker/Dockerfile"],
            expected,
            native="-f json",
            category="misconfiguration" if format == "sarif" else "lint",
        )


@tool("zizmor", ["zizmor", "--version"])
def zizmor(bench):
    command = ["zizmor", "--offline", "--quiet", "--persona", "pedantic", "--format"]
    words = {"High": "high", "Medium": "medium", "Low": "low", "Informational": "info"}

    def primary(found):
        return next(place for place in found["locations"] if place["symbolic"]["kind"] == "Primary")

    problems = [
        Problem(
            words[found["determinations"]["severity"]],
            f"zizmor/{found['ident']}",
            primary(found)["symbolic"]["key"]["Local"]["verbatim_path"],
            primary(found)["concrete"]["location"]["start_point"]["row"] + 1,
        )
        for found in bench.json([*command, "json", ".github"])
    ]
    bench.report("sarif", [*command, "sarif", ".github"], problems, native="--format json", category="sast")


@tool("cfn-lint", ["cfn-lint", "--version"])
def cfn_lint(bench):
    command = ["cfn-lint", "--format"]
    # As Portcullis's own gate rates them.
    words = {"Error": "high", "Warning": "medium", "Informational": "info"}
    problems = [
        Problem(words[found["Level"]], found["Rule"]["Id"], found["Filename"], found["Location"]["Start"]["LineNumber"])
        for found in bench.json([*command, "json", "infra/template.yaml"])
    ]
    bench.report("sarif", [*command, "sarif", "infra/template.yaml"], problems, native="--format json", category="misconfiguration")
    bench.report("junit", [*command, "junit", "infra/template.yaml"], problems, native="--format json", cut=failed_cases, category="lint")


def failed_cases(text):
    """A report without most cases that passed: cfn-lint lists each of its 329 rules."""
    root = xml.fromstring(text)
    for suite in root.iter("testsuite"):
        passed = [case for case in suite.findall("testcase") if case.find("failure") is None]
        for case in passed[3:]:
            suite.remove(case)
        for holder in (suite, root):
            for name in ("tests", "skipped"):
                if holder.get(name):
                    holder.set(name, str(int(holder.get(name)) - (len(passed[3:]) if name == "tests" else 0)))
    return xml.tostring(root, encoding="unicode")


@tool("checkov", ["checkov", "--version"])
def checkov(bench):
    command = ["checkov", "-d", "infra", "--framework", "terraform", "--skip-download", "--compact"]
    own = bench.json([*command, "-o", "json"])
    failed = own["results"]["failed_checks"] if "results" in own else []
    # Without a key of its platform it rates nothing.
    problems = [Problem("unknown", found["check_id"], f"infra{found['file_path']}", found["file_line_range"][0]) for found in failed]
    problems.sort()
    if bench.clean:
        return
    to_file = [*command, "--output-file-path", "reports"]
    bench.report(
        "sarif", [*to_file, "-o", "sarif"], problems, native="-o json", file="reports/results_sarif.sarif", category="misconfiguration"
    )
    bench.report("junit", [*to_file, "-o", "junitxml"], problems, native="-o json", file="reports/results_junitxml.xml", category="lint")
    bare = [Problem("unknown", problem.rule, None) for problem in problems]
    bench.report("cyclonedx", [*to_file, "-o", "cyclonedx_json"], bare, native="-o json", file="reports/results_cyclonedx.json")


@tool("trivy-config", ["trivy", "--version"])
def trivy_config(bench):
    command = ["trivy", "config", "--quiet", "--skip-check-update", "--format"]
    own = bench.json([*command, "json", "docker"])
    problems = [
        Problem(found["Severity"].lower(), found["ID"], f"docker/{result['Target']}", found["CauseMetadata"].get("StartLine"))
        for result in own["Results"]
        for found in result.get("Misconfigurations", [])
    ]
    bench.report("sarif", [*command, "sarif", "docker"], problems, native="--format json", category="misconfiguration")


@tool("ansible-lint", ["ansible-lint", "--version"])
def ansible_lint(bench):
    command = ["ansible-lint", "-q", "--offline", "-f"]
    own = bench.json([*command, "json", "infra/playbook.yml"])
    # `minor` is what its warn_list has.
    words = {"blocker": "high", "critical": "high", "major": "high", "minor": "medium"}

    def line(found):
        place = found["location"]
        return place["lines"]["begin"] if "lines" in place else place["positions"]["begin"]["line"]

    problems = [Problem(words[found["severity"]], found["check_name"], found["location"]["path"], line(found)) for found in own]
    bench.report("sarif", [*command, "sarif", "infra/playbook.yml"], problems, native="-f json", category="lint")


@tool("gitleaks", ["gitleaks", "version"])
def gitleaks(bench):
    bench.plant("keys/app.ts", 'export const id = "', KEYS if not bench.clean else ("none",), '";\n')
    command = ["gitleaks", "dir", "--no-banner", "--redact=100", "-f"]
    bench.run([*command, "json", "-r", "own.json", "keys"])
    own = bench.json(["cat", "own.json"])
    problems = [Problem("high", found["RuleID"], found["File"], found["StartLine"]) for found in own]
    for format, cut in [("sarif", used_rules), ("junit", None)]:
        bench.report(
            format, [*command, format, "-r", "leaks", "keys"], problems, native="-f json", file="leaks", cut=cut, category="secret"
        )


def used_rules(text):
    """A log with five of gitleaks' 222 rules, or with those that have a result."""
    log = json.loads(text)
    for run in log["runs"]:
        used = {result["ruleId"] for result in run["results"]}
        rules = run["tool"]["driver"]["rules"]
        run["tool"]["driver"]["rules"] = [rule for rule in rules if rule["id"] in used] or rules[:5]
    return json.dumps(log, indent=1)


@tool("kingfisher", ["kingfisher", "--version"])
def kingfisher(bench):
    bench.plant("keys/app.py", 'slack = "', SLACK if not bench.clean else ("none",), '"\n')
    command = ["kingfisher", "scan", "--no-validate", "--no-update-check", "--no-dedup", "--redact", "-f"]
    # Two documents, one after the other.
    own, _ = json.JSONDecoder().raw_decode(bench.run([*command, "json", "keys"]).out)
    problems = [
        Problem("high", found["rule"]["id"], relative(found["finding"]["path"]), found["finding"]["line"]) for found in own["findings"]
    ]
    bench.report("sarif", [*command, "sarif", "keys"], problems, native="-f json", category="secret")
