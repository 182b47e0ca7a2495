//! What blocks, by its cause: a package, a secret, a rule. A group is one thing to do something about, and its rows are problems.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};

use crate::model::finding::{Category, Finding};
use crate::model::run::Run;
use crate::model::severity::{Severity, rank};
use crate::report::problems::highest;
use crate::report::{subject, worst};

/// Problems with one cause.
#[derive(Debug)]
pub(crate) struct Cause<'a> {
    pub kind: Kind<'a>,
    /// The highest severity that a tool gives one of them.
    pub severity: Severity,
    /// How many problems it has, and how many findings.
    pub problems: usize,
    pub findings: usize,
    /// The gates that see it.
    pub gates: BTreeSet<&'a str>,
    /// Where it is: directories, images.
    pub targets: BTreeSet<&'a str>,
    pub new: bool,
    /// The worst problems, the worst first.
    pub rows: Vec<Row<'a>>,
}

/// One problem of a cause.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    pub finding: &'a Finding,
    /// How many other findings it has.
    pub others: usize,
    /// It was not known before, in a run that has a baseline.
    pub new: bool,
    severity: Severity,
}

/// What problems have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind<'a> {
    /// A rule that finds secrets.
    Secret(&'a str),
    /// Name and version.
    Package(&'a str, &'a str),
    Types,
    Tests,
    /// A rule of a gate.
    Rule {
        gate: &'a str,
        rule: &'a str,
    },
    /// Several rules of a gate, each with one problem.
    Others {
        gate: &'a str,
    },
}

impl<'a> Kind<'a> {
    fn of(finding: &'a Finding) -> Self {
        match (&finding.package, finding.category) {
            (Some(package), _) => {
                Self::Package(&package.name, package.version.as_deref().unwrap_or_default())
            }
            (None, Category::Secret) => Self::Secret(subject::rule(finding)),
            (None, Category::Type) => Self::Types,
            (None, Category::Test) => Self::Tests,
            (None, _) => Self::Rule { gate: &finding.gate, rule: subject::rule(finding) },
        }
    }

    /// The order among causes of one severity.
    fn place(&self) -> u8 {
        match self {
            Self::Secret(_) => 0,
            Self::Package(..) => 1,
            Self::Types | Self::Tests | Self::Rule { .. } => 2,
            Self::Others { .. } => 3,
        }
    }
}

/// The causes of what blocks a run.
#[derive(Debug)]
pub(crate) struct Causes<'a> {
    /// The worst first.
    pub all: Vec<Cause<'a>>,
    pub problems: usize,
    pub findings: usize,
    /// Whether the run knows what is new.
    pub knows_new: bool,
}

impl<'a> Causes<'a> {
    /// Each cause with at most `rows` of its problems.
    pub(crate) fn of(run: &'a Run, rows: usize) -> Self {
        let highest = highest(&run.findings);
        let knows_new = run.known.as_ref().is_some_and(|known| known.findings > 0);
        // The findings of each problem that has several.
        let mut members: HashMap<&str, Vec<&Finding>> = HashMap::new();
        for finding in worst::blocking(run) {
            if let Some(problem) = finding.problem.as_deref() {
                members.entry(problem).or_default().push(finding);
            }
        }
        let mut found = Found { rows, all: Vec::new(), at: HashMap::new() };
        let mut seen = HashSet::new();
        for finding in worst::blocking(run) {
            let problem = finding.problem.as_deref();
            if problem.is_some_and(|problem| !seen.insert(problem)) {
                continue;
            }
            let of_problem = problem.and_then(|problem| members.get(problem)).map_or(&[][..], |all| all);
            let all = if of_problem.is_empty() { std::slice::from_ref(&finding) } else { of_problem };
            let severity = problem.and_then(|problem| highest.get(problem)).copied();
            found.add(all, severity.unwrap_or(finding.severity), knows_new);
        }
        let all = found.in_order();
        let sum = |n: fn(&Cause) -> usize| all.iter().map(n).sum();
        Self { problems: sum(|cause| cause.problems), findings: sum(|cause| cause.findings), all, knows_new }
    }
}

struct Found<'a> {
    rows: usize,
    all: Vec<Cause<'a>>,
    at: HashMap<Kind<'a>, usize>,
}

impl<'a> Found<'a> {
    /// Adds a problem with its findings.
    fn add(&mut self, findings: &[&'a Finding], severity: Severity, knows_new: bool) {
        let Some(first) = worst::first(findings.iter().copied(), 1).pop() else { return };
        let kind = Kind::of(first);
        let at = *self.at.entry(kind).or_insert_with(|| {
            self.all.push(Cause::new(kind));
            self.all.len() - 1
        });
        let Some(cause) = self.all.get_mut(at) else { return };
        let new = knows_new && findings.iter().any(|finding| !finding.baseline);
        let row = Row { finding: first, others: findings.len() - 1, new, severity };
        cause.add(row, self.rows);
        for finding in findings {
            cause.gates.insert(&finding.gate);
            cause.targets.insert(&finding.target);
        }
    }

    /// The worst first. Rules with one problem each stand together under their gate.
    fn in_order(self) -> Vec<Cause<'a>> {
        let lonely = |cause: &Cause<'a>| match cause.kind {
            Kind::Rule { gate, .. } if cause.problems == 1 => Some(gate),
            _ => None,
        };
        let mut rules: HashMap<&str, usize> = HashMap::new();
        for gate in self.all.iter().filter_map(lonely) {
            *rules.entry(gate).or_default() += 1;
        }
        let (alone, mut all): (Vec<Cause>, Vec<Cause>) = self
            .all
            .into_iter()
            .partition(|cause| lonely(cause).is_some_and(|gate| rules.get(gate).is_some_and(|n| *n > 1)));
        let mut others: Vec<Cause> = Vec::new();
        for cause in alone {
            let Kind::Rule { gate, .. } = cause.kind else { continue };
            let kind = Kind::Others { gate };
            let at = others.iter().position(|other| other.kind == kind).unwrap_or_else(|| {
                others.push(Cause::new(kind));
                others.len() - 1
            });
            others[at].join(cause, self.rows);
        }
        all.extend(others);
        all.sort_by_key(|cause| (Reverse(rank(cause.severity)), cause.kind.place(), Reverse(cause.problems)));
        all
    }
}

impl<'a> Cause<'a> {
    fn new(kind: Kind<'a>) -> Self {
        Self {
            kind,
            severity: Severity::Info,
            problems: 0,
            findings: 0,
            gates: BTreeSet::new(),
            targets: BTreeSet::new(),
            new: false,
            rows: Vec::new(),
        }
    }

    fn add(&mut self, row: Row<'a>, most: usize) {
        if self.problems == 0 || rank(row.severity) > rank(self.severity) {
            self.severity = row.severity;
        }
        self.problems += 1;
        self.findings += 1 + row.others;
        self.new |= row.new;
        // New ones first, then the worst; equal ones stay in order.
        let key = |row: &Row| (Reverse(row.new), Reverse(rank(row.severity)));
        let at = self.rows.partition_point(|other| key(other) <= key(&row));
        if at < most {
            self.rows.insert(at, row);
            self.rows.truncate(most);
        }
    }

    fn join(&mut self, other: Self, most: usize) {
        for row in other.rows {
            self.add(row, most);
        }
        self.gates.extend(other.gates);
        self.targets.extend(other.targets);
    }

    /// `lodash 4.17.4`, `no-explicit-any`, `Type errors`.
    pub(crate) fn title(&self) -> String {
        match self.kind {
            Kind::Package(name, "") => name.to_owned(),
            Kind::Package(name, version) => format!("{name} {version}"),
            Kind::Secret(rule) | Kind::Rule { rule, .. } => rule.to_owned(),
            Kind::Types => "Type errors".to_owned(),
            Kind::Tests => "Failed tests".to_owned(),
            Kind::Others { .. } => "Rules with one finding each".to_owned(),
        }
    }

    /// What all rows that are kept say, if it is the same.
    pub(crate) fn common_words(&self) -> Option<&'a str> {
        let first = subject::title(self.rows.first()?.finding);
        let is_rule = matches!(self.kind, Kind::Secret(_) | Kind::Rule { .. });
        let alike = self.rows.iter().all(|row| subject::title(row.finding) == first);
        (is_rule && alike && first != self.title()).then_some(first)
    }
}

#[cfg(test)]
mod tests;
