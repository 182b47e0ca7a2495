//! One program of a procedure, and what it printed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// One program to run.
#[derive(Clone, Debug, Default)]
pub struct Step {
    pub program: String,
    pub args: Vec<String>,
    pub cwd: Option<PathBuf>,
    pub env: BTreeMap<String, String>,
    pub stdin: Option<Vec<u8>>,
    pub credentials: &'static [&'static str],
    pub secret: bool,
    pub report: bool,
}

impl Step {
    /// `program` is the job's own, or one of its `also`.
    pub fn new<I: IntoIterator<Item = S>, S: Into<String>>(program: &str, args: I) -> Self {
        let args = args.into_iter().map(Into::into).collect();
        Self { program: program.to_owned(), args, ..Self::default() }
    }

    /// Adds options before all others: a later option wins.
    pub fn options<I: IntoIterator<Item = S>, S: Into<String>>(mut self, options: I) -> Self {
        self.args.splice(0..0, options.into_iter().map(Into::into));
        self
    }

    /// Starts it elsewhere than in the job's folder.
    pub fn cwd(mut self, cwd: PathBuf) -> Self {
        self.cwd = Some(cwd);
        self
    }

    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.insert(name.to_owned(), value.into());
        self
    }

    /// What it reads on its standard input: short, such as a password. It is never logged.
    pub fn stdin(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(input.into());
        self
    }

    /// Variables that look secret and that this program gets anyway: the credentials of the service
    /// that it uses.
    pub fn credentials(mut self, names: &'static [&'static str]) -> Self {
        self.credentials = names;
        self
    }

    /// What it prints is a secret: it is never logged, and it is redacted wherever it appears.
    pub fn prints_secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// What it prints is a report, which is masked before it is kept. It is never logged.
    pub fn prints_report(mut self) -> Self {
        self.report = true;
        self
    }

    pub fn program(&self) -> &str {
        &self.program
    }

    pub fn words(&self) -> Vec<String> {
        std::iter::once(self.program.clone()).chain(self.args.iter().cloned()).collect()
    }
}

/// A program that has ended by itself.
#[derive(Clone, Debug)]
pub struct Output {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl Output {
    pub fn success(&self) -> bool {
        self.code == 0
    }

    pub fn stdout_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.stdout)
    }

    pub fn stderr_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.stderr)
    }

    /// The last line that is not empty on standard error, else on standard output.
    pub fn error_line(&self) -> String {
        let last = |text: &str| {
            let mut lines = text.lines().rev().map(str::trim);
            lines.find(|line| line.chars().any(char::is_alphanumeric)).map(str::to_owned)
        };
        let line = last(&self.stderr_text()).or_else(|| last(&self.stdout_text()));
        line.unwrap_or_else(|| format!("exit code {}, and no reason given", self.code))
    }
}
