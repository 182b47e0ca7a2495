//! What the black-box tests share: a project in a folder of its own, and the binary run in it.
#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't be set up has failed")]
#![allow(clippy::disallowed_methods, reason = "tests start the binary")]

pub(crate) mod aws;
pub(crate) mod codedeploy;
pub(crate) mod ecs_task_definition;
pub(crate) mod fixtures;
pub(crate) mod gitleaks;
pub(crate) mod images;
pub(crate) mod outputs;
pub(crate) mod pipeline;
pub(crate) mod readers;
pub(crate) mod registry;
pub(crate) mod reports;
pub(crate) mod sonar;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use serde_json::Value;

/// The variables by which CI services show themselves: the machine that tests may be one of theirs.
pub(crate) const CI_SERVICES: [&str; 7] = [
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "CODEBUILD_BUILD_ID",
    "BITBUCKET_BUILD_NUMBER",
    "TF_BUILD",
    "JENKINS_URL",
    "JENKINS_HOME",
];

/// A project in a temporary folder, with a `bin` folder of its own in front of PATH.
pub(crate) struct Project {
    folder: tempfile::TempDir,
}

/// What a run of the binary printed, and its exit code.
pub(crate) struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Project {
    /// An empty folder, outside any git repository.
    pub(crate) fn new() -> Self {
        let project = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir_all(project.path("bin")).unwrap();
        fs::create_dir_all(project.path("repo")).unwrap();
        project
    }

    /// A project with this gates.toml.
    pub(crate) fn with_gates(gates: &str) -> Self {
        let project = Self::new();
        project.write("gates.toml", gates);
        project
    }

    /// A repository whose branch `base` has these files, all of them committed.
    pub(crate) fn base_with(files: &[(&str, &str)]) -> Self {
        let project = Self::new();
        project.git(&["init", "--quiet"]);
        for (name, text) in files {
            project.write(name, text);
        }
        project.commit("the base");
        project.git(&["branch", "base"]);
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The project's folder.
    pub(crate) fn root(&self) -> PathBuf {
        self.path("repo")
    }

    /// The folder of the project's own programs.
    pub(crate) fn bin(&self) -> PathBuf {
        self.path("bin")
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// A program for the project's PATH: a shell script.
    pub(crate) fn program(&self, name: &str, script: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A git command in the project; the author is the same on every machine.
    pub(crate) fn git(&self, args: &[&str]) -> String {
        let output = Command::new("git")
            .args([
                "-c",
                "user.name=Tess Ter",
                "-c",
                "user.email=tess@example.test",
                "-c",
                "init.defaultBranch=main",
            ])
            .args(args)
            .current_dir(self.root())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Commits everything that is there.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// The binary in the project's folder, with a clean environment.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        command
            .args(args)
            .current_dir(self.root())
            .env("PATH", format!("{}:{path}", self.path("bin").display()));
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").stdin(Stdio::null());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PORTCULLIS_")) {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::to_end(&mut self.command(args))
    }

    /// Starts the binary and does not wait.
    pub(crate) fn start(&self, args: &[&str]) -> Child {
        self.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The record of the last run.
    pub(crate) fn record(&self) -> Value {
        serde_json::from_str(&self.read("gates-report/run.json")).unwrap()
    }

    /// The record of one gate of the last run.
    pub(crate) fn gate(&self, id: &str) -> Value {
        let record = self.record();
        let gates = record["gates"].as_array().unwrap();
        gates.iter().find(|gate| gate["id"] == id).unwrap_or_else(|| panic!("no gate {id}")).clone()
    }
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs a command to its end. One that hangs is killed, and the test fails.
    pub(crate) fn to_end(command: &mut Command) -> Self {
        Self::ended(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// The same for one that was started before.
    pub(crate) fn ended(child: Child) -> Self {
        let (pid, (sender, receiver)) = (Pid::from_child(&child), channel());
        std::thread::spawn(move || sender.send(child.wait_with_output()));
        let Ok(output) = receiver.recv_timeout(LIMIT) else {
            let _ = kill_process(pid, Signal::KILL);
            panic!("it hangs")
        };
        Self::of(output.unwrap())
    }

    /// Both streams, for messages.
    pub(crate) fn all(&self) -> String {
        format!("exit {}\n{}\n{}", self.code, self.stdout, self.stderr)
    }
}

/// The processes that live (zombies do not) and have these words in their environment.
pub(crate) fn alive(words: &str) -> Vec<u32> {
    let holds = |pid: &u32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.windows(words.len()).any(|window| window == words.as_bytes())
    };
    let pids = fs::read_dir("/proc").unwrap().flatten();
    pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(holds).collect()
}

/// Runs a command to its end, looks at it every `pause`, and gives the most memory that it had, in
/// MiB. What it prints must fit into a pipe.
pub(crate) fn watched(mut command: Command, pause: Duration, mut each: impl FnMut(&str)) -> (Ran, u64) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        peak = peak.max(high_water(&status).unwrap_or(0));
        each(&status);
        std::thread::sleep(pause);
    }
    assert!(peak > 0, "the memory can't be measured");
    (Ran::of(child.wait_with_output().unwrap()), peak / 1024)
}

/// The most memory that a process had, in KiB.
fn high_water(status: &str) -> Option<u64> {
    kib(status, "VmHWM:")
}

/// A number of `/proc/PID/status`, in KiB.
pub(crate) fn kib(status: &str, key: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// The longest that a test waits for anything, however slow the machine is: what has not come by then never comes.
const LIMIT: Duration = Duration::from_secs(300);

/// Waits until it holds, and says whether it ever did.
pub(crate) fn eventually(mut holds: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + LIMIT;
    while !holds() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    true
}

/// The folder with the real scanners that `ci/setup` installs. Without one no test of `real` can pass: the first that needs it
/// ends them all, and says what is missing.
pub(crate) fn real_tools() -> PathBuf {
    let folder = from_ci("PORTCULLIS_TEST_TOOLS", ".tools/bin");
    if !folder.is_dir() {
        say_what_is_missing();
        std::process::exit(101);
    }
    folder
}

/// A path that `ci/test` names, or else where `ci/setup` puts it in this checkout.
fn from_ci(variable: &str, path: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(path), PathBuf::from)
}

/// Straight to standard error: the harness shows what a test prints only when that test is over.
#[allow(clippy::explicit_write, reason = "eprintln! is what the harness keeps")]
fn say_what_is_missing() {
    use std::io::Write;
    let docker = Command::new("docker").arg("info").output().is_ok_and(|output| output.status.success());
    let missing: String = [
        (
            from_ci("PORTCULLIS_TEST_TOOLS", ".tools/bin").is_dir(),
            "the scanners, in .tools/bin: run ci/setup",
        ),
        (from_ci("PORTCULLIS_TEST_PYTHON", PYTHON).exists(), "readers of reports, in .tools: run ci/setup"),
        (from_ci("PORTCULLIS_TEST_CHROMIUM", CHROMIUM).exists(), "Chromium: run ci/chromium-up"),
        (docker, "a Docker daemon that answers: run ci/docker-up"),
    ]
    .iter()
    .filter(|(here, _)| !here)
    .map(|(_, what)| format!("  - {what}\n"))
    .collect();
    writeln!(
        std::io::stderr(),
        "\nerror: tests/real runs real programs, and these are missing:\n{missing}\
         `ci/test` installs and starts all of them, then runs every test.\n\
         The other tests need none of them: cargo test --lib --test cli --test readers --test faults --test layers\n"
    )
    .unwrap();
}

/// The folder with Yarn 1, 3 and 4 and pnpm, each in a folder of its own: `yarn`, `yarn3`, `yarn4`,
/// `pnpm`.
pub(crate) fn package_managers() -> PathBuf {
    let folder = real_tools().join("../package-managers");
    assert!(folder.is_dir(), "Yarn and pnpm are not in {}: run ci/setup first", folder.display());
    folder
}

/// Runs the binary with the real scanners on its PATH.
pub(crate) fn run_with_real_tools(project: &Project, args: &[&str]) -> Ran {
    let path = std::env::var("PATH").unwrap_or_default();
    let output =
        project.command(args).env("PATH", format!("{}:{path}", real_tools().display())).output().unwrap();
    Ran::of(output)
}

/// How many findings a gate has: critical, high, medium, low, unknown.
pub(crate) fn counts(gate: &Value) -> String {
    let count = |severity: &str| gate["counts"][severity].as_u64().unwrap();
    ["critical", "high", "medium", "low", "unknown"].map(|severity| count(severity).to_string()).join(" ")
}

const PYTHON: &str = ".tools/test-env/bin/python";
const CHROMIUM: &str = "/usr/bin/chromium";

/// The Python with the outside validators that `ci/setup` installs.
pub(crate) fn test_python() -> PathBuf {
    real_tools();
    let python = from_ci("PORTCULLIS_TEST_PYTHON", PYTHON);
    assert!(python.exists(), "the validators' Python is not at {}: run ci/setup first", python.display());
    python
}

/// The browser that opens the HTML report: the one that `ci/test` names, or Debian's. A test that needs it fails without
/// it.
pub(crate) fn chromium() -> PathBuf {
    let browser = from_ci("PORTCULLIS_TEST_CHROMIUM", CHROMIUM);
    assert!(browser.exists(), "there is no Chromium at {}: run ci/chromium-up first", browser.display());
    browser
}

/// The audit endpoints of npm's registry on loopback; they end with the test.
pub(crate) struct Advisories {
    server: Child,
    pub address: String,
}

impl Advisories {
    pub(crate) fn serve() -> Self {
        use std::io::{BufRead, BufReader};
        let server = Path::new(env!("CARGO_MANIFEST_DIR")).join("ci/advisory-server");
        let mut child = Command::new(server).stdout(Stdio::piped()).spawn().unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { server: child, address: address.trim().to_owned() }
    }
}

impl Drop for Advisories {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
