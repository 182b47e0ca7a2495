"""Scanners of packages, and writers of SBOMs."""

import json
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .bench import Problem, tool

# As fixtures/trivy-db has them.
OFFLINE = ["--skip-db-update", "--skip-java-db-update", "--skip-check-update", "--offline-scan", "--quiet"]


def vulnerable(bench):
    """Packages with known vulnerabilities; in the clean sources, none."""
    if bench.clean:
        lock = json.loads((bench.root / "fixtures/matrix/sources/faults/package-lock.json").read_text())
        for path in list(lock["packages"]):
            if path.endswith(("lodash", "minimist")):
                del lock["packages"][path]
        lock["packages"][""].pop("devDependencies")
        lock["packages"][""]["dependencies"] = {"isarray": "2.0.5"}
        lock["packages"]["node_modules/isarray"] = {
            "version": "2.0.5",
            "license": "MIT",
            "resolved": "https://registry.example.test/isarray/-/isarray-2.0.5.tgz",
        }
        (bench.project / "package-lock.json").write_text(json.dumps(lock))
        (bench.project / "package.json").write_text(json.dumps(lock["packages"][""]))


@tool("trivy", ["trivy", "--version"])
def trivy(bench):
    vulnerable(bench)
    cache = bench.project.parent / "cache"
    shutil.copytree(bench.root / "fixtures/trivy-db/db", cache / "db")
    command = ["trivy", "fs", "--cache-dir", str(cache), *OFFLINE, "--scanners", "vuln", "--include-dev-deps", "--format"]
    own = bench.json([*command, "json", "--list-all-pkgs", "package-lock.json"])
    problems = [
        Problem(found["Severity"].lower(), found["VulnerabilityID"])
        for result in own["Results"]
        for found in result.get("Vulnerabilities", [])
    ]
    packages = {"packages": sum(len(result.get("Packages", [])) for result in own["Results"])}
    bench.report("sarif", [*command, "sarif", "package-lock.json"], problems, native="--format json", category="vulnerability")
    bench.report(
        "cyclonedx",
        [*command, "cyclonedx", "package-lock.json"],
        problems,
        native="--format json",
        category="vulnerability",
        scope=packages,
    )
    if not bench.clean:
        # SPDX has no severity for them.
        unrated = [Problem("unknown", problem.rule) for problem in problems]
        bench.report(
            "spdx", [*command, "spdx-json", "package-lock.json"], unrated, native="--format json", category="vulnerability"
        )


@tool("syft", ["syft", "--version"], only=["faults"])
def syft(bench):
    command = ["syft", "scan", "dir:.", "-q", "-o"]
    env = {"SYFT_CHECK_FOR_APP_UPDATE": "false"}
    own = bench.json([*command, "syft-json"], **env)
    count = len(own["artifacts"])
    # SPDX lists the folder itself, too.
    for format, name, listed in [("cyclonedx", "cyclonedx-json", count), ("spdx", "spdx-json", count + 1)]:
        bench.report(format, [*command, name], [], native="-o syft-json", scope={"packages": listed}, **env)


def locked(bench, itself=False):
    """What the lock file has, without the project itself. SPDX lists that, too."""
    lock = json.loads((bench.project / "package-lock.json").read_text())
    return {"packages": len(lock["packages"]) - (0 if itself else 1)}


@tool("npm", ["npm", "--version"], only=["faults"])
def npm(bench):
    for format in ("cyclonedx", "spdx"):
        bench.report(
            format,
            ["npm", "sbom", "--package-lock-only", "--sbom-format", format],
            [],
            native="package-lock.json",
            case="npm-sbom",
            scope=locked(bench, itself=format == "spdx"),
        )


@tool("cyclonedx-npm", ["cyclonedx-npm", "--version"], only=["faults"])
def cyclonedx_npm(bench):
    command = ["cyclonedx-npm", "--package-lock-only", "--output-reproducible"]
    bench.report("cyclonedx", command, [], native="package-lock.json", scope=locked(bench))


@tool("cdxgen", ["cdxgen", "--version"], only=["faults"])
def cdxgen(bench):
    command = ["cdxgen", "-t", "js", "--no-install-deps", "-o", "bom.json", "."]
    bench.report("cyclonedx", command, [], native="package-lock.json", file="bom.json", scope=locked(bench))


@tool("retire", ["retire", "--version"], only=["faults"])
def retire(bench):
    """It lists the libraries that it recognises, and never what is wrong with them."""
    (bench.project / "lib").mkdir()
    (bench.project / "lib/made-up-1.8.1.min.js").write_text("/* made up */\n")
    flaw = {"below": "1.9.0", "severity": "medium", "identifiers": {"CVE": ["CVE-2012-0001"], "summary": "made up"}, "cwe": ["CWE-79"], "info": ["https://example.test/"]}
    known = {"made-up": {"vulnerabilities": [flaw], "extractors": {"filename": ["made-up-(§§version§§)(.min)?\\.js"]}}}
    (bench.project / "known.json").write_text(json.dumps(known, ensure_ascii=False))
    command = ["retire", "--jsrepo", "known.json", "--path", "lib", "--outputpath", "bom.json", "--outputformat"]
    own = bench.run([*command[:-3], "--outputformat", "json"])
    libraries = json.loads(own.out)["data"]
    assert any(found["vulnerabilities"] for library in libraries for found in library["results"]), own
    for name, case in [("cyclonedxJSON", "retire"), ("cyclonedxJSON1_6", "retire-1.6")]:
        bench.report(
            "cyclonedx",
            [*command, name],
            [],
            native="--outputformat json",
            file="bom.json",
            case=case,
            scope={"packages": len(libraries)},
            outcome="inconclusive",
            says=["exit code 13 means findings, and the report has none"],
        )


@tool("cyclonedx-py", ["cyclonedx-py", "--version"], only=["faults"])
def cyclonedx_py(bench):
    pinned = (bench.project / "requirements.txt").read_text().split()
    bench.report(
        "cyclonedx", ["cyclonedx-py", "requirements", "requirements.txt"], [], native="requirements.txt", scope={"packages": len(pinned)}
    )


@tool("uv", ["uv", "--version"], only=["faults"])
def uv(bench):
    (bench.project / "pyproject.toml").write_text(
        '[project]\nname = "sample"\nversion = "1.0.0"\nrequires-python = ">=3.10"\ndependencies = ["six==1.16.0"]\n\n[dependency-groups]\ndev = ["attrs==23.1.0"]\n'
    )
    bench.run(["uv", "lock", "--quiet"])
    own = bench.run(["uv", "export", "--quiet", "--no-hashes", "--no-header", "--no-emit-project", "--no-annotate"]).out.split()
    pinned = [line for line in own if "==" in line]
    bench.report(
        "cyclonedx",
        ["uv", "export", "--quiet", "--format", "cyclonedx1.5"],
        [],
        native="its requirements.txt",
        scope={"packages": len(pinned)},
    )


class Osv(BaseHTTPRequestHandler):
    """An advisory database with one entry, as api.osv.dev answers."""

    ENTRY = {
        "id": "PYSEC-2018-66",
        "aliases": ["CVE-2018-1000656"],
        "summary": "Denial of service",
        "modified": "2026-01-01T00:00:00Z",
        "affected": [
            {
                "package": {"name": "flask", "ecosystem": "PyPI"},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "0.12.3"}]}],
            }
        ],
    }

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = json.dumps({"vulns": [self.ENTRY]} if asked["package"]["name"] == "flask" else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        """Says nothing."""


@tool("pip-audit", ["pip-audit", "--version"])
def pip_audit(bench):
    if bench.clean:
        (bench.project / "requirements.txt").write_text("requests==2.19.0\n")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Osv)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/v1/query"
    command = [
        "pip-audit",
        "-r",
        "requirements.txt",
        "--no-deps",
        "--disable-pip",
        "--progress-spinner",
        "off",
        "-s",
        "osv",
        "--osv-url",
        address,
        "-f",
    ]
    own = bench.json([*command, "json"])
    # It rates nothing.
    problems = [Problem("unknown", found["id"]) for package in own["dependencies"] for found in package["vulns"]]
    bench.report("cyclonedx", [*command, "cyclonedx-json"], problems, native="-f json", scope={"packages": len(own["dependencies"])})
    server.shutdown()
