"""Where a tool runs: a copy of the sources, and what is recorded of the run."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import traceback
from collections import Counter, namedtuple
from pathlib import Path

# What a tool's own report says of one problem. `severity` is Portcullis's word; `rule`, `path` and `line` may be None.
Problem = namedtuple("Problem", "severity rule path line", defaults=(None, None, None))
Ran = namedtuple("Ran", "code out err")

BENCHES = {}
FILES = {"sarif": "report.sarif", "junit": "report.xml", "checkstyle": "report.xml", "cyclonedx": "report.json", "spdx": "report.json"}
LARGEST = 60_000
# What the runner printed, if its summary says what the report leaves out.
LOGS = {"out": "stdout.txt", "err": "stderr.txt"}
# What differs from run to run and is no part of what is read.
UNSTEADY = [
    (re.compile(r"\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?"), "2026-01-01T00:00:00Z"),
    (re.compile(r'\b(time|duration)="[\d.]+"'), r'\1="0.01"'),
    (re.compile(r"\w{3}, \d\d \w{3} 20\d\d \d\d:\d\d:\d\d GMT"), "Thu, 01 Jan 2026 00:00:00 GMT"),
    (re.compile(r'\bid="\d{8}_\d{6}"'), 'id="20260101_000000"'),
    (re.compile(r'("\w*duration\w*": ?)[\d.]+'), r"\g<1>0.01"),
    (re.compile(r"\[REDACTED:[0-9a-f]+\]"), "[REDACTED]"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:80"),
    # Where this machine has its Python.
    (re.compile(re.escape(os.path.realpath(sys.base_prefix))), "/usr"),
    (re.compile(r"\(\d+\) panicked at"), "(1) panicked at"),
    (re.compile(r"finished in [\d.]+s"), "finished in 0.01s"),
    # The registries of Python and npm, or mirrors of them.
    (re.compile(r"\b(pypi\.org|files\.pythonhosted\.org|registry\.npmjs\.org)\b"), "registry.example.test"),
    (re.compile(r"<!-- duration_ms [\d.]+ -->"), "<!-- duration_ms 10 -->"),
]
# Of a log.
TIMES = [
    (re.compile(r"\b\d\d:\d\d:\d\d\b"), "12:00:00"),
    # Only of tests that took long enough.
    (re.compile(r"^(\s*(?:[✓✕] |\((?:pass|fail)\) ).*?) [(\[]\d[\d.]* ?[mµ]?s[)\]]$", re.MULTILINE), r"\1"),
    (re.compile(r" ?[(\[]\d[\d.]* ?[mµ]?s[)\]]"), " (1ms)"),
    (re.compile(r"\b\d[\d.]* ?[mµ]?s\b(, estimated \d+ s)?"), "1ms"),
    (re.compile(r"duration_ms [\d.]+"), "duration_ms 10"),
]
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=BomRef\.)\d+\.\d+")


def tool(name, version, only=("faults", "clean")):
    """Registers a function that runs a tool. `version` is the command that prints its version."""

    def register(function):
        BENCHES[name] = Bench(name, version, function, only)
        return function

    return register


def relative(path):
    """A path of a native report, as Portcullis shows it."""
    return path.removeprefix("./")


class Bench:
    def __init__(self, name, version, function, only):
        self.name, self.version_command, self.function, self.only = name, version, function, only

    def record(self, root, tools, sources):
        """False: it failed, and said why."""
        if sources not in self.only:
            return True
        with tempfile.TemporaryDirectory() as scratch:
            self.root, self.tools, self.clean = root, tools, sources == "clean"
            self.project = Path(scratch).resolve() / "repo"
            self.secrets = []
            shutil.copytree(root / "fixtures/matrix/sources" / sources, self.project)
            self.run(["git", "init", "--quiet"])
            try:
                self.version = self.first_version(self.run(self.version_command))
                self.function(self)
            except Exception:
                traceback.print_exc()
                return False
        return True

    @staticmethod
    def first_version(ran):
        found = re.search(r"\d+\.\d+(\.\d+)*([.-][a-z0-9]+)?", ran.out + ran.err)
        return found.group(0) if found else "?"

    def run(self, command, **env):
        folders = [
            "matrix-python/bin",
            "matrix-semgrep/bin",
            "matrix-njsscan/bin",
            "checkov/bin",
            "scanners/bin",
            "bin",
            "matrix/node_modules/@oven/bun-linux-x64/bin",
            "matrix/node_modules/@deno/linux-x64-glibc",
            "matrix/node_modules/.bin",
        ]
        path = os.pathsep.join([*(str(self.tools / folder) for folder in folders), os.environ["PATH"]])
        env = {
            **os.environ,
            "PATH": path,
            "HOME": str(self.project.parent),
            "NO_COLOR": "1",
            "RUST_BACKTRACE": "0",
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            **env,
        }
        done = subprocess.run(command, cwd=self.project, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=False)
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    def json(self, command, of="out", **env):
        """The native report of a run."""
        ran = self.run(command, **env)
        try:
            return json.loads(getattr(ran, of))
        except ValueError:
            raise AssertionError(f"{command} ended with {ran.code} and without JSON: {ran.out[:500]} {ran.err[-2000:]}") from None

    def link_modules(self):
        """Puts the packages of npm where programs of the project look for them."""
        (self.project / "node_modules").symlink_to(self.tools / "matrix/node_modules")

    def plant(self, path, before, parts, after="\n"):
        """Writes a file with a made-up secret, which is in no file of the repository in one piece."""
        self.secrets.append("".join(parts))
        (self.project / path).parent.mkdir(parents=True, exist_ok=True)
        (self.project / path).write_text(before + "".join(parts) + after)

    def report(
        self,
        format,
        command,
        problems,
        *,
        native,
        file=None,
        of="out",
        category=None,
        scope=None,
        case=None,
        options="",
        outcome="complete",
        says=(),
        cut=None,
        explained=None,
        **env,
    ):
        """Runs the tool, and records its report with what `native` said of the same sources. `explained`: whether the failures
        in the report are all that went wrong; then what it printed is recorded, too."""
        ran = self.run(command, **env)
        text = (self.project / file).read_text() if file else getattr(ran, of)
        if not text.strip():
            raise AssertionError(f"{command} ended with {ran.code} and wrote no report: {ran.err[-2000:]}")
        if self.clean and problems:
            raise AssertionError(f"the clean sources are not clean for {self.name}: {problems}")
        if not self.clean and not problems and outcome == "complete" and format not in ("cyclonedx", "spdx"):
            raise AssertionError(f"{self.name} finds nothing in the faults")
        text = self.neutral(cut(text) if cut else text)
        if len(text) > LARGEST:
            raise AssertionError(f"the {format} report of {self.name} has {len(text)} bytes; cut it")
        folder = self.root / "fixtures" / format / f"matrix-{case or self.name}{'-clean' if self.clean else ''}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / FILES[format]).write_text(text)
        logs = {}
        if explained is not None:
            printed = {name: self.log(getattr(ran, stream)) for stream, name in LOGS.items() if file or stream != of}
            logs = {name: log for name, log in printed.items() if log.strip()}
            for name, log in logs.items():
                (folder / name).write_text(log)
        shown = self.neutral(" ".join(command))
        expected = {
            "provenance": f"{self.name} {self.version}, recorded by ci/matrix: `{shown}`. Expected values from {native} of the same sources.",
            "tool": "command",
            "options": f"run = ['{command[0]}']\nreport = {{ format = '{format}', path = 'x' }}{options}",
            "reports": [FILES[format]],
            **{name.removesuffix(".txt"): name for name in logs},
            "exit": ran.code,
            **({} if explained is None else {"explained": explained}),
            "outcome": outcome,
            **({"says": list(says)} if says else {}),
            "counts": dict(sorted(Counter(problem.severity for problem in problems).items())),
            **({"scope": scope} if scope else {}),
            "findings": [self.wanted(problem, category) for problem in dict.fromkeys(problems)][:25],
        }
        (folder / "expected.json").write_text(json.dumps(expected, indent=2, ensure_ascii=False) + "\n")
        print(f"{folder.relative_to(self.root)}: exit {ran.code}, {expected['counts']}")

    def log(self, text):
        text = self.neutral(text)
        for pattern, shown in TIMES:
            text = pattern.sub(shown, text)
        return text

    def neutral(self, text):
        """Without this machine's folders and name, planted secrets, times and random numbers."""
        for real, shown in [
            (str(self.project), "/repo"),
            (str(self.project.parent), "/home"),
            (f"{self.project.parent.name}/{self.project.name}/", "repo/"),
            (str(self.tools), "/tools"),
            (f"{Path.home()}/", "/home/"),
            (f'"{socket.gethostname()}"', '"machine"'),
        ]:
            text = text.replace(real, shown)
        for secret in self.secrets:
            text = text.replace(secret, "PLANTED")
        for pattern, shown in UNSTEADY:
            text = pattern.sub(shown, text)
        seen = {}
        return UUID.sub(lambda found: seen.setdefault(found.group(0), f"00000000-0000-4000-8000-{len(seen):012}"), text)

    @staticmethod
    def wanted(problem, category):
        wanted = {"severity": problem.severity, **({"category": category} if category else {})}
        if problem.rule:
            wanted["rule"] = problem.rule
        if problem.path:
            place = {"path": problem.path, "start_line": problem.line}
            wanted["location"] = {key: value for key, value in place.items() if value is not None}
        return wanted
