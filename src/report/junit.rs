//! JUnit XML as Jenkins reads it (xunit-plugin's `junit-10.xsd`).
//!
//! A test suite a gate: first a test case for the gate itself, so that a clean gate shows as a
//! pass and an inconclusive one as an error; then one for each finding. What does not block is
//! `skipped`, with the reason.

use std::collections::HashMap;
use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use crate::config::Mode;
use crate::finding::{Decision, Finding};
use crate::record::{GateRecord, Run};
use crate::sanitise::is_unprintable;
use crate::verdict::Outcome;

pub(super) fn render(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let mut by_gate: HashMap<&str, Vec<&Finding>> = HashMap::new();
    for finding in &run.findings {
        by_gate.entry(&finding.gate).or_default().push(finding);
    }
    let suites: Vec<Suite> = run
        .gates
        .iter()
        .map(|gate| Suite { run, gate, findings: by_gate.remove(&*gate.id).unwrap_or_default() })
        .collect();

    let mut xml = Writer::new_with_indent(out, b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let sum = |of: fn(&Suite) -> usize| suites.iter().map(of).sum::<usize>().to_string();
    let mut root = BytesStart::new("testsuites");
    root.push_attribute(("name", "portcullis"));
    root.push_attribute(("tests", &*sum(|suite| suite.tests())));
    root.push_attribute(("failures", &*sum(|suite| suite.count(Kind::Failure))));
    root.push_attribute(("errors", &*sum(|suite| suite.count(Kind::Error))));
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

/// Cases are made one by one as they are written: there may be a million.
struct Suite<'a> {
    run: &'a Run,
    gate: &'a GateRecord,
    findings: Vec<&'a Finding>,
}

struct Case {
    classname: String,
    name: String,
    time_ms: u64,
    kind: Kind,
    message: String,
    body: String,
}

impl Suite<'_> {
    fn cases(&self) -> impl Iterator<Item = Case> {
        let findings = self.findings.iter().map(|finding| finding_case(self.run, self.gate, finding));
        std::iter::once(gate_case(self.run, self.gate)).chain(findings)
    }

    fn tests(&self) -> usize {
        self.findings.len() + 1
    }

    fn count(&self, kind: Kind) -> usize {
        let of_findings = self.findings.iter().map(|finding| finding_kind(self.run, self.gate, finding));
        let of_gate = gate_case(self.run, self.gate).kind;
        of_findings.chain([of_gate]).filter(|its| *its == kind).count()
    }

    fn write<W: Write>(&self, xml: &mut Writer<W>) -> io::Result<()> {
        let run = self.run;
        let mut suite = BytesStart::new("testsuite");
        suite.push_attribute(("name", &*clean(&format!("{}: {}", self.gate.stage, self.gate.id))));
        suite.push_attribute(("tests", &*self.tests().to_string()));
        suite.push_attribute(("failures", &*self.count(Kind::Failure).to_string()));
        suite.push_attribute(("errors", &*self.count(Kind::Error).to_string()));
        suite.push_attribute(("skipped", &*self.count(Kind::Skipped).to_string()));
        suite.push_attribute(("time", &*seconds(self.gate.duration_ms)));
        // XSD: seconds, without fraction or zone.
        suite.push_attribute(("timestamp", &*run.started.strftime("%Y-%m-%dT%H:%M:%S").to_string()));
        xml.write_event(Event::Start(suite))?;
        xml.write_event(Event::Start(BytesStart::new("properties")))?;
        let properties = [
            ("mode", Some(run.mode.to_string())),
            ("commit", run.commit.clone()),
            ("tool", Some(self.gate.tool.to_string())),
            ("tool_version", self.gate.tool_version.clone()),
            ("scope", Some(self.gate.scope.to_string())),
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
            case.write(xml)?;
        }
        xml.write_event(Event::End(BytesEnd::new("testsuite")))
    }
}

impl Case {
    fn write<W: Write>(&self, xml: &mut Writer<W>) -> io::Result<()> {
        let mut case = BytesStart::new("testcase");
        case.push_attribute(("classname", &*clean(&self.classname)));
        case.push_attribute(("name", &*clean(&self.name)));
        case.push_attribute(("time", &*seconds(self.time_ms)));
        let element = match self.kind {
            Kind::Passed => return xml.write_event(Event::Empty(case)),
            Kind::Failure => "failure",
            Kind::Error => "error",
            Kind::Skipped => "skipped",
        };
        xml.write_event(Event::Start(case))?;
        let mut result = BytesStart::new(element);
        if self.kind == Kind::Skipped {
            // The schema gives `skipped` a message only.
            result.push_attribute(("message", &*clean(&self.message)));
            xml.write_event(Event::Empty(result))?;
        } else {
            result.push_attribute(("type", element));
            result.push_attribute(("message", &*clean(&self.message)));
            xml.write_event(Event::Start(result))?;
            xml.write_event(Event::Text(BytesText::new(&clean(&self.body))))?;
            xml.write_event(Event::End(BytesEnd::new(element)))?;
        }
        xml.write_event(Event::End(BytesEnd::new("testcase")))
    }
}

fn gate_case(run: &Run, gate: &GateRecord) -> Case {
    let reason = &gate.reason;
    let (kind, message) = match gate.outcome {
        Outcome::Passed => (Kind::Passed, String::new()),
        // The findings are the failures; the gate's own case says why they are.
        Outcome::Failed => softened(run, gate, Kind::Failure, format!("failed: {reason}")),
        Outcome::Inconclusive => softened(run, gate, Kind::Error, format!("inconclusive: {reason}")),
        Outcome::Skipped => (Kind::Skipped, reason.clone()),
    };
    let mut body = format!("{message}\nlooked at: {}", gate.scope);
    for target in &gate.targets {
        body.push_str(&format!("\n{}: {}", target.name, target.command.join(" ")));
    }
    Case {
        classname: format!("portcullis.{}", gate.id),
        name: "gate".to_owned(),
        time_ms: gate.duration_ms,
        kind,
        message,
        body,
    }
}

fn finding_kind(run: &Run, gate: &GateRecord, finding: &Finding) -> Kind {
    match finding.decision {
        Decision::Deny => soften(run, gate, Kind::Failure).0,
        Decision::Allow | Decision::Waive => Kind::Skipped,
    }
}

fn finding_case(run: &Run, gate: &GateRecord, finding: &Finding) -> Case {
    let place = finding.location.as_ref().map(ToString::to_string);
    let because = &finding.because;
    let (kind, message) = match finding.decision {
        Decision::Deny => {
            softened(run, gate, Kind::Failure, format!("{}: {}", finding.severity, finding.title))
        }
        Decision::Allow | Decision::Waive => (Kind::Skipped, because.to_string()),
    };
    // Line numbers move; classname and name do not, so that Jenkins knows a finding again.
    let subject = finding
        .location
        .as_ref()
        .map(|at| at.path.to_string())
        .or_else(|| finding.package.as_ref().map(|package| package.name.to_string()))
        .unwrap_or_else(|| finding.target.to_string());
    let mut body = vec![format!("{} {} ({})", finding.severity, finding.rule, finding.title)];
    body.extend(place.map(|place| format!("at {place}")));
    if !finding.message.is_empty() && finding.message != finding.title {
        body.push(finding.message.to_string());
    }
    body.extend(finding.resource.as_ref().map(|resource| format!("resource {resource}")));
    body.extend(finding.fix.as_ref().map(|fix| format!("fix: {fix}")));
    body.push(format!("decision: {because}"));
    body.extend(finding.references.first().map(|reference| format!("see {reference}")));
    Case {
        classname: format!("portcullis.{}.{}", gate.id, finding.rule),
        name: format!("{subject} [{}]", finding.id),
        time_ms: 0,
        kind,
        message,
        body: body.join("\n"),
    }
}

/// In lab mode, and for an advisory gate, what would block is reported and does not turn the
/// Jenkins build unstable. The words tell why.
fn soften(run: &Run, gate: &GateRecord, kind: Kind) -> (Kind, &'static str) {
    if !gate.required {
        (Kind::Skipped, "advisory: ")
    } else if run.mode == Mode::Lab {
        (Kind::Skipped, "lab mode, production would have stopped here: ")
    } else {
        (kind, "")
    }
}

fn softened(run: &Run, gate: &GateRecord, kind: Kind, message: String) -> (Kind, String) {
    let (kind, why) = soften(run, gate, kind);
    (kind, format!("{why}{message}"))
}

/// Seconds with three decimals: the most that the schema's pattern allows.
fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

/// Without what XML 1.0 forbids or what would steer a reader's screen; line ends are kept.
fn clean(text: &str) -> String {
    text.chars().map(|c| if is_unprintable(c) && c != '\n' { ' ' } else { c }).collect()
}
