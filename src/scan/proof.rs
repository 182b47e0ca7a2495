//! The promise: a gate passes on proof only.

use std::collections::HashSet;

use crate::scan::parsed::{Exit, Parsed, ReportError};
use crate::scan::raw_report::RawReport;
use crate::scan::report_origin::ReportOrigin;
use crate::scan::tool::Tool;
use crate::scan::{package_versions, secret_findings};
use crate::text::shared::Text;

/// The assessed evidence of one job.
#[derive(Debug)]
pub enum Proof {
    /// The scanner did its work and this is what it found.
    Complete(Parsed),
    /// It worked, and there was nothing to scan.
    NothingInScope { parsed: Parsed, reason: String },
    /// There is no proof that it did its work. Its findings are shown anyway.
    Inconclusive { parsed: Parsed, reason: String },
}

impl Proof {
    /// No proof, and nothing found.
    pub fn inconclusive(reason: String) -> Self {
        Self::Inconclusive { parsed: Parsed::default(), reason }
    }

    pub fn parsed(&self) -> &Parsed {
        match self {
            Self::Complete(parsed)
            | Self::NothingInScope { parsed, .. }
            | Self::Inconclusive { parsed, .. } => parsed,
        }
    }

    pub fn parsed_mut(&mut self) -> &mut Parsed {
        match self {
            Self::Complete(parsed)
            | Self::NothingInScope { parsed, .. }
            | Self::Inconclusive { parsed, .. } => parsed,
        }
    }

    /// Why it is no proof, or why there was nothing to look at.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Complete(_) => None,
            Self::NothingInScope { reason, .. } | Self::Inconclusive { reason, .. } => Some(reason),
        }
    }
}

/// Assesses the output of a job that was started and ended by itself: conditions 2 to 6 of the promise.
/// (The engine's `job_run` checks condition 1, and that the files are new.)
pub fn assess(tool: &dyn Tool, raw: &RawReport, origin: &ReportOrigin) -> Proof {
    // 2. The exit code is one that the makers document for "clean" or "findings".
    let report = parse(tool, raw, origin);
    let meaning = |code| {
        let by_report = report.as_ref().ok().and_then(|parsed| tool.exit_by_report(code, parsed));
        by_report.unwrap_or_else(|| tool.exit(code))
    };
    let exit = raw.exit.map(|code| (code, meaning(code)));
    if let Some((code, Exit::Fault(meaning))) = exit {
        // The report often explains the failure better than the exit code.
        let (parsed, cause) = match report {
            Ok(parsed) => (parsed, tool.error_line(raw)),
            Err(ReportError::ToolError(cause)) => (Parsed::default(), Some(cause)),
            Err(_) => (Parsed::default(), tool.error_line(raw)),
        };
        let cause = cause.map(|cause| format!(": {cause}")).unwrap_or_default();
        return inconclusive(parsed, format!("exit code {code} ({meaning}){cause}"));
    }

    // 3. The report is complete, of the expected schema, with its required keys. 6. The parsers keep
    // what they cannot rate, as `unknown`.
    let mut parsed = match report {
        Ok(parsed) => parsed,
        Err(unproven) => {
            let cause = match &unproven {
                ReportError::ToolError(_) => None,
                _ => tool.error_line(raw),
            };
            let cause = cause.map(|cause| format!(" (it said: {cause})")).unwrap_or_default();
            return inconclusive(Parsed::default(), format!("{unproven}{cause}"));
        }
    };
    if raw.exit.is_some_and(|code| code != 0) {
        let further = std::mem::take(&mut parsed.gaps_unless_zero);
        parsed.gaps.extend(further);
    }
    if let Some(gap) = parsed.gaps.first() {
        let more = parsed.gaps.len() - 1;
        let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
        let reason = format!("not everything could be looked at: {gap}{more}");
        return inconclusive(parsed, reason);
    }

    // 4. Exit code and report agree.
    match agreement(tool, raw, exit, &parsed) {
        Ok(words) => parsed.proof.extend(words),
        Err(reason) => return inconclusive(parsed, reason),
    }

    // 5. Something was in scope.
    let unknown = parsed.scope_unreported && raw.exit.is_none();
    if let Some((path, why)) = parsed.not_read.first().filter(|_| read_nothing(&parsed, unknown)) {
        let reason = format!("nothing could be looked at: {path} ({why})");
        return inconclusive(parsed, reason);
    }
    if parsed.scope.is_empty() && parsed.findings.is_empty() && !unknown {
        let reason = "nothing was in scope: the report says that nothing was looked at".to_owned();
        return Proof::NothingInScope { parsed, reason };
    }
    parsed.proof.push(match parsed.scope.is_empty() {
        true => "the report does not say what was looked at".to_owned(),
        false => format!("looked at {}", parsed.scope),
    });
    Proof::Complete(parsed)
}

/// Whether nothing is left besides what the tool could not read.
fn read_nothing(parsed: &Parsed, unknown: bool) -> bool {
    let not_read: HashSet<&Text> = parsed.not_read.iter().map(|(path, _)| path).collect();
    let is_all =
        !parsed.read_inputs.is_empty() && parsed.read_inputs.iter().all(|path| not_read.contains(path));
    is_all || (parsed.scope.is_empty() && !unknown)
}

/// Whether the exit code and the report agree, as a line of the proof.
///
/// # Errors
/// How they contradict each other.
fn agreement(
    tool: &dyn Tool,
    raw: &RawReport,
    exit: Option<(i32, Exit)>,
    parsed: &Parsed,
) -> Result<Option<String>, String> {
    let moving = parsed.findings.iter().filter(|finding| tool.moves_exit_code(finding)).count();
    match exit {
        Some((code, Exit::Findings)) if moving == 0 => {
            let cause = tool.error_line(raw).map(|cause| format!(" (it said: {cause})")).unwrap_or_default();
            Err(format!("exit code {code} means findings, and the report has none{cause}"))
        }
        Some((code, Exit::Clean)) if moving > 0 => {
            let remedy = tool.if_clean_with_findings(code).map(|words| format!(" {words}"));
            Err(format!(
                "exit code {code} means clean, and the report has {moving} finding{}: is the tool set to ignore findings (soft-fail)?{}",
                if moving == 1 { "" } else { "s" },
                remedy.unwrap_or_default()
            ))
        }
        Some((code, Exit::Silent)) => {
            Ok(Some(format!("exit code {code}, which says nothing about findings")))
        }
        Some((code, _)) => Ok(Some(format!("exit code {code} agrees with the report"))),
        None if raw.by_steps => Ok(None),
        None => Ok(Some("exit code unknown: the report alone is judged".to_owned())),
    }
}

/// What the report says, with the secrets that its findings quote.
fn parse(tool: &dyn Tool, raw: &RawReport, origin: &ReportOrigin) -> Result<Parsed, ReportError> {
    let mut parsed = tool.parse(raw, origin)?;
    parsed.findings = package_versions::apart(parsed.findings);
    let quoted = secret_findings::quoted(&parsed.findings);
    parsed.secrets.extend(quoted);
    Ok(parsed)
}

fn inconclusive(parsed: Parsed, reason: String) -> Proof {
    Proof::Inconclusive { parsed, reason }
}
