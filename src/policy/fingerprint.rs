//! Identity: the same finding has the same id on every machine, and when lines move.
//!
//! An id is made of what a finding is about (category, tool, rule, path, package, resource, image
//! name), of the words at its place ([`SourceLines`]), and of its number among the findings that are equal in all
//! of this. For lines with the same words, the line above counts too. Line numbers, columns, messages and
//! checkout folders are left out, because they change while the finding does not. What a secret scanner
//! matched is left out, because an id must not reveal it. `docs/identity.md` has the details for each tool,
//! with figures.

mod source;

use std::cmp::Ordering;
use std::collections::HashMap;
use std::num::NonZeroU32;

use sha2::{Digest, Sha256};

pub use source::Mark;
pub use source::SourceLines;

use crate::model::finding::{Category, Finding, Location};
use crate::text::shared::Text;
use crate::text::steady;

/// The tool of gates that run the user's own command.
pub const COMMAND: &str = "command";

/// What equal findings have in common: half a SHA-256, twice the length of an id.
type Base = [u8; 16];

/// Findings with one base.
#[derive(Default)]
struct Alike {
    all: u32,
    numbered: u32,
    /// The first line that they are on, where their lines are read.
    line: Option<NonZeroU32>,
    /// They are on several lines with the same words.
    spread: bool,
    /// Nothing distinguishes them. With one more or one less all of them are new, so that no new finding
    /// passes for a known one.
    together: bool,
}

/// Sets the id of every finding of one gate. The findings must be sorted ([`order`]).
///
/// Equal findings are numbered from 0, so that n accepted ids never cover more than n of them.
pub fn assign_ids(findings: &mut [Finding], source: &mut SourceLines<'_>) {
    let mut bases = Vec::with_capacity(findings.len());
    let mut alike: HashMap<Base, Alike> = HashMap::with_capacity(findings.len());
    for finding in &*findings {
        let read = written_in_source(finding).and_then(|at| Some((at.start_line, source.mark(at)?)));
        let base = base(finding, read.as_ref().map(|(_, mark)| mark));
        let others = alike.entry(base).or_default();
        others.all += 1;
        others.together = finding.category == Category::Secret && finding.commit.is_none();
        if let Some((line, _)) = read {
            others.spread |= others.line.is_some() && others.line != line;
            others.line = line;
        }
        bases.push(base);
    }
    for (finding, base) in findings.iter().zip(&mut bases) {
        if alike.get(base).is_some_and(|others| others.spread) {
            let above = finding.location.as_ref().and_then(|at| source.above(at));
            *base = below(base, above);
            let others = alike.entry(*base).or_default();
            others.all += 1;
            others.together = true;
        }
    }
    for (finding, base) in findings.iter_mut().zip(&bases) {
        let others = alike.entry(*base).or_default();
        finding.id = id(base, others.numbered, others.together.then_some(others.all));
        others.numbered += 1;
    }
}

/// The order of findings in a gate: by place, so that equal findings are numbered in the order of the file.
/// Two findings without an order between them are the same in every word, so a tool's order never matters.
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
    let reported =
        (&finding.title, finding.severity, &finding.severity_raw, &finding.fix, &finding.suppressed);
    let reported = (reported, &finding.problem, &finding.same_secret);
    (finding.category, reported, &finding.location, &finding.package, &finding.image, lists)
}

fn score(finding: &Finding) -> impl Ord + '_ {
    finding.cvss.as_ref().map(|cvss| (cvss.score.map(f64::to_bits), &cvss.vector))
}

/// The place of a finding that is about a line of the work tree. One about a package is not. One about a
/// resource is only if the tool names a column; otherwise its line only says where the resource begins. Files
/// in an image are not in the work tree, but what a build says of its Dockerfile is.
fn written_in_source(finding: &Finding) -> Option<&Location> {
    let location = finding.location.as_ref()?;
    // Linters have rules for secrets too. The line then contains one.
    let rule = finding.rule.to_ascii_lowercase();
    let secret = finding.category == Category::Secret
        || ["secret", "password", "credential"].iter().any(|word| rule.contains(word));
    let elsewhere = finding.image.is_some() && finding.category != Category::Lint;
    let whole = finding.resource.is_some() && location.start_column.is_none();
    (!secret && !elsewhere && !whole && finding.package.is_none()).then_some(location)
}

fn base(finding: &Finding, mark: Option<&Mark>) -> Base {
    let mut hash = Sha256::new();
    let mut part = |name: &str, value: &[u8]| {
        // Each part with its length, so that no two lists of parts give the same bytes.
        hash.update(name.as_bytes());
        hash.update((value.len() as u64).to_le_bytes());
        hash.update(value);
    };
    part("category", finding.category.as_str().as_bytes());
    part("tool", finding.tool.as_bytes());
    // Commands all have the same tool name; only the gate makes them different.
    if finding.tool == COMMAND {
        part("gate", finding.gate.as_bytes());
    }
    part("rule", finding.rule.as_bytes());
    match &finding.location {
        // A Terraform folder is one module. It has each resource once, in any of its files.
        Some(location) if finding.resource.is_some() && is_terraform(&location.path) => {
            part("folder", location.path.rsplit_once('/').map_or("", |(folder, _)| folder).as_bytes());
        }
        Some(location) => part("path", location.path.as_bytes()),
        // Without a path, the target is the place: an image, a directory.
        None => part("target", finding.target.as_bytes()),
    }
    if finding.image.is_some() {
        part("image", finding.target.as_bytes());
    }
    if let Some(package) = &finding.package {
        part("package", package.name.as_bytes());
        part("version", package.version.as_deref().unwrap_or_default().as_bytes());
    }
    if let Some(resource) = &finding.resource {
        part("resource", resource.as_bytes());
    }
    // Lines of a commit never move.
    if let Some(commit) = &finding.commit {
        let line = finding.location.as_ref().and_then(|at| at.start_line).map_or(0, |line| line.get());
        part("commit", commit.as_bytes());
        part("line", &line.to_le_bytes());
    }
    if let Some(mark) = mark {
        part("words", &mark.line);
        part("word", mark.word.as_bytes());
    }
    if is_its_title(finding) {
        part("title", finding.title.as_bytes());
        // A title that was cut. What follows counts, too.
        if finding.title.ends_with('…') {
            part("message", steady::identity(&finding.message).as_bytes());
        }
    }
    // A test has one name, and may fail for another reason tomorrow.
    if finding.category == Category::Test {
        part("failure", steady::identity(&finding.message).as_bytes());
    }
    half(hash)
}

/// The base for a line that is in the file more than once.
fn below(base: &Base, above: Option<[u8; 32]>) -> Base {
    let mut hash = Sha256::new();
    hash.update(base);
    hash.update(b"above");
    hash.update(above.unwrap_or_default());
    half(hash)
}

fn half(hash: Sha256) -> Base {
    let digest = hash.finalize();
    std::array::from_fn(|at| digest[at])
}

fn is_terraform(path: &str) -> bool {
    [".tf", ".tf.json", ".tofu"].iter().any(|end| path.ends_with(end))
}

/// Whether only the title says what it is about. The rule of a test is its name, and titles of advisories
/// are reworded.
fn is_its_title(finding: &Finding) -> bool {
    let placed = finding.location.is_some() || finding.package.is_some() || finding.resource.is_some();
    !placed && !matches!(finding.category, Category::Secret | Category::Test)
}

fn id(base: &Base, nth: u32, of: Option<u32>) -> Text {
    let mut hash = Sha256::new();
    hash.update(base);
    hash.update(nth.to_le_bytes());
    if let Some(of) = of {
        hash.update(of.to_le_bytes());
    }
    hex::encode(&hash.finalize()[..8]).into()
}

#[cfg(test)]
mod tests;
