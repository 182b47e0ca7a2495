//! Identity: the same finding has the same id on every machine, and when lines move.
//!
//! The id is made of what a finding is about (category, tool, rule, path, package, resource,
//! image name) and, where several are alike in all that, of their order in the file. Lines,
//! columns, commits and checkout folders are left out, since they move; the text that a secret
//! scanner matched is left out, since an id must not tell anything of it.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::finding::{Category, Finding, Text};

/// Sets the id of every finding of one gate. The findings must be sorted ([`order`]).
pub fn assign_ids(findings: &mut [Finding]) {
    let mut alike: HashMap<[u8; 32], u32> = HashMap::with_capacity(findings.len());
    for finding in findings {
        let base: [u8; 32] = digest(finding).finalize().into();
        let nth = alike.entry(base).and_modify(|n| *n += 1).or_insert(0);
        finding.id = id(&base, *nth);
    }
}

/// The order of findings in a gate: by place, so that alike ones are numbered as they stand in
/// the file. Two that come out equal say the same in every word, so it never matters in which
/// order a tool lists them.
pub fn order(a: &Finding, b: &Finding) -> Ordering {
    place(a)
        .cmp(&place(b))
        .then_with(|| subject(a).cmp(&subject(b)))
        .then_with(|| words(a).cmp(&words(b)))
        .then_with(|| score(a).cmp(&score(b)))
}

fn place(finding: &Finding) -> impl Ord + '_ {
    let place = finding.location.as_ref().map(|at| (&at.path, at.start_line, at.start_column));
    (&finding.target, place, &finding.rule)
}

fn subject(finding: &Finding) -> impl Ord + '_ {
    let package = finding.package.as_ref().map(|package| (&package.name, &package.version));
    (&finding.resource, package, &finding.commit, &finding.message)
}

fn words(finding: &Finding) -> impl Ord + '_ {
    let lists = (&finding.aliases, &finding.cwe, &finding.references);
    let told = (&finding.title, finding.severity, &finding.severity_raw, &finding.fix, &finding.suppressed);
    (finding.category, told, &finding.location, &finding.package, &finding.image, lists)
}

fn score(finding: &Finding) -> impl Ord + '_ {
    finding.cvss.as_ref().map(|cvss| (cvss.score.map(f64::to_bits), &cvss.vector))
}

fn digest(finding: &Finding) -> Sha256 {
    let mut hash = Sha256::new();
    let mut part = |name: &str, value: &str| {
        // Each part with its length, so that no two lists of parts read the same.
        hash.update(name.as_bytes());
        hash.update((value.len() as u64).to_le_bytes());
        hash.update(value.as_bytes());
    };
    part("category", finding.category.as_str());
    part("tool", &finding.tool);
    part("rule", &finding.rule);
    match &finding.location {
        Some(location) => part("path", &location.path),
        // Without a path, the target is the place: an image, a directory.
        None => part("target", &finding.target),
    }
    if finding.image.is_some() {
        part("image", &finding.target);
    }
    if let Some(package) = &finding.package {
        part("package", &package.name);
        part("version", package.version.as_deref().unwrap_or_default());
    }
    if let Some(resource) = &finding.resource {
        part("resource", resource);
    }
    if !matches!(finding.category, Category::Secret) && finding.location.is_none() {
        part("title", &finding.title);
    }
    hash
}

fn id(base: &[u8; 32], nth: u32) -> Text {
    let mut hash = Sha256::new();
    hash.update(base);
    hash.update(nth.to_le_bytes());
    let digest = hash.finalize();
    digest[..8]
        .iter()
        .fold(String::with_capacity(16), |mut id, byte| {
            let _ = write!(id, "{byte:02x}");
            id
        })
        .into()
}
