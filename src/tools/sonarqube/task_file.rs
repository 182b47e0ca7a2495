//! `report-task.txt`: a scanner's notes on the analysis that it has sent to the server.
//!
//! Written by `ReportPublisher` of the scanner engine (SonarSource/sonarqube): lines `key=value`, where
//! a value may contain `=`. Each line ends with a newline, and `ceTaskUrl` is the last.

use std::collections::BTreeMap;

/// Words that only this file has.
const MARK: &str = "ceTaskId=";

/// The file, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskFile {
    pub project: String,
    /// The server's own address (`sonar.core.serverBaseURL`).
    pub server: String,
    pub server_version: Option<String>,
    pub organization: Option<String>,
    pub task: String,
}

/// Whether a text looks like such a file.
pub fn looks_like_one(text: &[u8]) -> bool {
    text.windows(MARK.len()).any(|window| window == MARK.as_bytes())
}

impl TaskFile {
    /// Reads it.
    ///
    /// # Errors
    /// Why it is not such a file, or not complete.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut values = BTreeMap::new();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let Some((key, value)) = line.split_once('=') else {
                return Err("it is not a list of `key=value` lines".to_owned());
            };
            if values.insert(key.trim(), value.trim()).is_some() {
                return Err(format!("it has `{}` twice", key.trim()));
            }
        }
        let value = |key: &str| values.get(key).filter(|value| !value.is_empty()).copied();
        let required = |key: &str| value(key).ok_or_else(|| format!("it has no `{key}`"));
        let file = Self {
            project: required("projectKey")?.to_owned(),
            server: required("serverUrl")?.to_owned(),
            server_version: value("serverVersion").map(str::to_owned),
            organization: value("organization").map(str::to_owned),
            task: required("ceTaskId")?.to_owned(),
        };
        if !file.task.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')) {
            return Err("its `ceTaskId` is not the id of a task".to_owned());
        }
        // The last line must end with the id of the other line.
        let whole = required("ceTaskUrl")?.ends_with(&format!("id={}", file.task));
        if whole {
            Ok(file)
        } else {
            Err("it is cut short: its `ceTaskUrl` does not name the task".to_owned())
        }
    }
}
