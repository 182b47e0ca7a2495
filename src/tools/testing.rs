//! Helpers that the tests of the scanners share.

use std::borrow::Cow;

use toml::de::DeTable;

use crate::inputs::Inputs;
use crate::keys::mistakes::{Problem, Problems};
use crate::keys::table::Keys;
use crate::scan::job::Job;
use crate::scan::raw_report::{Document, RawReport};
use crate::scan::report_origin::ReportOrigin;
use crate::scan::scene::Scene;
use crate::system::git::{Range, Repo};

use crate::scan::tool::{Tool, ToolSpec};

/// The scanner with these gates.toml keys, and the mistakes in them.
pub(super) fn configured(spec: &ToolSpec, options: &str) -> (Box<dyn Tool>, Vec<Problem>) {
    let problems = Problems::default();
    let table = DeTable::parse(options).unwrap();
    let keys = Keys::new(table.get_ref(), 0..0, &problems);
    let tool = (spec.configure)(&keys);
    keys.finish("the gate");
    (tool, problems.into_sorted())
}

/// The scanner with keys that are free of mistakes.
pub(super) fn tool(spec: &ToolSpec, options: &str) -> Box<dyn Tool> {
    let (tool, problems) = configured(spec, options);
    assert_eq!(problems, []);
    tool
}

/// The messages of the mistakes in these keys.
pub(super) fn mistakes(spec: &ToolSpec, options: &str) -> Vec<String> {
    configured(spec, options).1.into_iter().map(|problem| problem.what).collect()
}

/// A git repository at `/repo`, with gates.toml in `base` below it.
pub(super) fn repo(base: &str) -> Repo {
    let root = std::path::PathBuf::from("/repo");
    Repo { base: root.join(base), root, head: Some("f".repeat(40)), git: true, ..Repo::default() }
}

/// The jobs that the gate `gate` plans in `/repo`.
pub(super) fn plan(tool: &dyn Tool, since: Option<&Range>) -> Vec<Job> {
    plan_in(tool, &repo(""), since)
}

pub(super) fn plan_in(tool: &dyn Tool, repo: &Repo, since: Option<&Range>) -> Vec<Job> {
    tool.plan(&Scene { repo, gate: "gate", since, built: &[], inputs: &Inputs::default() }).unwrap()
}

/// The command line without the program, as one text.
pub(super) fn line(job: &Job) -> String {
    job.invocation.args.join(" ")
}

/// A report as `judge` gets it.
pub(super) fn handed_in(report: &str) -> RawReport<'_> {
    let document = Document { name: "report".into(), bytes: Cow::Borrowed(report.as_bytes()) };
    RawReport { documents: vec![document], ..RawReport::default() }
}

pub(super) fn origin() -> ReportOrigin {
    ReportOrigin { root: "/repo".into(), cwd: "/repo".into(), target: ".".into() }
}
