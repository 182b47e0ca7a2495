//! The text of a notice.

use serde::Serialize;

use crate::model::run::Run;
use crate::model::verdict::Outcome;
use crate::redact::Scrubber;
use crate::report::problems::{ProblemRow, ProblemRows};
use crate::report::unlooked::{self, Unlooked};
use crate::report::{subject, worst};
use crate::text::human::without_credentials;
use crate::text::sanitise::short;

/// How many problems a notice names.
const WORST: usize = 3;

/// Where the run was, from the CI service, else from git.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Build {
    /// The repository's name.
    pub project: String,
    pub branch: Option<String>,
    pub commit: Option<String>,
    pub author: Option<String>,
    pub url: Option<String>,
}

/// The result of a run, for people who did not watch it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Message {
    schema: &'static str,
    verdict: &'static str,
    mode: String,
    exit_code: u8,
    /// Whether production would block it.
    would_block: bool,
    /// The gates that stopped it, each with its outcome and the reason.
    stopped_by: Vec<Stop>,
    /// Required gates that did not look, by reason: the verdict is about the others.
    unlooked: Vec<Unlooked>,
    /// The worst problems that block, each by its worst finding.
    worst: Vec<Worst>,
    /// How many findings block, and how many problems they are.
    blocking: u64,
    problems: u64,
    build: Build,
}

#[derive(Clone, Debug, Serialize)]
struct Stop {
    gate: String,
    outcome: Outcome,
    reason: String,
}

#[derive(Clone, Debug, Serialize)]
struct Worst {
    severity: String,
    title: String,
    place: String,
    rule: String,
    gate: String,
}

impl Message {
    pub(crate) fn of(run: &Run, build: Build, scrubber: &Scrubber) -> Self {
        let clean = |words: &str, most: usize| short(&scrubber.one_line(words), most);
        let stops = run
            .gates
            .iter()
            .filter(|gate| gate.required && matches!(gate.outcome, Outcome::Failed | Outcome::Inconclusive));
        let mut stopped_by: Vec<Stop> = stops
            .map(|gate| Stop {
                gate: gate.id.to_string(),
                outcome: gate.outcome,
                reason: clean(&gate.reason, 300),
            })
            .collect();
        stopped_by.extend(run.over.iter().map(|over| Stop {
            gate: "all gates".to_owned(),
            outcome: Outcome::Failed,
            reason: over.clone(),
        }));
        let blocking = ProblemRows::of(worst::blocking(run), run, WORST);
        let cleaned = |words: Option<String>| words.map(|words| clean(&words, 200));
        Self {
            schema: "portcullis/notice/1",
            verdict: run.verdict.as_str(),
            mode: run.mode.to_string(),
            exit_code: run.exit_code,
            would_block: run.would_block,
            stopped_by,
            unlooked: unlooked::groups(run),
            worst: blocking.worst.iter().map(Worst::of).collect(),
            blocking: blocking.findings as u64,
            problems: blocking.count as u64,
            build: Build {
                project: clean(&build.project, 200),
                branch: cleaned(build.branch),
                commit: cleaned(build.commit),
                author: cleaned(build.author),
                url: build
                    .url
                    .filter(|url| url.starts_with("https://") || url.starts_with("http://"))
                    .map(|url| scrubber.one_line(&without_credentials(&url)).into_owned()),
            },
        }
    }

    /// As plain JSON.
    pub(crate) fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// For an incoming webhook of Slack: a text for the notification and for chats without blocks
    /// (Mattermost), and the same text in blocks.
    pub(crate) fn slack(&self) -> String {
        #[derive(Serialize)]
        struct Payload {
            text: String,
            blocks: Vec<Block>,
        }
        #[derive(Serialize)]
        struct Block {
            r#type: &'static str,
            text: Text,
        }
        #[derive(Serialize)]
        struct Text {
            r#type: &'static str,
            text: String,
        }
        let parts = self.lines().map(|lines| fitted(&lines));
        let section =
            |part: &String| Block { r#type: "section", text: Text { r#type: "mrkdwn", text: part.clone() } };
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let payload = Payload { blocks: parts.iter().map(section).collect(), text: parts.join("\n") };
        serde_json::to_string(&payload).unwrap_or_default()
    }

    /// Verdict and build; what stopped it; the worst findings.
    fn lines(&self) -> [Vec<String>; 3] {
        let sign = if self.would_block { "✘" } else { "✔" };
        let lab = if self.mode == "lab" { " (lab mode)" } else { "" };
        let mut head = vec![format!("{sign} {}: *{}*{lab}", quoted(&self.build.project), self.verdict)];
        let mut of = Vec::new();
        of.extend(self.build.branch.as_ref().map(|branch| format!("branch {}", quoted(branch))));
        of.extend(self.build.commit.as_ref().map(|commit| format!("commit {}", quoted(&short(commit, 13)))));
        of.extend(self.build.author.as_ref().map(|author| format!("by {}", quoted(author))));
        // An address with a bar or a bracket would end the link.
        let plain = |url: &&String| !url.contains(['|', '<', '>', ' ']);
        of.extend(self.build.url.as_ref().filter(plain).map(|url| format!("<{url}|build>")));
        head.extend((!of.is_empty()).then(|| of.join(", ")));
        let unlooked = self.unlooked.iter().map(|group| {
            let gates: Vec<String> = group.gates.iter().map(|gate| escaped(gate)).collect();
            format!("• {}: {}", quoted(&group.words()), gates.join(", "))
        });
        let stops = self
            .stopped_by
            .iter()
            .map(|stop| format!("• *{}* {}: {}", escaped(&stop.gate), stop.outcome, quoted(&stop.reason)));
        let mut worst: Vec<String> = self
            .worst
            .iter()
            .map(|one| {
                let place = format!("{} [{}]", one.place, one.gate);
                format!("• {}: {} in {}", one.severity, quoted(&one.title), quoted(&place))
            })
            .collect();
        if self.problems > worst.len() as u64 {
            worst.push(format!("… and {} more that block", self.problems - worst.len() as u64));
        }
        [head, stops.chain(unlooked).collect(), worst]
    }
}

impl Worst {
    fn of(problem: &ProblemRow) -> Self {
        let finding = problem.first;
        let place = match (&finding.package, &finding.location) {
            (Some(package), _) => format!("{} in {}", package.name, finding.target),
            (None, Some(location)) => location.to_string(),
            (None, None) => finding.target.to_string(),
        };
        Self {
            severity: problem.severity.to_string(),
            title: short(subject::title(finding), 200),
            place: short(&place, 200),
            rule: finding.rule.to_string(),
            gate: finding.gate.to_string(),
        }
    }
}

/// The most characters that Slack accepts in one section, and the room that is kept to say what is left
/// out.
const LONGEST: usize = 3_000;
const RESERVE: usize = 50;

/// As many of the lines as fit.
fn fitted(lines: &[String]) -> String {
    let mut part = String::new();
    let mut length = 0;
    for (index, line) in lines.iter().enumerate() {
        length += line.chars().count() + 1;
        if length > LONGEST - RESERVE {
            part.push_str(&format!("… and {} more; all are in run.json\n", lines.len() - index));
            break;
        }
        part.push_str(line);
        part.push('\n');
    }
    part.trim_end().to_owned()
}

/// Puts words from outside into code spans. No chat makes a link or a picture from a code span, and
/// none notifies anyone because of it (`@channel` in Mattermost).
fn quoted(text: &str) -> String {
    match text.trim() {
        "" => "–".to_owned(),
        text => format!("`{}`", escaped(&text.replace('`', "'"))),
    }
}

/// Escapes what would make a link or notify somebody (`<!channel>`), as Slack requires.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
