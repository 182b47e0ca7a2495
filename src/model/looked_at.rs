//! What there is to look at, and what became of it, in the record: the inputs of each gate, and those that no gate reads.

use serde::{Deserialize, Serialize};

use crate::model::input::InputKind;
use crate::text::shared::Text;

/// One input of a gate, and what the gate did with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateInput {
    /// From the top of the repository.
    pub path: Text,
    pub kind: InputKind,
    pub state: InputState,
    /// Why it was not scanned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Text>,
    /// The waiver that accepts the gap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Text>,
}

/// What became of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InputState {
    /// The tool says that it read it, or its target is proved.
    Scanned,
    /// There is nothing in it that the tool could report: a lock file without packages.
    Empty,
    /// Nothing shows that the tool read it.
    Gap,
}

impl GateInput {
    /// `scanned`, `not read: Trivy does not mention it`
    pub fn words(&self) -> String {
        let accepted =
            self.accepted.as_ref().map(|waiver| format!("; accepted by {waiver}")).unwrap_or_default();
        match self.state {
            InputState::Scanned => "scanned".to_owned(),
            InputState::Empty => "read, and without a package of production".to_owned(),
            InputState::Gap => {
                format!("not read: {}{accepted}", self.why.as_deref().unwrap_or("nothing shows it"))
            }
        }
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
    /// From the top of the repository.
    pub path: Text,
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
        let open = self.open().count();
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
}

/// `scanned 4 of 5 lock files (1 accepted)`; `None`: the gate has no inputs of its own.
pub fn scanned_words(inputs: &[GateInput]) -> Option<String> {
    if inputs.is_empty() {
        return None;
    }
    let of = |wanted: fn(&GateInput) -> bool| inputs.iter().filter(|input| wanted(input)).count();
    let done = of(|input| input.state != InputState::Gap);
    let accepted = of(|input| input.accepted.is_some());
    let kind = inputs[0].kind;
    let one_kind = inputs.iter().all(|input| input.kind == kind);
    let locks = inputs.iter().all(|input| matches!(input.kind, InputKind::Lock(_)));
    let called = match (one_kind, locks) {
        (true, _) => kind.words(),
        (false, true) => "lock file".to_owned(),
        (false, false) => "input".to_owned(),
    };
    let called = if inputs.len() == 1 { called } else { plural(&called) };
    let accepted = if accepted > 0 { format!(" ({accepted} accepted)") } else { String::new() };
    Some(format!("scanned {done} of {} {called}{accepted}", inputs.len()))
}
