//! One CycloneDX document of all that was looked at, with the vulnerabilities that were found in it: a
//! vulnerability disclosure report. It is written by `cyclonedx-bom`, in the newest version that this crate
//! knows, 1.5 (<https://cyclonedx.org/docs/1.5/json/>).
//!
//! Each image and folder is a component that depends on its packages; each package is there once. What
//! nobody has looked at may not read as clean: each of them names the gates that listed its packages and
//! looked for vulnerabilities, and what has no proof is an `incomplete` composition.

mod analysis;
mod parts;
mod vulnerabilities;

use std::io::{self, Write};

use cyclonedx_bom::errors::JsonWriteError;
use cyclonedx_bom::external_models::date_time::DateTime;
use cyclonedx_bom::external_models::normalized_string::NormalizedString;
use cyclonedx_bom::models::bom::{Bom, BomReference, SpecVersion, UrnUuid};
use cyclonedx_bom::models::component::{Classification, Component, Components};
use cyclonedx_bom::models::composition::{AggregateType, Composition, Compositions};
use cyclonedx_bom::models::dependency::{Dependencies, Dependency};
use cyclonedx_bom::models::metadata::Metadata;
use cyclonedx_bom::models::property::{Properties, Property};
use cyclonedx_bom::models::tool::Tools;

use crate::model::run::{Completeness, Run};
use crate::model::verdict::{Mode, Outcome};
use crate::report::cyclonedx::parts::Parts;

use super::{Options, subject};

/// By what the project itself is known in the document.
const ROOT: &str = "project";

pub(super) fn render(run: &Run, _: &Options, out: &mut dyn Write) -> io::Result<()> {
    document(run).output_as_json(&mut &mut *out, SpecVersion::V1_5).map_err(|error| match error {
        JsonWriteError::JsonElementWriteError { error } => error.into(),
        other => io::Error::other(other),
    })?;
    out.write_all(b"\n")
}

fn document(run: &Run) -> Bom {
    let parts = Parts::of(run);
    let found = vulnerabilities::of(run, &parts);
    let whole = run.gates.iter().all(|gate| gate.evidence == Completeness::Whole) && found.left_out == 0;
    let mut lacking: Vec<BomReference> = parts.lacking().map(BomReference::new).collect();
    lacking.extend((!whole).then(|| BomReference::new(ROOT)));
    let incomplete = Composition {
        bom_ref: None,
        aggregate: AggregateType::Incomplete,
        assemblies: Some(lacking),
        dependencies: None,
        vulnerabilities: None,
        signature: None,
    };
    let has_gap = incomplete.assemblies.as_ref().is_some_and(|lacking| !lacking.is_empty());
    Bom {
        serial_number: serial(&run.trace_id),
        metadata: Some(metadata(run, found.left_out)),
        components: Some(Components(parts.components())),
        dependencies: Some(Dependencies(
            std::iter::once(Dependency {
                dependency_ref: ROOT.to_owned(),
                dependencies: parts.subjects.iter().map(|subject| subject.bom_ref()).collect(),
            })
            .chain(parts.dependencies())
            .collect(),
        )),
        compositions: has_gap.then(|| Compositions(vec![incomplete])),
        vulnerabilities: Some(found.vulnerabilities),
        ..Bom::default()
    }
}

/// The run's own 128 bits as a UUID of version 8 (RFC 9562): drawn again, the document has the same.
fn serial(trace_id: &str) -> Option<UrnUuid> {
    let id = trace_id.is_ascii().then_some(trace_id).filter(|id| id.len() == 32)?;
    let text =
        format!("urn:uuid:{}-{}-8{}-8{}-{}", &id[..8], &id[8..12], &id[13..16], &id[17..20], &id[20..]);
    UrnUuid::new(text).ok()
}

fn metadata(run: &Run, left_out: usize) -> Metadata {
    let mut scanners: Vec<(&str, Option<&str>)> =
        run.gates.iter().map(|gate| (subject::tool_title(gate), gate.tool_version.as_deref())).collect();
    scanners.sort_unstable();
    scanners.dedup();
    let own = ("Portcullis", Some(run.portcullis_version.as_str()));
    let tools = std::iter::once(own).chain(scanners).map(|(name, version)| {
        let mut tool = component(Classification::Application, name, None);
        tool.version = version.map(NormalizedString::new);
        tool
    });
    let name = run.project.as_deref().unwrap_or("project");
    let mut project = component(Classification::Application, name, Some(ROOT.to_owned()));
    project.version = run.commit.as_deref().map(NormalizedString::new);
    let unproven: Vec<&str> =
        run.gates.iter().filter(|gate| gate.outcome == Outcome::Inconclusive).map(|gate| &*gate.id).collect();
    let mode = if run.mode == Mode::Lab { "lab" } else { "production" };
    let properties = [
        property("verdict", run.verdict.as_str()),
        property("mode", mode),
        list("inconclusive", &unproven),
        (left_out > 0).then(|| Property::new("portcullis:vulnerabilities-left-out", &left_out.to_string())),
    ];
    Metadata {
        timestamp: DateTime::try_from(run.started.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()).ok(),
        tools: Some(Tools::Object { services: None, components: Some(Components(tools.collect())) }),
        component: Some(project),
        properties: Some(Properties(properties.into_iter().flatten().collect())),
        ..Metadata::default()
    }
}

fn component(kind: Classification, name: &str, bom_ref: Option<String>) -> Component {
    Component::new(kind, name, "", bom_ref)
}

/// A property of ours; none where there is nothing to say.
fn property(name: &str, value: &str) -> Option<Property> {
    (!value.is_empty()).then(|| Property::new(format!("portcullis:{name}"), value))
}

/// The same of several words.
fn list(name: &str, words: &[&str]) -> Option<Property> {
    property(name, &words.join(", "))
}
