//! One CycloneDX document of everything that was scanned, with the vulnerabilities that were found: a
//! vulnerability disclosure report. `cyclonedx-bom` writes it, in the newest version that this crate
//! supports, 1.5 (<https://cyclonedx.org/docs/1.5/json/>).
//!
//! Each image and folder is a component that depends on its packages. Each package is listed once. What was
//! not scanned must not look clean: each image and folder names the gates that listed its packages and
//! searched for vulnerabilities, and one without proof is an `incomplete` composition.

mod parts;
mod vulnerabilities;

use std::io::{self, Write};

use crate::formats::cyclonedx;
use crate::formats::cyclonedx::document::{BomComponent, BomDocument, ComponentKind};
use crate::model::looked_at::{GateInput, InputState};
use crate::model::run::{Completeness, GateRecord, Run};
use crate::model::verdict::{Mode, Outcome};
use crate::report::cyclonedx::parts::Parts;
use crate::text::hash::uuid;

use super::{Options, subject};

/// The project's own reference in the document.
const ROOT: &str = "project";

pub(super) fn render(run: &Run, _: &Options, out: &mut dyn Write) -> io::Result<()> {
    cyclonedx::write(document(run), out)?;
    out.write_all(b"\n")
}

/// Whether a gate has read everything. What is accepted without is not read, either.
fn is_whole(gate: &GateRecord) -> bool {
    let is_gap = |input: &GateInput| input.state == InputState::Gap;
    gate.evidence == Completeness::Whole && !gate.inputs.iter().any(is_gap)
}

fn document(run: &Run) -> BomDocument {
    let parts = Parts::of(run);
    let found = vulnerabilities::of(run, &parts);
    let whole = run.gates.iter().all(is_whole) && found.left_out == 0;
    let mut incomplete: Vec<String> = parts.lacking().collect();
    incomplete.extend((!whole).then(|| ROOT.to_owned()));
    let subjects = parts.subjects.iter().map(|subject| subject.bom_ref()).collect();
    BomDocument {
        // The run's own 128 bits: a document written again has the same serial number.
        serial: uuid(&run.trace_id),
        written: run.started,
        tools: tools(run),
        subject: BomComponent {
            bom_ref: Some(ROOT.to_owned()),
            version: run.commit.as_ref().map(ToString::to_string),
            ..BomComponent::new(ComponentKind::Application, run.project.as_deref().unwrap_or("project"))
        },
        properties: properties(run, found.left_out),
        components: parts.components(),
        dependencies: std::iter::once((ROOT.to_owned(), subjects)).chain(parts.dependencies()).collect(),
        incomplete,
        vulnerabilities: found.vulnerabilities,
    }
}

/// Portcullis itself, and every scanner.
fn tools(run: &Run) -> Vec<BomComponent> {
    let mut scanners: Vec<(&str, Option<&str>)> =
        run.gates.iter().map(|gate| (subject::tool_title(gate), gate.tool_version.as_deref())).collect();
    scanners.sort_unstable();
    scanners.dedup();
    let own = ("Portcullis", Some(run.portcullis_version.as_str()));
    let tools = std::iter::once(own).chain(scanners).map(|(name, version)| BomComponent {
        version: version.map(str::to_owned),
        ..BomComponent::new(ComponentKind::Application, name)
    });
    tools.collect()
}

fn properties(run: &Run, left_out: usize) -> Vec<(String, String)> {
    let unproven: Vec<&str> =
        run.gates.iter().filter(|gate| gate.outcome == Outcome::Inconclusive).map(|gate| &*gate.id).collect();
    let mode = if run.mode == Mode::Lab { "lab" } else { "production" };
    let left_out = if left_out > 0 { left_out.to_string() } else { String::new() };
    let properties = [
        property("verdict", run.verdict.as_str()),
        property("mode", mode),
        list("inconclusive", &unproven),
        property("vulnerabilities-left-out", &left_out),
    ];
    properties.into_iter().flatten().collect()
}

/// A property of ours; `None` if the value is empty.
fn property(name: &str, value: &str) -> Option<(String, String)> {
    (!value.is_empty()).then(|| (format!("portcullis:{name}"), value.to_owned()))
}

/// A property with several words.
fn list(name: &str, words: &[&str]) -> Option<(String, String)> {
    property(name, &words.join(", "))
}
