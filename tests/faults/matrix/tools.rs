//! The rows of the matrix: every tool with a whole clean report, a whole report with findings, and
//! what is peculiar to it. Nearly all reports are recordings from `fixtures/`.

use std::path::Path;

use serde_json::Value;

use super::rows::rows;
use super::sonarqube;

/// What a fake does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Acts {
    /// Its reports in their order; `None`: it does not write this one.
    pub reports: Vec<Option<Vec<u8>>>,
    pub stderr: Vec<u8>,
    /// What git answers, each under the word that the question ends with, or begins with.
    pub answers: Vec<(&'static str, Vec<u8>)>,
    pub exit: i32,
    /// Shell text: what it does before and after it writes its reports.
    pub before: &'static str,
    pub after: &'static str,
}

/// One row.
pub(crate) struct Tool {
    pub name: &'static str,
    pub program: &'static str,
    /// The gate's own keys; `REPORT` stands for the path of a command's report.
    pub gate: &'static str,
    pub clean: Acts,
    /// Absent where the tool finds nothing by its nature.
    pub findings: Option<Acts>,
    /// Which of its reports the faults damage.
    pub damaged: usize,
    /// Keys (JSON pointers) without which a report is none, those that are in it.
    pub required: &'static [&'static str],
    /// Codes of a crash, a usage error and the like, as documented.
    pub crashes: &'static [i32],
    /// The code of findings, where there is one beside a report.
    pub found: Option<i32>,
    /// Key of the gate that names the folder it looks at.
    pub folder: Option<&'static str>,
    /// It runs as one of several steps, which have their time together.
    pub steps: bool,
    /// Where it puts its report: `-`, or the option that names the file; absent: `fake.sh` knows.
    pub report_at: Option<&'static str>,
    /// Files of the project that it looks at.
    pub files: Vec<(String, String)>,
}

impl Acts {
    pub(super) fn new(exit: i32, reports: Vec<Vec<u8>>) -> Self {
        Self { reports: reports.into_iter().map(Some).collect(), exit, ..Self::default() }
    }

    pub(crate) fn says(mut self, stderr: impl Into<Vec<u8>>) -> Self {
        self.stderr = stderr.into();
        self
    }

    /// With git's answer to one question; `None`: it has none.
    pub(crate) fn answered(mut self, question: &'static str, answer: Option<&str>) -> Self {
        self.answers.retain(|(known, _)| *known != question);
        self.answers.extend(answer.map(|answer| (question, answer.into())));
        self
    }

    pub(crate) fn exits(mut self, code: i32) -> Self {
        self.exit = code;
        self
    }

    pub(crate) fn before(mut self, shell: &'static str) -> Self {
        self.before = shell;
        self
    }

    pub(crate) fn after(mut self, shell: &'static str) -> Self {
        self.after = shell;
        self
    }

    /// The same with the report `n` as `change` makes it.
    pub(crate) fn with(mut self, n: usize, report: Option<Vec<u8>>) -> Self {
        if let Some(slot) = self.reports.get_mut(n) {
            *slot = report;
        }
        self
    }

    pub(crate) fn report(&self, n: usize) -> Option<&[u8]> {
        self.reports.get(n)?.as_deref()
    }
}

impl Tool {
    /// The report that the faults damage, clean.
    pub(crate) fn report(&self) -> Option<&[u8]> {
        self.clean.report(self.damaged)
    }

    /// The clean run with another report.
    pub(crate) fn writes(&self, report: impl Into<Vec<u8>>) -> Acts {
        self.clean.clone().with(self.damaged, Some(report.into()))
    }

    /// A run that must never pass: with findings, or else a crash after a whole report.
    pub(crate) fn guilty(&self) -> Acts {
        self.findings.clone().unwrap_or_else(|| self.clean.clone().exits(self.crashes[0]))
    }

    pub(crate) fn has_report(&self) -> bool {
        self.report().is_some()
    }
}

/// The row of a Yarn that prints nothing where it finds nothing.
pub(crate) const YARN_4: &str = "yarn-audit of Yarn 4";

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A recorded report with values replaced (JSON pointers); `Null` removes.
pub(crate) fn edited(report: &[u8], edits: &[(&str, Value)]) -> Vec<u8> {
    let mut document: Value = serde_json::from_slice(report).unwrap();
    for (pointer, value) in edits {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match document.pointer_mut(parent) {
            Some(Value::Object(map)) if value.is_null() => drop(map.remove(key)),
            Some(Value::Object(map)) => drop(map.insert(key.to_owned(), value.clone())),
            Some(Value::Array(list)) => list[key.parse::<usize>().unwrap()] = value.clone(),
            _ => panic!("{pointer} is not in the report"),
        }
    }
    serde_json::to_vec(&document).unwrap()
}

/// A row with nothing in it.
pub(super) fn base() -> Tool {
    Tool {
        name: "",
        program: "",
        gate: "",
        clean: Acts::default(),
        findings: None,
        damaged: 0,
        required: &[],
        crashes: &[],
        found: None,
        folder: Some("dirs = ['gone']"),
        steps: false,
        report_at: None,
        files: Vec::new(),
    }
}

/// Every row: those beside the fixtures, and those of tools with more than one report, or with a peculiar way to give it.
pub(crate) fn tools() -> Vec<Tool> {
    let mut tools = peculiar();
    tools.extend(rows());
    tools
}

fn peculiar() -> Vec<Tool> {
    let [clean_log, found_log] = ["recorded-range-clean", "recorded-history"]
        .map(|case| fixture(&format!("gitleaks/{case}/stderr.txt")));
    let git_secrets = |exit, case: &str| {
        let file = |name: &str| fixture(&format!("git-secrets/{case}/{name}"));
        let answers = vec![("secrets.patterns", file("patterns")), ("grep", file("files"))];
        Acts { answers, ..Acts::new(exit, vec![file("git-secrets.txt")]) }
    };
    let [npm_clean, npm_found] = ["recorded-clean", "recorded-findings"].map(|case| {
        let exit = i32::from(case == "recorded-findings");
        Acts::new(exit, vec![fixture(&format!("npm-audit/{case}/npm-audit.json"))])
            .says(fixture(&format!("npm-audit/{case}/stderr.txt")))
    });
    let recorded =
        |tool: &str, case: &str, exit| Acts::new(exit, vec![fixture(&format!("{tool}/{case}/stdout.txt"))]);
    let [yarn_clean, yarn_found] =
        [("recorded-yarn4-clean", 0), ("recorded-yarn4-findings", 1)].map(|(case, exit)| {
            let mut acts = recorded("yarn-audit", case, exit);
            acts.reports.push(Some(fixture(&format!("yarn-audit/{case}/requests-1.json"))));
            acts
        });
    let [built, warned] = ["recorded-buildkit-built", "warnings"].map(|case| {
        Acts::new(0, vec![fixture(&format!("docker-build/{case}/image-id"))])
            .says(fixture(&format!("docker-build/{case}/stderr")))
    });
    let trivy = fixture("trivy/recorded-fs/trivy.json");
    let trivy_clean = edited(&trivy, &[("/Results/0/Vulnerabilities", Value::Null)]);
    let checkov = fixture("checkov/recorded-secrets/results_json.json");
    let none: Value = Vec::<Value>::new().into();
    let checkov_clean = edited(&checkov, &[("/results/failed_checks", none), ("/summary/failed", 0.into())]);
    let terraform = |case: &str| fixture(&format!("terraform-validate/{case}/terraform-validate.json"));
    let command = |format: &str, clean: &str, found: &str| {
        [(0, clean), (1, found)]
            .map(|(exit, case)| Acts::new(exit, vec![fixture(&format!("{format}/{case}"))]))
    };
    let [sarif, sarif_found] = command("sarif", "eslint-clean/report.sarif", "eslint-findings/report.sarif");
    let [junit, junit_found] = command("junit", "node-clean/report.xml", "node/report.xml");
    let [checkstyle, checkstyle_found] =
        command("checkstyle", "eslint-clean/report.xml", "eslint-findings/report.xml");
    let syft = ["syft", "cyclonedx-1.5", "spdx-2.3", "cyclonedx-1.5"]
        .map(|name| fixture(&format!("syft/recorded-dir/{name}.json")));
    // Its maker says of the one vulnerability that it does not matter.
    let vulnerable = edited(
        &fixture("cyclonedx/valid-vulnerability-1-5/report.cdx.json"),
        &[("/vulnerabilities/0/analysis", Value::Null)],
    );
    let inventory = |name, damaged, required| Tool {
        name,
        program: "syft",
        gate: "tool = 'syft'",
        clean: Acts::new(0, syft.to_vec()),
        damaged,
        required,
        crashes: &[1],
        ..base()
    };

    vec![
        Tool {
            name: "gitleaks",
            program: "gitleaks",
            gate: "tool = 'gitleaks'",
            clean: Acts::new(0, vec![b"[]\n".to_vec()]).says(clean_log),
            findings: Some(
                Acts::new(77, vec![fixture("gitleaks/recorded-history/gitleaks-history.json")])
                    .says(found_log),
            ),
            required: &["/0/RuleID", "/0/File", "/0/Secret"],
            crashes: &[1, 126],
            found: Some(77),
            folder: None, // gitleaks itself says so
            ..base()
        },
        Tool {
            name: "git-secrets",
            program: "git-secrets",
            gate: "tool = 'git-secrets'",
            clean: git_secrets(0, "recorded-tree-clean"),
            findings: Some(git_secrets(1, "recorded-tree")),
            crashes: &[2, 128, 129],
            found: Some(1),
            folder: None, // it looks at the whole repository
            ..base()
        },
        Tool {
            name: "npm-audit",
            program: "npm",
            gate: "tool = 'npm-audit'",
            clean: npm_clean,
            findings: Some(npm_found),
            required: &["/vulnerabilities", "/metadata", "/metadata/dependencies"],
            crashes: &[243],
            found: Some(1),
            ..base()
        },
        Tool {
            name: "yarn-audit",
            program: "yarn",
            gate: "tool = 'yarn-audit'",
            clean: recorded("yarn-audit", "recorded-yarn1-clean", 0),
            findings: Some(recorded("yarn-audit", "recorded-yarn1-findings", 28)),
            required: &["/data", "/data/vulnerabilities", "/data/totalDependencies"],
            crashes: &[32, 134],
            found: Some(8),
            ..base()
        },
        Tool {
            name: YARN_4,
            program: "yarn",
            gate: "tool = 'yarn-audit'\ndirs = ['yarn4']",
            clean: yarn_clean,
            findings: Some(yarn_found),
            crashes: &[32, 134],
            found: Some(1),
            folder: None, // the same as that of Yarn 1
            ..base()
        },
        Tool {
            name: "sonarqube",
            program: "sonar-scanner",
            gate: sonarqube::gate(),
            clean: Acts::new(0, vec![sonarqube::task_file("clean")]),
            findings: Some(Acts::new(0, vec![sonarqube::task_file("found")])),
            crashes: &[1, 2, 3],
            folder: Some("dir = 'gone'"),
            steps: true,
            ..base()
        },
        Tool {
            name: "docker-build",
            program: "docker",
            gate: "tool = 'docker-build'\nimages = [{ name = 'app' }]",
            clean: built,
            findings: Some(warned),
            crashes: &[1, 125],
            folder: None, // docker itself says so
            ..base()
        },
        Tool {
            name: "docker-build by podman",
            program: "podman",
            gate: "tool = 'docker-build'\nengine = 'podman'\nimages = [{ name = 'app' }]",
            clean: Acts::new(0, vec![fixture("docker-build/recorded-podman-built/image-id")])
                .before("echo 'Successfully tagged localhost/app:3f2a91c4d5e6'"),
            crashes: &[1, 125],
            folder: None, // podman itself says so
            ..base()
        },
        Tool {
            name: "trivy",
            program: "trivy",
            gate: "tool = 'trivy'",
            clean: Acts::new(0, vec![trivy_clean]),
            findings: Some(Acts::new(0, vec![trivy])),
            required: &["/SchemaVersion", "/Results", "/Results/0/Target"],
            crashes: &[1],
            ..base()
        },
        inventory("syft", 0, &["/artifacts", "/artifacts/0/name", "/descriptor", "/descriptor/name"]),
        inventory(
            "syft (CycloneDX)",
            1,
            &["/bomFormat", "/specVersion", "/components", "/components/0/name"],
        ),
        inventory("syft (SPDX)", 2, &["/spdxVersion", "/packages", "/packages/1/SPDXID"]),
        Tool {
            name: "checkov",
            program: "checkov",
            gate: "tool = 'checkov'",
            clean: Acts::new(0, vec![checkov_clean]),
            findings: Some(Acts::new(1, vec![checkov])),
            required: &["/results", "/results/failed_checks", "/summary"],
            crashes: &[2],
            found: Some(1),
            ..base()
        },
        Tool {
            name: "terraform-validate",
            program: "terraform",
            gate: "tool = 'terraform-validate'",
            clean: Acts::new(0, vec![terraform("recorded-valid")]),
            findings: Some(Acts::new(1, vec![terraform("recorded-errors")])),
            required: &[
                "/format_version",
                "/valid",
                "/error_count",
                "/warning_count",
                "/diagnostics",
                "/diagnostics/0/severity",
                "/diagnostics/0/summary",
            ],
            crashes: &[2, 127],
            found: Some(1),
            steps: true,
            ..base()
        },
        Tool {
            name: "command with SARIF",
            program: "linter",
            gate: "tool = 'command'\nrun = ['linter']\nreport = { format = 'sarif', path = 'REPORT' }",
            clean: sarif,
            findings: Some(sarif_found),
            required: &["/version", "/runs", "/runs/0/tool", "/runs/0/tool/driver/name", "/runs/0/results"],
            crashes: &[126, 127, 137],
            found: Some(1),
            folder: Some("dir = 'gone'"),
            ..base()
        },
        Tool {
            name: "command with JUnit",
            program: "tester",
            gate: "tool = 'command'\nrun = ['tester']\nreport = { format = 'junit', path = 'REPORT' }",
            clean: junit,
            findings: Some(junit_found),
            crashes: &[126, 127, 137],
            found: Some(1),
            folder: Some("dir = 'gone'"),
            ..base()
        },
        Tool {
            name: "command with Checkstyle",
            program: "styler",
            gate: "tool = 'command'\nrun = ['styler']\nreport = { format = 'checkstyle', path = 'REPORT' }",
            clean: checkstyle,
            findings: Some(checkstyle_found),
            crashes: &[126, 127, 137],
            found: Some(1),
            folder: Some("dir = 'gone'"),
            ..base()
        },
        Tool {
            name: "command with CycloneDX",
            program: "inventory",
            gate: "tool = 'command'\nrun = ['inventory']\nreport = { format = 'cyclonedx', path = 'REPORT' }",
            clean: Acts::new(0, vec![syft[1].clone()]),
            findings: Some(Acts::new(1, vec![vulnerable])),
            required: &["/bomFormat", "/specVersion", "/components", "/components/0/name"],
            crashes: &[126, 127, 137],
            found: Some(1),
            folder: Some("dir = 'gone'"),
            ..base()
        },
        Tool {
            name: "command with SPDX",
            program: "licences",
            gate: "tool = 'command'\nrun = ['licences']\nreport = { format = 'spdx', path = 'REPORT' }",
            clean: Acts::new(0, vec![syft[2].clone()]),
            required: &["/spdxVersion", "/packages", "/packages/1/SPDXID", "/packages/1/name"],
            crashes: &[126, 127, 137],
            found: Some(1),
            folder: Some("dir = 'gone'"),
            ..base()
        },
        Tool {
            name: "command without a report",
            program: "checker",
            gate: "tool = 'command'\nrun = ['checker']",
            clean: Acts::default(),
            findings: Some(Acts::default().exits(1)),
            crashes: &[126, 127, 137],
            folder: Some("dir = 'gone'"),
            ..base()
        },
    ]
}
