//! `[[gate]]`: a tool, its targets, its policy.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use crate::config::allow_empty::AllowEmpty;
use crate::config::branch::{Branch, late};
use crate::config::weight::Weight;
use crate::keys::table::{Keys, Located};
use crate::keys::values::read_duration;
use crate::model::aim::Aim;
use crate::model::policy::Policy;
use crate::policy::path_pattern::read_pattern;
use crate::scan::retry::Retry;
use crate::scan::tool::{Tool, ToolSpec};
use crate::scan::variable::Variable;
use crate::text::shared::Text;
use crate::tools::{TOOLS, spec};

use super::Defaults;

/// One gate without mistakes.
#[derive(Clone, Debug)]
pub struct Gate {
    pub id: Text,
    /// Label that groups gates for people.
    pub stage: Text,
    pub spec: &'static ToolSpec,
    pub tool: Arc<dyn Tool>,
    /// What it looks for, by its tool and its options.
    pub looks_for: Vec<Aim>,
    /// Gates that must have done their work before this one starts.
    pub needs: Vec<Text>,
    /// `false`: advisory, never blocks.
    pub required: bool,
    pub policy: Policy,
    /// Time for one target, all its tries together.
    pub timeout: Duration,
    pub retry: Retry,
    /// Variables that are set for the scanner, or passed on to it.
    pub env: BTreeMap<String, Variable>,
    /// Arguments added after those of Portcullis.
    pub args: Vec<String>,
    /// The program to run instead of the scanner's own name.
    pub program: Option<String>,
    /// The targets that may have nothing in scope. If all are empty, it is skipped, not inconclusive.
    pub(crate) allow_empty: AllowEmpty,
    /// How many of the slots each of its jobs takes.
    pub weight: Weight,
    /// If it acts: the branches on which it does; empty: all.
    pub branches: Vec<Branch>,
}

/// Reads every `[[gate]]`, and checks ids and `needs`. The ids are those of all gates, also of gates with mistakes.
pub(super) fn read_all(keys: &Keys, defaults: &Defaults) -> (Vec<Gate>, Vec<Text>) {
    let tables = keys.tables("gate");
    if tables.is_empty() && !keys.has("gate") {
        keys.problem_with_help(
            0..0,
            "there is no gate",
            "add a [[gate]], or let `portcullis init` write the file",
        );
    }
    let mut needs_at: Vec<(Located<Text>, Vec<Located<String>>)> = Vec::new();
    let gates: Vec<Gate> = tables.iter().filter_map(|table| read(table, defaults, &mut needs_at)).collect();
    check_ids_and_needs(keys, &needs_at);
    check_order(keys, &gates, &needs_at);
    (gates, needs_at.into_iter().map(|(id, _)| id.value).collect())
}

pub(crate) fn read(
    table: &Keys,
    defaults: &Defaults,
    needs_at: &mut Vec<(Located<Text>, Vec<Located<String>>)>,
) -> Option<Gate> {
    let id = table.required_text("id");
    let name = table.required_text("tool");
    let needs = table.texts("needs").unwrap_or_default();
    if let Some(id) = &id {
        if !id.value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
            || id.value.starts_with('.')
        {
            table.problem(id.at.clone(), "an id is made of letters, digits, `-`, `_` and `.`");
        }
        needs_at.push((Located { value: Text::from(id.value.as_str()), at: id.at.clone() }, needs.clone()));
    }
    let name = name?;
    let Some(spec) = spec(&name.value) else {
        let known: Vec<&str> = TOOLS.iter().map(|spec| spec.name).collect();
        table.unknown(name.at, &format!("`{}` is not a tool", name.value), &name.value, &known);
        return None;
    };
    let tool: Arc<dyn Tool> = Arc::from((spec.configure)(table));
    let acts = tool.acts();
    if acts {
        for key in Policy::keys().chain(["allow_empty"]).filter(|key| table.has(key)) {
            let what =
                format!("`{key}` has no effect on {}: it is an action, which succeeds or fails", spec.name);
            table.problem(table.at_key(key), what);
        }
    } else if table.has("branches") {
        let what = format!("`branches` has no effect on {}: it scans on every branch", spec.name);
        table.problem(table.at_key("branches"), what);
    }
    let gate = Gate {
        id: Text::from(id.map(|id| id.value).unwrap_or_default()),
        stage: Text::from(table.text_or("stage", spec.stage)),
        spec,
        looks_for: spec.looks_for.list().iter().copied().chain(tool.also_looks_for()).collect(),
        tool,
        needs: needs.into_iter().map(|need| Text::from(need.value)).collect(),
        required: table.flag_or("required", true),
        policy: if acts { Policy::default() } else { Policy::read(table, &defaults.policy) },
        timeout: read_duration(table, "timeout").unwrap_or(defaults.timeout),
        retry: Retry::read(table, defaults.retry),
        env: table.table("env").map(|env| Variable::read(&env)).unwrap_or_default(),
        args: table.texts("args").unwrap_or_default().into_iter().map(|arg| arg.value).collect(),
        program: table.text("program").map(|program| program.value),
        allow_empty: Some(AllowEmpty::read(table)).filter(|_| !acts).unwrap_or_default(),
        weight: Weight::read(table),
        branches: read_branches(table).unwrap_or_else(|| defaults.branches.clone()),
    };
    for key in Policy::keys().filter(|_| acts) {
        table.knows(key);
    }
    table.finish(&format!("a gate with tool `{}`", spec.name));
    Some(gate)
}

/// Reads `branches`: names and patterns such as `release/*`.
pub(super) fn read_branches(table: &Keys) -> Option<Vec<Branch>> {
    let patterns = table.texts("branches")?;
    if patterns.is_empty() {
        let what = "`branches` is empty: name at least one, or leave the key out";
        table.problem(table.at_key("branches"), what);
    }
    let read = |pattern: Located<String>| {
        let matcher = read_pattern(table, &pattern)?.compile_matcher();
        Some(Branch { text: pattern.value.into(), matcher })
    };
    Some(patterns.into_iter().filter_map(read).collect())
}

fn check_ids_and_needs(keys: &Keys, gates: &[(Located<Text>, Vec<Located<String>>)]) {
    let mut seen = HashSet::new();
    for (id, _) in gates {
        if !seen.insert(id.value.clone()) {
            keys.problem(id.at.clone(), format!("two gates have the id `{}`", id.value));
        }
    }
    let ids: Vec<&str> = gates.iter().map(|(id, _)| &*id.value).collect();
    for need in gates.iter().flat_map(|(_, needs)| needs) {
        if !seen.contains(need.value.as_str()) {
            keys.unknown(
                need.at.clone(),
                &format!("`needs`: there is no gate `{}`", need.value),
                &need.value,
                &ids,
            );
        }
    }
    if let Some((at, cycle)) = find_cycle(gates) {
        keys.problem(at, format!("these gates wait for each other: {}", cycle.join(" → ")));
    }
}

/// A gate behind an action must come after it: a smoke test that does not wait would ask the old version. What an action has to wait
/// for stands before it.
fn check_order(keys: &Keys, gates: &[Gate], places: &[(Located<Text>, Vec<Located<String>>)]) {
    let late = late(&gates.iter().collect::<Vec<_>>());
    let awaited = awaited(gates);
    let mut action: Option<&Gate> = None;
    for (gate, is_late) in gates.iter().zip(late) {
        match action {
            Some(action) if !is_late && !awaited.contains(&gate.id) => {
                let Some((id, _)) = places.iter().find(|(id, _)| id.value == gate.id) else { continue };
                let what = format!(
                    "`{}` stands behind the action `{}` and does not wait for it",
                    gate.id, action.id
                );
                let help = format!(
                    "`needs = [\"{0}\"]`, or put it before `{0}`, which then waits for it",
                    action.id
                );
                keys.problem_with_help(id.at.clone(), what, help);
            }
            _ => {}
        }
        if gate.tool.acts() {
            action = Some(gate);
        }
    }
}

/// The gates that an action needs, directly or not.
fn awaited(gates: &[Gate]) -> HashSet<&Text> {
    let needs: HashMap<&Text, &[Text]> = gates.iter().map(|gate| (&gate.id, &*gate.needs)).collect();
    let mut unseen: Vec<&Text> =
        gates.iter().filter(|gate| gate.tool.acts()).flat_map(|gate| &gate.needs).collect();
    let mut awaited = HashSet::new();
    while let Some(id) = unseen.pop() {
        if awaited.insert(id) {
            unseen.extend(needs.get(id).copied().unwrap_or_default());
        }
    }
    awaited
}

/// The first cycle in `needs`: its place, and the ids in the order of waiting.
fn find_cycle(
    gates: &[(Located<Text>, Vec<Located<String>>)],
) -> Option<(std::ops::Range<usize>, Vec<String>)> {
    let needs: HashMap<&str, Vec<&str>> = gates
        .iter()
        .map(|(id, needs)| (&*id.value, needs.iter().map(|need| need.value.as_str()).collect()))
        .collect();
    let mut done: HashSet<&str> = HashSet::new();
    for (start, _) in gates {
        // Depth first, without recursion: a long chain must not overflow the stack.
        let mut way: Vec<(&str, usize)> = vec![(&start.value, 0)];
        while let Some((id, next)) = way.last_mut() {
            let (id, next) = (*id, std::mem::replace(next, *next + 1));
            match needs.get(id).and_then(|needs| needs.get(next)) {
                Some(need) => {
                    if let Some(first) = way.iter().position(|(id, _)| id == need) {
                        let mut cycle: Vec<String> =
                            way[first..].iter().map(|(id, _)| (*id).to_owned()).collect();
                        cycle.push((*need).to_owned());
                        let at = gates
                            .iter()
                            .find(|(id, _)| &*id.value == *need)
                            .map_or(0..0, |(id, _)| id.at.clone());
                        return Some((at, cycle));
                    }
                    if !done.contains(need) {
                        way.push((need, 0));
                    }
                }
                None => {
                    done.insert(id);
                    way.pop();
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::keys::mistakes::Problem;
    use crate::model::aim::Aim;

    #[test]
    fn keys_that_do_not_apply_to_a_gate_are_mistakes() {
        let problems = |gate: &str| -> Vec<String> {
            let Err(problems) = Config::read(&format!("version = 1\n[[gate]]\nid = 'g'\n{gate}\n")) else {
                panic!()
            };
            problems.into_iter().map(|Problem { what, .. }| what).collect()
        };
        for (gate, problem) in [
            (
                "tool = 'ecr-push'\nfail_on = 'low'",
                "`fail_on` has no effect on ecr-push: it is an action, which succeeds or fails",
            ),
            (
                "tool = 'ecr-push'\nallow_empty = true",
                "`allow_empty` has no effect on ecr-push: it is an action, which succeeds or fails",
            ),
            (
                "tool = 'gitleaks'\nbranches = ['main']",
                "`branches` has no effect on gitleaks: it scans on every branch",
            ),
            (
                "tool = 'ecr-push'\nbranches = []",
                "`branches` is empty: name at least one, or leave the key out",
            ),
        ] {
            assert_eq!(problems(gate), [problem], "{gate}");
        }
    }

    #[test]
    fn a_gate_behind_an_action_waits_for_it() {
        let gate =
            |id: &str, tool: &str, more: &str| format!("[[gate]]\nid = '{id}'\ntool = '{tool}'\n{more}\n");
        let push = gate("push", "ecr-push", "images = ['a']");
        let smoke =
            |needs: &str| gate("smoke", "smoke-test", &format!("checks = [{{ url = 'http://a' }}]\n{needs}"));
        let problems = |gates: &[&str]| -> Vec<String> {
            match Config::read(&format!("version = 1\n{}", gates.concat())) {
                Ok(_) => Vec::new(),
                Err(problems) => problems.into_iter().map(|Problem { what, .. }| what).collect(),
            }
        };
        assert_eq!(problems(&[&smoke(""), &push]), Vec::<String>::new());
        assert_eq!(problems(&[&push, &smoke("needs = ['push']")]), Vec::<String>::new());
        let after = gate("after", "gitleaks", "needs = ['smoke']");
        assert_eq!(problems(&[&push, &smoke("needs = ['push']"), &after]), Vec::<String>::new());
        let says = "`smoke` stands behind the action `push` and does not wait for it";
        assert_eq!(problems(&[&push, &smoke("")]), [says]);
        assert_eq!(problems(&[&push, &gate("secrets", "gitleaks", "")]).len(), 1);
    }

    #[test]
    fn what_a_gate_looks_for_follows_its_options() {
        use Aim::*;
        let looks_for = |gate: &str| {
            let text = format!("version = 1\n[[gate]]\nid = 'g'\n{gate}\n");
            Config::read(&text).unwrap().gates.remove(0).looks_for
        };
        for (gate, aims) in [
            ("tool = 'gitleaks'", vec![Secrets]),
            ("tool = 'trivy'", vec![PackageVulnerabilities, Secrets]),
            ("tool = 'trivy'\nscan = 'image'\nimages = ['a']", vec![ImageVulnerabilities, Secrets]),
            ("tool = 'trivy'\nscan = 'config'", vec![Misconfigurations]),
            ("tool = 'trivy'\nscanners = ['license', 'misconfig']", vec![Misconfigurations, Licences]),
            ("tool = 'checkov'", vec![Misconfigurations, Secrets]),
            ("tool = 'checkov'\nframework = ['terraform']", vec![Misconfigurations]),
            ("tool = 'sonarqube'", vec![Quality]),
            ("tool = 'sonarqube'\nhotspots = true", vec![Quality, CodeVulnerabilities]),
            ("tool = 'command'\nrun = ['a']", vec![Tests]),
            ("tool = 'command'\nrun = ['a']\nreport = { format = 'sarif', path = '-' }", vec![]),
            ("tool = 'syft'", vec![]),
            ("tool = 'syft'\nlicences = { deny = ['MIT'] }", vec![Licences]),
            ("tool = 'ecr-push'", vec![]),
        ] {
            assert_eq!(looks_for(gate), aims, "{gate}");
        }
    }
}
