//! Far more on standard output or error than anybody can use: what is kept of a log is bounded, a report of a gigabyte
//! is refused, and neither memory nor disk is filled.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::cases::Case;
use super::tools::Tool;
use super::{Checked, LOG_CAP, LONG_LOG_CAP, files, lay_out, mark, variables};
use crate::common::{Ran, alive, eventually, watched};

/// The most memory and disk that a printed report, and a log, may take, in MiB.
const OF_REPORT: u64 = 600;
const OF_LOG: u64 = 100;

/// The most of the end of a log that is left out, in bytes.
const BEGINNING: u64 = 64 << 10;

/// Of each, more than may be held of it.
const GIGABYTE: &str = "yes 'words that nobody will read' | head -c 1000000000";
const LOG: &str = "yes 'words that nobody will read' | head -c 300000000";
const LOG_OF_ERRORS: &str = "yes 'words that nobody will read' | head -c 300000000 >&2";

/// What a row must come to: the words of why it proves nothing, or `None`, as nothing is lost.
type Row = (&'static str, Option<&'static str>);

/// The rows that take it on standard output: two for each place in which a report comes out. It
/// takes seconds, and the rest of the rows are read by the same lines of code.
const STDOUT: [Row; 8] = [
    ("gitleaks", Some("larger than")),
    ("tsc", Some("larger than")),
    ("npm-audit", Some("larger than")),
    ("docker-build", Some("its log is longer")),
    ("trivy", None),
    ("syft", None),
    ("command with SARIF", None),
    ("command without a report", None),
];

/// Those that take it on standard error: where the log proves something, and where not.
const STDERR: [Row; 4] = [
    ("gitleaks", Some("gitleaks did not say")),
    ("npm-audit", Some("did not ask the registry")),
    ("docker-build", Some("its log")),
    ("eslint", None),
];

pub(crate) fn cases(tools: &[Tool]) -> Vec<Checked> {
    let tool = |name: &str| tools.iter().find(|tool| tool.name == name).unwrap();
    let stdout = STDOUT.map(|(name, says)| flood(tool(name), "stdout", says));
    let stderr = STDERR.map(|(name, says)| flood(tool(name), "stderr", says));
    stdout.into_iter().chain(stderr).collect()
}

fn flood(tool: &Tool, stream: &str, says: Option<&str>) -> Checked {
    let is_report = stream == "stdout" && ["gitleaks", "tsc", "npm"].contains(&tool.program);
    let (flood, size) = match stream {
        "stderr" => (LOG_OF_ERRORS, "300 MB"),
        _ if is_report => (GIGABYTE, "1 GB"),
        _ => (LOG, "300 MB"),
    };
    let project = lay_out(&[Case::new(tool, "", tool.clean.clone().before(flood))]);
    let scratch = project.root().join("scratch");
    fs::create_dir(&scratch).unwrap();
    let mut command = project.command(&["run", "--quiet"]);
    command.env("PATH", project.bin()).envs(variables(&project)).env("TMPDIR", &scratch);
    let mut disk = 0;
    let (ran, memory) = watched(command, Duration::from_millis(20), |_| disk = disk.max(size_of(&scratch)));

    let gate = project.gate("case-0");
    let (outcome, reason) = (gate["outcome"].as_str().unwrap(), gate["reason"].as_str().unwrap());
    // gitleaks' log names each file that it left out.
    let cap = if tool.name == "gitleaks" { LONG_LOG_CAP } else { LOG_CAP };
    let most = if is_report { OF_REPORT } else { OF_LOG + 4 * ((cap - LOG_CAP) >> 20) };
    let logs = files(&project.root().join("gates-report/logs"));
    let log = logs.iter().find(|log| log.ends_with(format!("{stream}.log")));
    let kept = log.map_or(0, |log| fs::metadata(log).unwrap().len());
    let wrong = match says {
        Some(_) if outcome == "passed" => Some(format!("FALSE GREEN: {reason}")),
        Some(says) if outcome != "inconclusive" || !reason.contains(says) => {
            Some(format!("{outcome}: {reason}"))
        }
        None if outcome != "passed" || ran.code != 0 => Some(format!("{outcome}: {reason}")),
        // What may be the beginning of a secret at the end of a cut log is left out.
        _ if !is_report && !(cap - BEGINNING..=cap).contains(&kept) => {
            Some(format!("{kept} bytes of its log are kept"))
        }
        _ if memory >= most || disk >> 20 >= most => {
            Some(format!("{memory} MiB of memory, {} MiB of disk: {}", disk >> 20, ran.all()))
        }
        _ if !eventually(|| alive(&mark(&project)).is_empty()) => Some("processes are left".to_owned()),
        _ => None,
    };
    (format!("{} × {size} on {stream}", tool.name), wrong)
}

fn size_of(folder: &Path) -> u64 {
    let sizes = files(folder).into_iter().filter_map(|file: PathBuf| Some(fs::metadata(file).ok()?.len()));
    sizes.sum()
}

/// Asked for its version, a tool prints as much: that costs the version.
pub(crate) fn of_version(tools: &[Tool]) -> Checked {
    let tool = tools.iter().find(|tool| tool.name == "docker-build").unwrap();
    let project = lay_out(&[Case::new(tool, "", tool.clean.clone())]);
    project.write("fakes/asked", LOG);
    let mut command = project.command(&["run", "--quiet"]);
    command.env("PATH", project.bin()).envs(variables(&project));
    let (ran, memory): (Ran, u64) = watched(command, Duration::from_millis(20), |_| ());
    let wrong = (ran.code != 0 || memory >= 200).then(|| format!("{memory} MiB: {}", ran.all()));
    ("docker-build × 300 MB as its version".to_owned(), wrong)
}
