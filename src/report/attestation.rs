//! An in-toto statement with the test-result predicate: what was judged, and how it came out, ready to be signed.
//!
//! Formats: <https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md> and
//! <https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md>.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde::Serialize;

use crate::model::run::{GateRecord, Run, TargetRecord};
use crate::model::verdict::{Outcome, Verdict};
use crate::text::hash::sha256;

use super::{Options, run_json, unlooked};

const STATEMENT: &str = "https://in-toto.io/Statement/v1";
const TEST_RESULT: &str = "https://in-toto.io/attestation/test-result/v0.1";

/// The number of hexadecimal digits of a digest (SHA-256), and of a commit (SHA-1 or SHA-256).
const SHA256: &[usize] = &[64];
const COMMIT: &[usize] = &[40, 64];

#[derive(Serialize)]
struct Statement {
    #[serde(rename = "_type")]
    kind: &'static str,
    subject: Vec<Resource>,
    #[serde(rename = "predicateType")]
    predicate_type: &'static str,
    predicate: TestResult,
}

/// Something that a digest identifies.
#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct Resource {
    name: String,
    digest: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TestResult {
    result: &'static str,
    /// The programs that ran, each with its hash.
    configuration: Vec<Resource>,
    passed_tests: Vec<String>,
    /// Advisory gates that would have failed, and scans that were left out.
    warned_tests: Vec<String>,
    failed_tests: Vec<String>,
}

/// The statement. Its subjects are images, by the digest of their manifest, and the commit.
pub(super) fn statement(run: &Run, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let mut subject: Vec<Resource> = subjects(run).into_iter().collect();
    if subject.is_empty() {
        // in-toto requires a subject. The record is always available.
        let mut record = Vec::new();
        run_json::render(run, options, &mut record)?;
        subject.push(by("run.json", "sha256", &sha256(&record)));
    }
    let statement =
        Statement { kind: STATEMENT, subject, predicate_type: TEST_RESULT, predicate: predicate(run) };
    serde_json::to_writer_pretty(&mut *out, &statement)?;
    out.write_all(b"\n")
}

/// The predicate alone, for `cosign attest --predicate`: the subject is the image that cosign is called with.
pub(super) fn predicate_alone(run: &Run, _: &Options, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &predicate(run))?;
    out.write_all(b"\n")
}

fn subjects(run: &Run) -> BTreeSet<Resource> {
    let mut subjects = BTreeSet::new();
    for target in run.gates.iter().flat_map(|gate| &gate.targets) {
        let name = target.image.as_deref().unwrap_or(&target.name);
        let digests = target
            .image_digest
            .as_deref()
            .into_iter()
            .chain(target.outputs.get("digest").map(String::as_str));
        let digests = digests.filter_map(|digest| digest.strip_prefix("sha256:"));
        subjects.extend(
            digests.filter(|digest| is_digest(digest, SHA256)).map(|digest| by(name, "sha256", digest)),
        );
    }
    let commit = run.commit.as_deref().filter(|commit| is_digest(commit, COMMIT));
    subjects.extend(commit.map(|commit| by("commit", "gitCommit", commit)));
    if subjects.is_empty() {
        // Outside git and without an image, the subjects are the reports that were read.
        let targets = run.gates.iter().flat_map(|gate| &gate.targets);
        let report = |target: &TargetRecord| {
            let digest = target.report_sha256.as_deref().filter(|digest| is_digest(digest, SHA256))?;
            Some(by(target.report.as_deref()?, "sha256", digest))
        };
        subjects.extend(targets.filter_map(report));
    }
    subjects
}

fn predicate(run: &Run) -> TestResult {
    let gates = |wanted: &dyn Fn(&GateRecord) -> bool| -> Vec<String> {
        run.gates.iter().filter(|gate| wanted(gate)).map(|gate| gate.id.to_string()).collect()
    };
    let stops = |gate: &GateRecord| matches!(gate.outcome, Outcome::Failed | Outcome::Inconclusive);
    // An action that was left out says nothing about what it would have acted on.
    let left_out = |gate: &GateRecord| gate.required && !gate.action && unlooked::why(gate).is_some();
    let warned_tests = gates(&|gate| (stops(gate) && !gate.required) || left_out(gate));
    let programs = run.gates.iter().filter_map(|gate| {
        let version = gate.tool_version.as_deref().unwrap_or("of unknown version");
        let digest = gate.tool_sha256.as_deref().filter(|digest| is_digest(digest, SHA256))?;
        Some(by(&format!("{} {version}", gate.tool), "sha256", digest))
    });
    TestResult {
        // Without proof, nothing has passed.
        result: match run.verdict {
            Verdict::Pass if warned_tests.is_empty() => "PASSED",
            Verdict::Pass => "WARNED",
            Verdict::Blocked | Verdict::Inconclusive => "FAILED",
        },
        configuration: programs.collect::<BTreeSet<_>>().into_iter().collect(),
        passed_tests: gates(&|gate| gate.outcome == Outcome::Passed),
        failed_tests: gates(&|gate| stops(gate) && gate.required),
        warned_tests,
    }
}

fn by(name: &str, algorithm: &'static str, digest: &str) -> Resource {
    Resource { name: name.to_owned(), digest: BTreeMap::from([(algorithm, digest.to_owned())]) }
}

/// Whether these are lower-case hexadecimal digits, as in-toto writes digests.
fn is_digest(text: &str, lengths: &[usize]) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
