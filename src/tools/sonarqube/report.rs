//! Answers of the Web API → findings and proof. All rules that prove a quality gate are here.

use crate::formats::json;
use crate::model::scope::{Scope, Unit};
use crate::scan::parsed::{Parsed, ReportError};
use crate::scan::report_origin::ReportOrigin;
use crate::text::human;

use super::answers::{Answers, ProjectStatus, ServerCircumstances, Task};
use super::findings::Surroundings;
use super::task_file;

const WHAT: &str = "answer of SonarQube";

/// How many warnings of an analysis are shown.
const WARNINGS: usize = 3;

/// Reads the report of a run, or a single answer that was saved.
pub(crate) fn read(bytes: &[u8], origin: &ReportOrigin) -> Result<Parsed, ReportError> {
    if !bytes.trim_ascii_start().starts_with(b"{") && task_file::looks_like_one(bytes) {
        return Err(ReportError::ToolError(
            "this is a report-task.txt, which names an analysis but not its result; hand in the answer of api/qualitygates/project_status"
                .to_owned(),
        ));
    }
    let answers: Answers = json::read(bytes, WHAT)?;
    let lists = answers.issues.is_some() || answers.hotspots.is_some();
    if answers.task.is_none() && answers.project_status.is_none() && !lists {
        let detail = "it has no `task`, `projectStatus`, `issues` or `hotspots`".to_owned();
        return Err(ReportError::Foreign { what: WHAT, detail });
    }
    if answers.portcullis.is_some() && answers.task.is_none() {
        return Err(ReportError::Foreign { what: WHAT, detail: "missing field `task`".to_owned() });
    }
    let mut parsed = found(&answers, origin);
    let mut doubts = Vec::new();
    if let Some(task) = &answers.task {
        doubts.extend(of_task(task, answers.project_status.is_some(), &mut parsed));
    }
    if let Some(gate) = &answers.project_status {
        doubts.extend(of_gate(gate, &mut parsed)?);
    }
    match &answers.portcullis {
        Some(run) => doubts.extend(of_run(run, answers.task.as_ref(), &mut parsed)),
        None => doubts.extend(of_page(&answers)),
    }
    conclude(parsed, doubts)
}

/// A doubt makes the report inconclusive. Findings are shown in any case.
fn conclude(mut parsed: Parsed, doubts: Vec<String>) -> Result<Parsed, ReportError> {
    match doubts.into_iter().next() {
        Some(doubt) if parsed.findings.is_empty() => Err(ReportError::ToolError(doubt)),
        doubt => {
            parsed.gaps.extend(doubt);
            Ok(parsed)
        }
    }
}

fn found(answers: &Answers, origin: &ReportOrigin) -> Parsed {
    let components = answers.components.as_deref().unwrap_or_default();
    let task = answers.task.as_ref();
    let subject = [
        ("id", task.and_then(|task| task.component_key.as_deref())),
        ("branch", task.and_then(|task| task.branch.as_deref())),
        ("pullRequest", task.and_then(|task| task.pull_request.as_deref())),
    ];
    let surroundings = Surroundings {
        origin,
        paths: components
            .iter()
            .filter_map(|file| Some((file.key.as_str(), file.path.as_deref()?)))
            .collect(),
        server: answers.portcullis.as_ref().map(|run| run.server.as_str()),
        subject: subject.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
    };
    let mut parsed = Parsed::default();
    let conditions = answers.project_status.iter().filter_map(|gate| gate.conditions.as_deref()).flatten();
    let failed = conditions.filter(|condition| ["ERROR", "WARN"].contains(&condition.status.as_str()));
    parsed.findings.extend(failed.map(|condition| surroundings.condition(condition)));
    let issues = answers.issues.iter().flatten();
    parsed.findings.extend(issues.map(|issue| surroundings.issue(issue)));
    let hotspots = answers.hotspots.iter().flatten();
    parsed.findings.extend(hotspots.map(|hotspot| surroundings.hotspot(hotspot)));
    for (things, n) in [
        ("issue", answers.issues.as_ref().map(Vec::len)),
        ("security hotspot", answers.hotspots.as_ref().map(Vec::len)),
    ] {
        let n = n.map(|n| human::count(n as u64, things));
        parsed.proof.extend(n.map(|n| format!("{n} listed")));
    }
    parsed
}

/// Why a task is no proof.
fn of_task(task: &Task, has_gate: bool, parsed: &mut Parsed) -> Option<String> {
    let why = task.error_message.as_deref().unwrap_or("it does not say why");
    match task.status.as_str() {
        "SUCCESS" if !has_gate => Some(format!(
            "the task {} ended with SUCCESS: the analysis was accepted, but this says nothing about the quality gate; hand in the answer of api/qualitygates/project_status",
            task.id
        )),
        "SUCCESS" => {
            let analysis = task.analysis_id.as_deref().unwrap_or("unknown");
            let of = [
                task.component_key.as_ref().map(|key| format!(" of {key}")),
                task.branch.as_ref().map(|branch| format!(", branch {branch}")),
                task.pull_request.as_ref().map(|key| format!(", pull request {key}")),
            ];
            let of: String = of.into_iter().flatten().collect();
            parsed.proof.push(format!("task {} ended with SUCCESS: analysis {analysis}{of}", task.id));
            let warnings = task.warnings.iter().take(WARNINGS);
            parsed.proof.extend(warnings.map(|warning| format!("the server warns: {warning}")));
            None
        }
        "FAILED" => Some(format!("the analysis failed on the server: {why}")),
        "CANCELED" => Some(format!("the analysis was canceled on the server: {why}")),
        other => Some(format!("the analysis has not ended: the task {} is {other}", task.id)),
    }
}

/// Why a quality gate is no proof.
fn of_gate(gate: &ProjectStatus, parsed: &mut Parsed) -> Result<Option<String>, ReportError> {
    let status = gate.status.as_str();
    if status == "NONE" {
        return Ok(Some(
            "the quality gate is NONE: the server has no result for this analysis (no gate is assigned to the project, or it has no new code yet)"
                .to_owned(),
        ));
    }
    let Some(conditions) = &gate.conditions else {
        return Err(ReportError::Foreign { what: WHAT, detail: "missing field `conditions`".to_owned() });
    };
    parsed.scope = Scope::of(Unit::Conditions, conditions.len() as u64);
    parsed.proof.push(format!("the server says that the quality gate is {status}"));
    if gate.ignored_conditions {
        let why = "the server left out conditions on coverage and duplication: there is little new code";
        parsed.proof.push(why.to_owned());
    }
    let with = |wanted: &str| conditions.iter().filter(|condition| condition.status == wanted).count();
    let (failed, warned) = (with("ERROR"), with("WARN"));
    let strange =
        conditions.iter().find(|condition| !["OK", "ERROR", "WARN"].contains(&condition.status.as_str()));
    Ok(match (status, failed, warned) {
        _ if strange.is_some() => strange.map(|condition| {
            format!(
                "the condition {} is {}, which is neither OK nor ERROR",
                condition.metric_key, condition.status
            )
        }),
        ("OK", 0, 0) | ("ERROR", 1.., _) | ("WARN", 0, 1..) => None,
        ("OK" | "ERROR" | "WARN", ..) => Some(format!(
            "the quality gate is {status}, but {failed} of its {} failed: they disagree",
            human::count(conditions.len() as u64, "condition")
        )),
        _ => Some(format!("the quality gate is {status}, which is not a known status of SonarQube")),
    })
}

/// Why the circumstances of a run are no proof.
fn of_run(run: &ServerCircumstances, task: Option<&Task>, parsed: &mut Parsed) -> Option<String> {
    let version = run.server_version.as_deref().map(|version| format!(", version {version}"));
    parsed.proof.push(format!("asked {}{}", run.server, version.unwrap_or_default()));
    parsed.tool_version = match &run.scanner {
        Some(scanned) => scanned.version.clone(),
        None => run.server_version.clone(),
    };
    let doubt = match (&run.scanner, &run.elsewhere) {
        (Some(_), _) => None,
        (None, Some(elsewhere)) => elsewhere.doubt(task, &mut parsed.proof),
        (None, None) => Some("the report does not say what was analysed, and by which scanner".to_owned()),
    };
    doubt.or_else(|| run.gaps.first().cloned())
}

/// Why one page of a list is no proof. A page that lists more than it counts is complete.
fn of_page(answers: &Answers) -> Option<String> {
    let total = answers.paging?.total;
    let listed = [answers.issues.as_ref().map(Vec::len), answers.hotspots.as_ref().map(Vec::len)];
    let listed: usize = listed.into_iter().flatten().sum();
    (total > listed as u64).then(|| format!("this page lists {listed} of {total}"))
}
