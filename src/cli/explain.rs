//! `portcullis explain`: how a decision was made, line by line, from the record of a run.

mod story;

use std::fmt::Write;
use std::path::Path;

use anyhow::{Result, bail};

use crate::cli::args::ExplainArgs;
use crate::config::find::{OUT, find_config, folder_of};
use crate::engine::saved_run;
use crate::model::assessment::Assessment;
use crate::model::clean::Clean;
use crate::model::finding::{Decision, Finding};
use crate::model::looked_at::{GateInput, InputState, Uncovered, count};
use crate::model::policy::Policy;
use crate::model::run::{Completeness, GateRecord, Run};
use crate::system::{terminal, variables};
use crate::text::human;
use crate::text::nearest::nearest;
use crate::text::sanitise::one_line;

/// The most findings that are explained in full. The rest is listed.
const IN_FULL: usize = 5;

/// The most findings that are listed.
const LISTED: usize = 50;

/// Prints what the record says about an id, a rule, an advisory or a gate.
pub(crate) fn execute(args: &ExplainArgs) -> Result<u8> {
    let from = match &args.from {
        Some(from) => from.clone(),
        None => {
            let config = find_config(args.config.config.as_deref())?;
            config.as_deref().map_or(Path::new("."), folder_of).join(OUT).join("run.json")
        }
    };
    if !from.is_file() && args.from.is_none() {
        bail!("there is no {}; `portcullis run` writes it, `--from FILE` names another", from.display());
    }
    let mut run = saved_run::read(&from)?;
    run.clean(variables::known_secrets().scrubber());
    let Some(story) = story(&run, &args.what) else {
        bail!("{} in {}", unknown(&run, &args.what), from.display());
    };
    terminal::say(&story);
    Ok(0)
}

/// The explanation of an id or its first digits, of a rule or an alias, or of a gate.
pub(crate) fn story(run: &Run, what: &str) -> Option<String> {
    if let Some(gate) = run.gates.iter().find(|gate| *gate.id == *what) {
        return Some(of_gate(run, gate));
    }
    let named =
        |finding: &&Finding| *finding.rule == *what || finding.aliases.iter().any(|alias| **alias == *what);
    let by_id = |finding: &&Finding| what.len() >= 4 && finding.id.starts_with(what);
    let mut found: Vec<&Finding> = run.findings.iter().filter(by_id).collect();
    if found.is_empty() {
        found = run.findings.iter().filter(named).collect();
    }
    if found.is_empty() {
        return None;
    }
    let mut page = String::new();
    if found.len() > 1 {
        let _ = writeln!(page, "{} of {what}\n", human::count(found.len() as u64, "finding"));
    }
    for finding in found.iter().take(IN_FULL) {
        page.push_str(&of_finding(run, finding));
        page.push('\n');
    }
    for finding in found.iter().skip(IN_FULL).take(LISTED) {
        let _ = writeln!(page, "{}  {}  {}", finding.id, one_line(&place(finding)), words(finding.decision));
    }
    if found.len() > IN_FULL + LISTED {
        let _ = writeln!(page, "and {} more", found.len() - IN_FULL - LISTED);
    }
    Some(page)
}

fn of_finding(run: &Run, finding: &Finding) -> String {
    let mut page = String::new();
    let mut line = |name: &str, value: String| {
        if !value.is_empty() {
            let _ = writeln!(page, "{name:<11} {}", one_line(&value));
        }
    };
    let gate = run.gates.iter().find(|gate| gate.id == finding.gate);
    line("finding", format!("{} ({})", finding.id, finding.category.as_str()));
    line("what", finding.title.to_string());
    line(
        "",
        if finding.message.trim() == finding.title.trim() {
            String::new()
        } else {
            finding.message.to_string()
        },
    );
    line(
        "rule",
        std::iter::once(&finding.rule)
            .chain(finding.aliases.iter())
            .map(|id| &**id)
            .collect::<Vec<_>>()
            .join(", "),
    );
    let said = finding
        .severity_raw
        .as_ref()
        .map(|raw| format!(" ({} says {raw})", finding.tool))
        .unwrap_or_default();
    line("severity", format!("{}{said}", finding.severity));
    line("where", place(finding));
    line("resource", finding.resource.as_deref().unwrap_or_default().to_owned());
    line("commit", finding.commit.as_deref().unwrap_or_default().to_owned());
    for known in risk(finding) {
        line("risk", known);
    }
    line("seen by", format!("{}, in gate {}", finding.seen_by.join(", "), finding.gate));
    let others = siblings(run, finding);
    for other in others.iter().take(IN_FULL) {
        let at = format!("{} in gate {}: {}", other.rule, other.gate, place(other));
        line("also", format!("{} {at}; {}, {}", other.id, other.severity, words(other.decision)));
    }
    if others.len() > IN_FULL {
        line("also", format!("{} more findings of the same problem", others.len() - IN_FULL));
    }
    line("decision", words(finding.decision).to_owned());
    line("because", finding.because.to_string());
    for (n, step) in story::steps(run, gate, finding).iter().enumerate() {
        line(if n == 0 { "steps" } else { "" }, format!("{}. {step}", n + 1));
    }
    if let Some(gate) = gate {
        line("policy", policy(gate));
        let advisory = if gate.required { "" } else { ", advisory: it never blocks" };
        line("gate", format!("{} {}: {}{advisory}", gate.id, gate.outcome, gate.reason));
    }
    line("verdict", format!("{}, mode {}", run.verdict.as_str(), run.mode));
    line("fix", finding.fix.as_deref().unwrap_or_default().to_owned());
    line("waive it", waive(finding));
    for reference in finding.references.iter().take(3) {
        line("see", reference.to_string());
    }
    page
}

/// What is known about it besides its severity.
fn risk(finding: &Finding) -> Vec<String> {
    let mut known = Vec::new();
    if let Some(risk) = &finding.risk {
        known.extend(risk.rated.map(|score| format!("rated by its CVSS score {score:.1}: the tool did not")));
        known.extend(risk.kev.map(|kev| format!("exploited: in CISA's KEV since {}", kev.added)));
        known.extend(risk.epss.map(|epss| {
            let (probability, percentile) = (epss.probability * 100.0, epss.percentile * 100.0);
            format!("EPSS {probability:.2} %, more than {percentile:.0} % of all vulnerabilities")
        }));
        known.extend(risk.vex.as_ref().map(Assessment::words));
    }
    if let Some(package) = &finding.package {
        known.extend(package.dev.then(|| "only development needs the package".to_owned()));
        known.extend(package.unfixed.then(|| "no release fixes it yet".to_owned()));
    }
    known
}

/// A `[[waiver]]` that would cover it, in one line; empty if it is waived already.
fn waive(finding: &Finding) -> String {
    match finding.decision {
        Decision::Waive => String::new(),
        _ => format!("[[waiver]] id = \"{}\", reason = \"…\", expires = …", finding.id),
    }
}

/// The other findings of the same problem.
fn siblings<'a>(run: &'a Run, finding: &Finding) -> Vec<&'a Finding> {
    let same = |other: &&Finding| {
        finding.problem.is_some() && other.problem == finding.problem && !std::ptr::eq(*other, finding)
    };
    run.findings.iter().filter(same).collect()
}

fn place(finding: &Finding) -> String {
    let target = &finding.target;
    match (&finding.package, &finding.location) {
        (Some(package), _) => {
            let version = package.version.as_deref().map(|version| format!(" {version}")).unwrap_or_default();
            format!("{}{version} in {target}", package.name)
        }
        (None, Some(location)) => location.to_string(),
        (None, None) => target.to_string(),
    }
}

fn words(decision: Decision) -> &'static str {
    match decision {
        Decision::Deny => "blocks",
        Decision::Allow => "is reported, and does not block",
        Decision::Waive => "is waived",
    }
}

/// The policy in the words of gates.toml.
fn policy(gate: &GateRecord) -> String {
    let Policy { fail_on, unrated, max, new_only, no_worse_than, conditions } = &gate.policy;
    let mut words = vec![format!("fail_on = {}", fail_on.as_str())];
    words.extend(unrated.map(|unrated| format!("unrated = {}", unrated.as_str())));
    words.extend(max.iter().map(|(severity, most)| format!("max.{severity} = {most}")));
    words.extend(new_only.then(|| "new_only = true".to_owned()));
    words.extend(no_worse_than.as_ref().map(|ratchet| format!("no_worse_than = {}", ratchet.than)));
    words.extend(conditions.words());
    words.join(", ")
}

fn of_gate(run: &Run, gate: &GateRecord) -> String {
    let mut page = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(page, "{name:<11} {}", one_line(&value));
    };
    let version = gate.tool_version.as_deref().unwrap_or("version unknown");
    line("gate", format!("{} ({})", gate.id, gate.stage));
    line("tool", format!("{} {version}", gate.tool));
    line("outcome", format!("{}: {}", gate.outcome, gate.reason));
    match &gate.evidence {
        Completeness::Whole => line("evidence", whole(gate)),
        Completeness::Lacking(why) | Completeness::Stale(why) => {
            line("evidence", format!("there is no proof: {why}"))
        }
        Completeness::Nothing(why) => line("evidence", format!("there was nothing to look at: {why}")),
        Completeness::Halted(why) => line("evidence", format!("it was stopped: {why}")),
    }
    line("required", if gate.required { "yes" } else { "no: it is advisory" }.to_owned());
    line("policy", policy(gate));
    if !run.max.is_empty() {
        line("all gates", story::budget(run));
    }
    line("looked at", gate.scope.to_string());
    for (n, input) in gate.inputs.iter().enumerate() {
        let name = if n == 0 { "inputs" } else { "" };
        line(name, format!("{} ({}): {}", input.path, input.kind.words(), input.words()));
    }
    unread(run, gate, &mut line);
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for finding in run.findings_of(gate) {
        match counts.iter_mut().find(|(because, _)| **because == *finding.because) {
            Some((_, n)) => *n += 1,
            None => counts.push((&finding.because, 1)),
        }
    }
    for (because, n) in counts {
        line("findings", format!("{n}: {because}"));
    }
    for target in &gate.targets {
        line("target", target.name.to_string());
        if !target.command.is_empty() {
            line("", target.command.join(" "));
        }
        for (mark, n) in &target.ignored {
            line("", format!("{} left out by {mark}", human::count(*n, "finding")));
        }
        for (why, n) in &target.unread {
            line("", format!("{} not read: {why}", human::count(*n, "file")));
        }
        for proof in target.proof_lines().chain(&target.reason) {
            line("", proof.clone());
        }
    }
    page
}

/// What the targets of a gate have proved, and what not all the same.
fn whole(gate: &GateRecord) -> String {
    let is_gap = |input: &GateInput| input.state == InputState::Gap;
    let (gaps, open) = (count(&gate.inputs, is_gap), count(&gate.inputs, GateInput::is_open));
    let were = |n: u64| if n == 1 { "1 input was".to_owned() } else { format!("{n} inputs were") };
    match (gaps, open) {
        (0, _) => "every target was looked at, with proof".to_owned(),
        (n, 0) => format!("every target has its proof; {} not read, which is accepted", were(n)),
        (_, n) => format!("every target has its proof, but {} not read", were(n)),
    }
}

/// What a gate with its tool would read, and no gate reads; and the lines of gates.toml that would change that.
fn unread(run: &Run, gate: &GateRecord, line: &mut impl FnMut(&str, String)) {
    let tools = |uncovered: &&Uncovered| uncovered.tools.iter().any(|tool| **tool == *gate.tool);
    let mut rest = run.inputs.uncovered.iter().filter(tools).peekable();
    if rest.peek().is_none() {
        return;
    }
    for (n, uncovered) in rest.enumerate() {
        const MOST: usize = 10;
        let paths: Vec<&str> = uncovered.inputs.iter().take(MOST).map(|input| &*input.path).collect();
        let more = if uncovered.inputs.len() > MOST { ", …" } else { "" };
        let words = uncovered.words().unwrap_or_else(|| "accepted".to_owned());
        line(if n == 0 { "not covered" } else { "" }, format!("{words}: {}{more}", paths.join(", ")));
    }
    for (n, text) in run.inputs.to_add.iter().enumerate() {
        line(if n == 0 { "init --add" } else { "" }, text.clone());
    }
}

/// The message for a word that the record does not have.
fn unknown(run: &Run, what: &str) -> String {
    let gates: Vec<&str> = run.gates.iter().map(|gate| &*gate.id).collect();
    let mut known = gates.clone();
    known.extend(run.findings.iter().map(|finding| &*finding.rule));
    match nearest(what, &known) {
        Some(near) => format!("nothing is called `{what}` (did you mean `{near}`?)"),
        None => format!("nothing is called `{what}`; gates are {},", gates.join(", ")),
    }
}
