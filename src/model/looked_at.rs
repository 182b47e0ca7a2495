//! What there is to look at, and what became of it, in the record: the inputs of each gate, and those that no gate reads.

use serde::{Deserialize, Serialize};

use crate::model::input::InputKind;
use crate::text::shared::Text;

/// One input of a gate, and what the gate did with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateInput {
    /// From the top of the repository. A folder, with `/` at its end, stands for several sources in it or below.
    pub path: Text,
    pub kind: InputKind,
    pub state: InputState,
    /// How many files it stands for.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub files: u64,
    /// Why it was not scanned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Text>,
    /// The waiver that accepts the gap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Text>,
    /// That waiver has this very path, and no pattern. Only then it frees an image for a push, which no saved run does.
    #[serde(skip)]
    pub by_name: bool,
}

fn one() -> u64 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_one(n: &u64) -> bool {
    *n == 1
}

/// What became of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InputState {
    /// The tool says that it read it, or its target is proved.
    Scanned,
    /// There is nothing in it that the tool could report: a lock file without packages.
    Empty,
    /// A rule of its configuration, or of the tool, leaves it out.
    Excluded,
    /// Nothing shows that the tool read it.
    Gap,
}

impl GateInput {
    /// One file.
    pub fn new(path: impl Into<Text>, kind: InputKind, state: InputState, why: Option<Text>) -> Self {
        Self { path: path.into(), kind, state, files: 1, why, accepted: None, by_name: false }
    }

    /// `scanned`, `not read: Trivy does not mention it`, `16 files, left out by .eslintrc.json`
    pub fn words(&self) -> String {
        let accepted =
            self.accepted.as_ref().map(|waiver| format!("; accepted by {waiver}")).unwrap_or_default();
        let why = |without: &'static str| self.why.as_deref().unwrap_or(without);
        let words = match self.state {
            InputState::Scanned => "scanned".to_owned(),
            InputState::Empty => format!("read, and {}", why("without a package of production")),
            InputState::Excluded => format!("left out {}", why("by its configuration")),
            InputState::Gap => format!("not read: {}{accepted}", why("nothing shows it")),
        };
        if self.files == 1 { words } else { format!("{} files, {words}", self.files) }
    }

    /// Whether nobody knows that it was scanned, and nobody accepts that.
    pub fn is_open(&self) -> bool {
        self.state == InputState::Gap && self.accepted.is_none()
    }
}

/// Inputs of one kind that no gate of the configuration reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uncovered {
    pub kind: InputKind,
    /// The tools whose gates would read it.
    pub tools: Vec<Text>,
    pub inputs: Vec<UncoveredInput>,
}

/// An input that no gate reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UncoveredInput {
    /// From the top of the repository. A folder, with `/` at its end, stands for several sources in it or below.
    pub path: Text,
    /// How many files it stands for.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub files: u64,
    /// The waiver that accepts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Text>,
}

impl Uncovered {
    /// The inputs that nobody accepts.
    pub fn open(&self) -> impl Iterator<Item = &UncoveredInput> {
        self.inputs.iter().filter(|input| input.accepted.is_none())
    }

    /// `2 npm lock files (npm-audit, trivy)`; `None`: all are accepted.
    pub fn words(&self) -> Option<String> {
        let open: u64 = self.open().map(|input| input.files).sum();
        let tools: Vec<&str> = self.tools.iter().map(|tool| &**tool).collect();
        let one = self.kind.words();
        let named = if open == 1 { format!("1 {one}") } else { format!("{open} {}", plural(&one)) };
        let by = match (self.kind, tools.is_empty()) {
            (InputKind::Manifest(_), _) => " without a lock file".to_owned(),
            (_, true) => String::new(),
            (_, false) => format!(" ({})", tools.join(", ")),
        };
        (open > 0).then(|| format!("{named}{by}"))
    }
}

fn plural(one: &str) -> String {
    format!("{one}s")
}

/// The inputs of a run, besides those of its gates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunInputs {
    /// `coverage = "required"`: what no gate reads blocks.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uncovered: Vec<Uncovered>,
    /// The lines of gates.toml that `init --add` would write for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to_add: Vec<String>,
    /// What is tracked and not there, and that no gate of the configuration would read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<GateInput>,
    /// Why nobody knows what there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
}

impl RunInputs {
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// What no gate reads, in words: `2 npm lock files (npm-audit, trivy), 1 Dockerfile (checkov)`. `None`: there is nothing.
    pub fn words(&self) -> Option<String> {
        let words: Vec<String> = self.uncovered.iter().filter_map(Uncovered::words).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    /// Why nobody knows what there is: the first thing that is not there and that nobody accepts, why, and how many more.
    pub fn not_there(&self) -> Option<String> {
        if self.unknown.is_some() {
            return self.unknown.clone();
        }
        let mut open = self.absent.iter().filter(|input| input.is_open());
        let first = open.next()?;
        let why = first.why.as_deref().unwrap_or("it is not there");
        let more = match open.count() {
            0 => String::new(),
            n => format!(", and {n} more"),
        };
        Some(format!("{} ({why}){more}", first.path))
    }
}

/// `scanned 4 of 5 lock files (1 accepted)`, `scanned 41 of 57 sources, 16 left out by eslint.config.js`; `None`: the gate has no
/// inputs of its own.
pub fn scanned_words(inputs: &[GateInput]) -> Option<String> {
    let total = count(inputs, |_| true);
    if total == 0 {
        return None;
    }
    let done = count(inputs, |input| matches!(input.state, InputState::Scanned | InputState::Empty));
    let accepted = count(inputs, |input| input.accepted.is_some());
    let accepted = if accepted > 0 { format!(" ({accepted} accepted)") } else { String::new() };
    let left_out = left_out(inputs).map(|words| format!(", {words}")).unwrap_or_default();
    Some(format!("scanned {done} of {total} {}{accepted}{left_out}", called(inputs)))
}

/// `16 left out by eslint.config.js`; `None`: nothing was.
fn left_out(inputs: &[GateInput]) -> Option<String> {
    let n = count(inputs, |input| input.state == InputState::Excluded);
    let mut whys = inputs.iter().filter(|input| input.state == InputState::Excluded).map(|input| &input.why);
    let first = whys.next()?.as_deref()?;
    let is_only = whys.all(|why| why.as_deref() == Some(first));
    Some(if is_only { format!("{n} left out {first}") } else { format!("{n} left out") })
}

/// How many files some of these stand for.
pub fn count(inputs: &[GateInput], wanted: impl Fn(&GateInput) -> bool) -> u64 {
    inputs.iter().filter(|input| wanted(input)).map(|input| input.files).sum()
}

/// What these are, in words: `lock files`, `sources`, `Dockerfile`.
pub fn called(inputs: &[GateInput]) -> String {
    let all = |is: fn(InputKind) -> bool| inputs.iter().all(|input| is(input.kind));
    let first = inputs.first().map(|input| input.kind);
    let called = match first {
        _ if all(|kind| matches!(kind, InputKind::Source(_))) => "source".to_owned(),
        Some(kind) if inputs.iter().all(|input| input.kind == kind) => kind.words(),
        _ if all(|kind| matches!(kind, InputKind::Lock(_))) => "lock file".to_owned(),
        _ => "input".to_owned(),
    };
    if count(inputs, |_| true) == 1 { called } else { plural(&called) }
}

#[cfg(test)]
mod tests {
    use crate::model::input::{Language, PackageManager};

    use super::*;

    #[test]
    fn what_was_scanned_is_counted_by_file() {
        let source = |path: &str, state, files, why: Option<&str>| GateInput {
            files,
            ..GateInput::new(path, InputKind::Source(Language::TypeScript), state, why.map(Into::into))
        };
        let mut inputs = vec![
            source("src/", InputState::Scanned, 41, None),
            source("old/", InputState::Excluded, 15, Some("by tsconfig.json")),
            source("a.ts", InputState::Excluded, 1, Some("by tsconfig.json")),
        ];
        let words = |inputs: &[GateInput]| scanned_words(inputs).unwrap();
        assert_eq!(words(&inputs), "scanned 41 of 57 sources, 16 left out by tsconfig.json");
        inputs.push(source("b.ts", InputState::Excluded, 1, Some("by another")));
        assert_eq!(words(&inputs), "scanned 41 of 58 sources, 17 left out");
        assert_eq!(inputs[1].words(), "15 files, left out by tsconfig.json");
        let lock = |state| GateInput::new("a", InputKind::Lock(PackageManager::Npm), state, None);
        assert_eq!(words(&[lock(InputState::Empty)]), "scanned 1 of 1 npm lock file");
        assert_eq!(scanned_words(&[]), None);
    }

    #[test]
    fn an_older_record_counts_one_file_for_each_input() {
        let text = r#"{"path": "a", "kind": "lock/npm", "state": "scanned"}"#;
        let input: GateInput = serde_json::from_str(text).unwrap();
        assert_eq!(input.files, 1);
        assert_eq!(serde_json::to_string(&input).unwrap(), text.replace(": ", ":").replace(", ", ","));
    }
}
