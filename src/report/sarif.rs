//! SARIF 2.1.0 as GitHub code scanning reads it: one run per tool.
//!
//! GitHub's limits: 20 runs per file; 25,000 results and 25,000 rules per run (it keeps the 5,000 worst
//! results); 10 tags per rule; 10 MB when compressed
//! (docs.github.com/code-security/code-scanning/troubleshooting-sarif). The worst findings are kept, and a
//! tool notification says what was cut.

mod convert;
mod gauge;
mod model;

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use jiff::ToSpan;
use serde::ser::{Serialize, SerializeSeq, Serializer};

use crate::model::finding::{Decision, Finding};
use crate::model::run::{GateRecord, Run};
use crate::model::severity;
use crate::model::verdict::Outcome;
use crate::report::sarif::convert::{ROOT, level, location, message, rule, rule_id, suppression};
use crate::report::sarif::gauge::Gauge;
use crate::report::sarif::model::{
    Base, Conversion, Driver, Fingerprints, Id, Invocation, Log, Message, Notification, ResultProperties,
    RunProperties, Tool,
};
use crate::text::human;

use super::{subject, worst};

const MOST_RUNS: usize = 20;
const MOST_RESULTS: usize = 25_000;

/// Compressed bytes. GitHub accepts 10 MB, and the gauge is some blocks late.
const MOST_PACKED: u64 = 9_000_000;

pub(super) fn render(run: &Run, _: &super::Options, out: &mut dyn Write) -> io::Result<()> {
    let packed = Cell::new(0);
    let mut out = Gauge::new(out, &packed);
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: Runs { run, tools: tools(run), packed: &packed },
    };
    serde_json::to_writer(&mut out, &log)?;
    out.write_all(b"\n")
}

/// One tool with all its gates and findings.
struct OfTool<'a> {
    title: &'a str,
    gates: Vec<&'a GateRecord>,
    findings: Vec<&'a Finding>,
}

/// The tools that ran, in the order of their gates. A skipped tool has no run: an empty list of results would
/// say that it found nothing.
fn tools(run: &Run) -> Vec<OfTool<'_>> {
    let mut tools: Vec<OfTool> = Vec::new();
    let mut of_gate: HashMap<&str, usize> = HashMap::new();
    for gate in &run.gates {
        let title = subject::tool_title(gate);
        let index = tools.iter().position(|tool| tool.title == title).unwrap_or_else(|| {
            tools.push(OfTool { title, gates: Vec::new(), findings: Vec::new() });
            tools.len() - 1
        });
        tools[index].gates.push(gate);
        of_gate.insert(&gate.id, index);
    }
    for finding in &run.findings {
        if let Some(index) = of_gate.get(&*finding.gate) {
            tools[*index].findings.push(finding);
        }
    }
    tools.retain(|tool| {
        tool.gates.iter().any(|gate| gate.outcome != Outcome::Skipped) || !tool.findings.is_empty()
    });
    tools
}

struct Runs<'a> {
    run: &'a Run,
    tools: Vec<OfTool<'a>>,
    packed: &'a Cell<u64>,
}

impl Serialize for Runs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // If there are too many tools, those with the most blocking findings come first.
        let mut kept: Vec<&OfTool> = self.tools.iter().collect();
        let blocking =
            |tool: &OfTool| tool.findings.iter().filter(|one| one.decision == Decision::Deny).count();
        if kept.len() > MOST_RUNS {
            kept.sort_by_cached_key(|tool| std::cmp::Reverse(blocking(tool)));
        }
        let left_out: Vec<&str> = kept.iter().skip(MOST_RUNS).map(|tool| tool.title).collect();
        kept.truncate(MOST_RUNS);
        let has_baseline = self.run.findings.iter().any(|finding| finding.baseline);
        let mut seq = serializer.serialize_seq(Some(kept.len()))?;
        for (index, tool) in (1..).zip(&kept) {
            // Room that the previous tools did not use is available to the next.
            let until = MOST_PACKED * index / kept.len() as u64;
            let mut cut = Vec::new();
            if index == 1 && !left_out.is_empty() {
                cut.push(format!(
                    "no room for the results of {} (GitHub accepts 20 runs)",
                    left_out.join(", ")
                ));
            }
            let drawn = Drawn::new(self.run, tool, has_baseline, until, self.packed, cut);
            seq.serialize_element(&drawn.as_run())?;
        }
        seq.end()
    }
}

/// A rule, with what its findings say about it.
struct RuleSeen<'a> {
    /// The worst of its findings.
    worst: &'a Finding,
    /// All its findings have the same title, so it is the title of the rule.
    one_title: bool,
}

/// One run while it is being written.
struct Drawn<'a> {
    run: &'a Run,
    tool: &'a OfTool<'a>,
    findings: Vec<&'a Finding>,
    rules: Vec<RuleSeen<'a>>,
    rule_index: HashMap<Cow<'a, str>, usize>,
    has_baseline: bool,
    packed: &'a Cell<u64>,
    until: u64,
    rules_written: Cell<usize>,
    results_written: Cell<usize>,
    /// What else was cut, as messages.
    cut: Vec<String>,
}

impl<'a> Drawn<'a> {
    fn new(
        run: &'a Run,
        tool: &'a OfTool<'a>,
        has_baseline: bool,
        until: u64,
        packed: &'a Cell<u64>,
        cut: Vec<String>,
    ) -> Self {
        let findings = worst::first(tool.findings.iter().copied(), MOST_RESULTS);
        let mut rules: Vec<RuleSeen> = Vec::new();
        let mut rule_index = HashMap::new();
        for finding in &findings {
            match rule_index.get(&rule_id(finding)) {
                Some(&index) => {
                    let rule: &mut RuleSeen = &mut rules[index];
                    rule.one_title &= rule.worst.title == finding.title;
                    if severity::rank(finding.severity) > severity::rank(rule.worst.severity) {
                        rule.worst = finding;
                    }
                }
                None => {
                    rule_index.insert(rule_id(finding), rules.len());
                    rules.push(RuleSeen { worst: finding, one_title: true });
                }
            }
        }
        let (rules_written, results_written) = Default::default();
        Drawn {
            run,
            tool,
            findings,
            rules,
            rule_index,
            has_baseline,
            packed,
            until,
            rules_written,
            results_written,
            cut,
        }
    }

    fn as_run<'b>(&'b self) -> model::Run<'b, Rules<'b>, Results<'b>, Invocations<'b>> {
        let root = Message { text: Cow::Borrowed("The root of the repository.") };
        let version = self.tool.gates.iter().find_map(|gate| gate.tool_version.as_deref());
        let converter =
            Driver { name: "Portcullis", version: Some(&*self.run.portcullis_version), rules: None };
        model::Run {
            tool: Tool { driver: Driver { name: self.tool.title, version, rules: Some(Rules(self)) } },
            conversion: Conversion { tool: Tool { driver: converter } },
            automation_details: Id { id: Cow::Owned(self.category()) },
            original_uri_base_ids: BTreeMap::from([(ROOT, Base { description: root })]),
            column_kind: "unicodeCodePoints",
            results: Results(self),
            invocations: Invocations(self),
            properties: RunProperties {
                mode: self.run.mode.to_string(),
                verdict: self.run.verdict.as_str(),
                commit: self.run.commit.as_deref(),
            },
        }
    }

    /// GitHub closes the alerts of a category that a later upload of it lacks. Each project of a repository, each
    /// configuration of a project, and each of its tools has its own.
    fn category(&self) -> String {
        let parts = [self.run.project.as_deref(), self.run.configuration.as_deref(), Some(self.tool.title)];
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        format!("portcullis/{}/", parts.join("/"))
    }

    fn result<'b>(&self, finding: &'b Finding) -> model::Result<'b> {
        let id = rule_id(finding);
        let rule = self.rule_index.get(&id).copied();
        model::Result {
            rule_id: id,
            rule_index: rule.filter(|index| *index < self.rules_written.get()),
            level: level(finding, self.is_required(finding)),
            message: message(Cow::Owned(subject::words(finding))),
            locations: [location(finding)],
            partial_fingerprints: Fingerprints { github: &finding.id, own: &finding.id },
            suppressions: suppression(finding).into_iter().collect(),
            baseline_state: match (self.has_baseline, finding.baseline) {
                (false, _) => None,
                (true, true) => Some("unchanged"),
                (true, false) => Some("new"),
            },
            properties: ResultProperties {
                gate: &finding.gate,
                severity: finding.severity.as_str(),
                decision: subject::decision(finding.decision),
                because: &finding.because,
            },
        }
    }

    fn is_required(&self, finding: &Finding) -> bool {
        self.tool.gates.iter().any(|gate| gate.id == finding.gate && gate.required)
    }

    fn invocation<'b>(&'b self, gate: &'b GateRecord) -> Invocation<'b> {
        let at = |ms: u64| {
            let then = self.run.started.checked_add(i64::try_from(ms).unwrap_or(i64::MAX).milliseconds());
            then.ok().map(|then| then.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
        };
        let started = gate.targets.iter().map(|target| target.started_ms).min();
        let ended =
            gate.targets.iter().map(|target| target.started_ms.saturating_add(target.duration_ms)).max();
        let level = match gate.outcome {
            Outcome::Inconclusive => "error",
            Outcome::Passed | Outcome::Failed | Outcome::Skipped => "note",
        };
        let text = format!("Gate {} is {}: {}", gate.id, gate.outcome, gate.reason);
        Invocation {
            execution_successful: gate.outcome != Outcome::Inconclusive,
            start_time_utc: started.and_then(at),
            end_time_utc: ended.and_then(at),
            tool_execution_notifications: vec![Notification { level, message: message(Cow::Owned(text)) }],
        }
    }

    /// Messages on what GitHub's limits left no room for.
    fn left_out(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let results = self.tool.findings.len() - self.results_written.get();
        let note = (results > 0).then(|| {
            let results = human::count(results as u64, "result");
            format!("{results} left out, the least severe: GitHub accepts 25,000 per run and 10 MB per file. All are in run.json.")
        });
        note.map(Cow::Owned).into_iter().chain(self.cut.iter().map(|words| Cow::Borrowed(words.as_str())))
    }
}

struct Rules<'a>(&'a Drawn<'a>);

impl Serialize for Rules<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let drawn = self.0;
        // Half of the room: the other half is for results.
        let until = drawn.packed.get() + drawn.until.saturating_sub(drawn.packed.get()) / 2;
        let mut seq = serializer.serialize_seq(None)?;
        for seen in drawn.rules.iter().take_while(|_| drawn.packed.get() < until) {
            seq.serialize_element(&rule(seen))?;
            drawn.rules_written.set(drawn.rules_written.get() + 1);
        }
        seq.end()
    }
}

struct Results<'a>(&'a Drawn<'a>);

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let drawn = self.0;
        let mut seq = serializer.serialize_seq(None)?;
        for finding in drawn.findings.iter().take_while(|_| drawn.packed.get() < drawn.until) {
            seq.serialize_element(&drawn.result(finding))?;
            drawn.results_written.set(drawn.results_written.get() + 1);
        }
        seq.end()
    }
}

struct Invocations<'a>(&'a Drawn<'a>);

impl Serialize for Invocations<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut all: Vec<Invocation> = self.0.tool.gates.iter().map(|gate| self.0.invocation(gate)).collect();
        if let Some(first) = all.first_mut() {
            let cut =
                self.0.left_out().map(|words| Notification { level: "warning", message: message(words) });
            first.tool_execution_notifications.extend(cut);
        }
        all.serialize(serializer)
    }
}
