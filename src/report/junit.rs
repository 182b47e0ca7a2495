//! JUnit XML as Jenkins reads it (xunit-plugin's `junit-10.xsd`).
//!
//! One test suite per gate: first a test case for the gate itself, so that a clean gate shows as a
//! pass and an inconclusive one as an error, then one for each finding. A finding that does not block
//! is `skipped`, with the reason.

use std::collections::HashMap;
use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use crate::keys::table::Keys;
use crate::model::finding::{Decision, Finding};
use crate::model::run::{GateRecord, Run};
use crate::model::verdict::{Mode, Outcome};
use crate::text::human;
use crate::text::sanitise::is_unprintable;
use crate::text::shared::Text;

use super::{unlooked, worst};

/// `[report.junit]`.
#[derive(Clone, Copy, Debug)]
pub struct JunitOptions {
    /// In lab mode, what would block is a failure or an error, as in production.
    lab_fails: bool,
    /// A finding that does not block passes, instead of being skipped.
    allowed_passes: bool,
    dialect: Dialect,
    /// The most findings of a gate in the report.
    limit: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    Jenkins,
    /// With the attribute `file`, which Jenkins' schema does not have.
    GitLab,
}

/// With 2,000 findings a gate, what Jenkins loads into memory stays small.
const LIMIT: usize = 2_000;

impl Default for JunitOptions {
    fn default() -> Self {
        Self { lab_fails: false, allowed_passes: false, dialect: Dialect::Jenkins, limit: LIMIT }
    }
}

impl JunitOptions {
    pub(super) fn read(keys: &Keys) -> Self {
        let dialects = [("jenkins", Dialect::Jenkins), ("gitlab", Dialect::GitLab)];
        let limit =
            keys.count("limit").map_or(LIMIT, |limit| usize::try_from(limit.value).unwrap_or(usize::MAX));
        let options = Self {
            lab_fails: keys.word_or("lab", &[("skipped", false), ("failure", true)], false),
            allowed_passes: keys.word_or("allowed", &[("skipped", false), ("passed", true)], false),
            dialect: keys.word_or("dialect", &dialects, Dialect::Jenkins),
            limit,
        };
        keys.finish("[report.junit]");
        options
    }
}

pub(super) fn render(run: &Run, options: &super::Options, out: &mut dyn Write) -> io::Result<()> {
    let mut by_gate: HashMap<&str, Vec<&Finding>> = HashMap::new();
    for finding in &run.findings {
        by_gate.entry(&finding.gate).or_default().push(finding);
    }
    let suites: Vec<Suite> = run
        .gates
        .iter()
        .map(|gate| Suite::new(run, &options.junit, gate, by_gate.remove(&*gate.id).unwrap_or_default()))
        .collect();

    let mut xml = Writer::new_with_indent(out, b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let sum = |of: fn(&Suite) -> usize| suites.iter().map(of).sum::<usize>().to_string();
    let mut root = BytesStart::new("testsuites");
    root.push_attribute(("name", "portcullis"));
    root.push_attribute(("tests", &*sum(|suite| suite.counts.tests)));
    root.push_attribute(("failures", &*sum(|suite| suite.counts.failures)));
    root.push_attribute(("errors", &*sum(|suite| suite.counts.errors)));
    root.push_attribute(("time", &*seconds(run.duration_ms)));
    xml.write_event(Event::Start(root))?;
    for suite in &suites {
        suite.write(&mut xml)?;
    }
    xml.write_event(Event::End(BytesEnd::new("testsuites")))?;
    xml.into_inner().write_all(b"\n")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Passed,
    Failure,
    Error,
    Skipped,
}

/// Its cases are made one by one as they are written, since there may be very many.
struct Suite<'a> {
    run: &'a Run,
    options: &'a JunitOptions,
    gate: &'a GateRecord,
    /// The findings that are listed.
    findings: Vec<&'a Finding>,
    /// How many are not listed, and how many of these block.
    left_out: (usize, usize),
    counts: Counts,
}

/// How many cases there are, by how they ended.
#[derive(Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

struct Case {
    classname: String,
    name: String,
    file: Option<Text>,
    time_ms: u64,
    kind: Kind,
    message: String,
    body: String,
}

impl<'a> Suite<'a> {
    fn new(run: &'a Run, options: &'a JunitOptions, gate: &'a GateRecord, all: Vec<&'a Finding>) -> Self {
        let denied = |list: &[&Finding]| list.iter().filter(|one| one.decision == Decision::Deny).count();
        let (total, blocking) = (all.len(), denied(&all));
        let findings = match total > options.limit {
            true => worst::first(all.into_iter(), options.limit),
            false => all,
        };
        let left_out = (total - findings.len(), blocking - denied(&findings));
        let mut suite = Suite { run, options, gate, findings, left_out, counts: Counts::default() };
        let mut counts = Counts::default();
        for case in suite.cases() {
            counts.tests += 1;
            match case.kind {
                Kind::Passed => {}
                Kind::Failure => counts.failures += 1,
                Kind::Error => counts.errors += 1,
                Kind::Skipped => counts.skipped += 1,
            }
        }
        suite.counts = counts;
        suite
    }

    fn cases(&self) -> impl Iterator<Item = Case> {
        let findings = self.findings.iter().map(|finding| self.finding_case(finding));
        std::iter::once(self.gate_case()).chain(findings).chain(self.left_out_case())
    }

    fn write<W: Write>(&self, xml: &mut Writer<W>) -> io::Result<()> {
        let run = self.run;
        let mut suite = BytesStart::new("testsuite");
        suite.push_attribute(("name", &*clean(&format!("{}: {}", self.gate.stage, self.gate.id))));
        suite.push_attribute(("tests", &*self.counts.tests.to_string()));
        suite.push_attribute(("failures", &*self.counts.failures.to_string()));
        suite.push_attribute(("errors", &*self.counts.errors.to_string()));
        suite.push_attribute(("skipped", &*self.counts.skipped.to_string()));
        suite.push_attribute(("time", &*seconds(self.gate.duration_ms)));
        // XSD: seconds, without fraction or zone.
        suite.push_attribute(("timestamp", &*run.started.strftime("%Y-%m-%dT%H:%M:%S").to_string()));
        xml.write_event(Event::Start(suite))?;
        xml.write_event(Event::Start(BytesStart::new("properties")))?;
        let properties = [
            ("portcullis", Some(run.portcullis_version.clone())),
            ("mode", Some(run.mode.to_string())),
            ("commit", run.commit.clone()),
            ("tool", Some(self.gate.tool.to_string())),
            ("tool_version", self.gate.tool_version.clone()),
            ("scope", Some(self.gate.scope.to_string())),
            ("outcome", Some(self.gate.outcome.to_string())),
            ("unlooked", unlooked::why(self.gate)),
            ("findings", Some((self.findings.len() + self.left_out.0).to_string())),
            ("findings_left_out", Some(self.left_out.0.to_string())),
        ];
        for (name, value) in properties {
            let Some(value) = value else { continue };
            let mut property = BytesStart::new("property");
            property.push_attribute(("name", name));
            property.push_attribute(("value", &*clean(&value)));
            xml.write_event(Event::Empty(property))?;
        }
        xml.write_event(Event::End(BytesEnd::new("properties")))?;
        for case in self.cases() {
            case.write(xml, self.options.dialect)?;
        }
        xml.write_event(Event::End(BytesEnd::new("testsuite")))
    }

    fn gate_case(&self) -> Case {
        let (gate, reason) = (self.gate, &self.gate.reason);
        let (kind, message) = match gate.outcome {
            Outcome::Passed => (Kind::Passed, String::new()),
            // The findings are the failures; the gate's own case gives the reason.
            Outcome::Failed => self.softened(Kind::Failure, format!("failed: {reason}")),
            Outcome::Inconclusive => self.softened(Kind::Error, format!("inconclusive: {reason}")),
            Outcome::Skipped => (Kind::Skipped, reason.clone()),
        };
        let mut body = format!("{message}\nlooked at: {}", gate.scope);
        for target in &gate.targets {
            body.push_str(&format!("\n{}: {}", target.name, target.command.join(" ")));
        }
        let classname = format!("portcullis.{}", gate.id);
        Case {
            classname,
            name: "gate".to_owned(),
            file: None,
            time_ms: gate.duration_ms,
            kind,
            message,
            body,
        }
    }

    fn finding_case(&self, finding: &Finding) -> Case {
        let because = &finding.because;
        let (kind, message) = match finding.decision {
            Decision::Deny => {
                self.softened(Kind::Failure, format!("{}: {}", finding.severity, finding.title))
            }
            Decision::Allow | Decision::Waive if self.options.allowed_passes => {
                (Kind::Passed, because.to_string())
            }
            Decision::Allow | Decision::Waive => (Kind::Skipped, because.to_string()),
        };
        // Line numbers change; classname and name do not, so that Jenkins recognises a finding.
        let subject = match (&finding.location, &finding.package) {
            (Some(location), _) => &location.path,
            (None, Some(package)) => &package.name,
            (None, None) => &finding.target,
        };
        let mut body = vec![format!("{} {} ({})", finding.severity, finding.rule, finding.title)];
        body.extend(finding.location.as_ref().map(|location| format!("at {location}")));
        if !finding.message.is_empty() && finding.message != finding.title {
            body.push(finding.message.to_string());
        }
        body.extend(finding.resource.as_ref().map(|resource| format!("resource {resource}")));
        body.extend(finding.fix.as_ref().map(|fix| format!("fix: {fix}")));
        body.push(format!("decision: {because}"));
        body.extend(finding.references.first().map(|reference| format!("see {reference}")));
        Case {
            classname: format!("portcullis.{}.{}", self.gate.id, finding.rule),
            name: format!("{subject} [{}]", finding.id),
            file: finding.location.as_ref().map(|location| location.path.clone()),
            time_ms: 0,
            kind,
            message,
            body: body.join("\n"),
        }
    }

    /// Counts the findings that the limit leaves out. The case fails if one of them would.
    fn left_out_case(&self) -> Option<Case> {
        let (count, blocking) = self.left_out;
        let words = format!(
            "{} of this gate not listed (limit = {}), {blocking} of them blocking; all are in run.json",
            human::count(count as u64, "finding"),
            self.options.limit
        );
        let (kind, message) = match blocking {
            0 => (Kind::Skipped, words),
            _ => self.softened(Kind::Failure, words),
        };
        (count > 0).then(|| Case {
            classname: format!("portcullis.{}", self.gate.id),
            name: "findings left out".to_owned(),
            file: None,
            time_ms: 0,
            kind,
            body: message.clone(),
            message,
        })
    }

    /// In lab mode, and for an advisory gate, what would block is reported and does not make the
    /// Jenkins build unstable. The message says why.
    fn softened(&self, kind: Kind, message: String) -> (Kind, String) {
        if !self.gate.required {
            (Kind::Skipped, format!("advisory: {message}"))
        } else if self.run.mode == Mode::Lab {
            let kind = if self.options.lab_fails { kind } else { Kind::Skipped };
            (kind, format!("lab mode, production would have stopped here: {message}"))
        } else {
            (kind, message)
        }
    }
}

impl Case {
    fn write<W: Write>(&self, xml: &mut Writer<W>, dialect: Dialect) -> io::Result<()> {
        let mut case = BytesStart::new("testcase");
        case.push_attribute(("classname", &*clean(&self.classname)));
        case.push_attribute(("name", &*clean(&self.name)));
        case.push_attribute(("time", &*seconds(self.time_ms)));
        if let (Dialect::GitLab, Some(file)) = (dialect, &self.file) {
            case.push_attribute(("file", &*clean(file)));
        }
        let element = match self.kind {
            Kind::Passed if self.message.is_empty() => return xml.write_event(Event::Empty(case)),
            Kind::Passed | Kind::Skipped => "system-out",
            Kind::Failure => "failure",
            Kind::Error => "error",
        };
        xml.write_event(Event::Start(case))?;
        if self.kind == Kind::Skipped {
            // The schema gives `skipped` a message only.
            let mut skipped = BytesStart::new("skipped");
            skipped.push_attribute(("message", &*clean(&self.message)));
            xml.write_event(Event::Empty(skipped))?;
        }
        let mut result = BytesStart::new(element);
        if matches!(self.kind, Kind::Failure | Kind::Error) {
            result.push_attribute(("type", element));
            result.push_attribute(("message", &*clean(&self.message)));
        }
        xml.write_event(Event::Start(result))?;
        xml.write_event(Event::Text(BytesText::new(&clean(&self.body))))?;
        xml.write_event(Event::End(BytesEnd::new(element)))?;
        xml.write_event(Event::End(BytesEnd::new("testcase")))
    }
}

/// Seconds with three decimals, the most that the schema allows.
fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

/// The text without characters that XML 1.0 forbids or that control a terminal. Line ends are kept.
fn clean(text: &str) -> String {
    text.chars().map(|c| if is_unprintable(c) && c != '\n' { ' ' } else { c }).collect()
}
