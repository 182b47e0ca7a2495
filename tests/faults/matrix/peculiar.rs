//! The rows of tools with more than one report, or with a peculiar way to give it.

use serde_json::Value;

use super::sonarqube;
use super::tools::{Acts, Tool, YARN_4, base, edited, fixture};

/// The tools with more than one report, or with a peculiar way to give it.
pub(super) fn peculiar() -> Vec<Tool> {
    [secrets(), audits(), images(), inventories(), infrastructure(), reports(), lists()]
        .into_iter()
        .flatten()
        .collect()
}

/// What looks for secrets.
fn secrets() -> Vec<Tool> {
    let [clean_log, found_log] = ["recorded-range-clean", "recorded-history"]
        .map(|case| fixture(&format!("gitleaks/{case}/stderr.txt")));
    let git_secrets = |exit, case: &str| {
        let file = |name: &str| fixture(&format!("git-secrets/{case}/{name}"));
        let answers = vec![("secrets.patterns", file("patterns")), ("grep", file("files"))];
        Acts { answers, ..Acts::new(exit, vec![file("git-secrets.txt")]) }
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
    ]
}

/// The audits, and SonarQube.
fn audits() -> Vec<Tool> {
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
    vec![
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
    ]
}

/// What builds images, and scans them.
fn images() -> Vec<Tool> {
    let [built, warned] = ["recorded-buildkit-built", "warnings"].map(|case| {
        Acts::new(0, vec![fixture(&format!("docker-build/{case}/image-id"))])
            .says(fixture(&format!("docker-build/{case}/stderr")))
    });
    let trivy = fixture("trivy/recorded-fs/trivy.json");
    let trivy_clean = edited(&trivy, &[("/Results/0/Vulnerabilities", Value::Null)]);
    vec![
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
    ]
}

/// The three reports of Syft.
fn inventories() -> Vec<Tool> {
    let syft = ["syft", "cyclonedx-1.5", "spdx-2.3", "cyclonedx-1.5"]
        .map(|name| fixture(&format!("syft/recorded-dir/{name}.json")));
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
        inventory("syft", 0, &["/artifacts", "/artifacts/0/name", "/descriptor", "/descriptor/name"]),
        inventory(
            "syft (CycloneDX)",
            1,
            &["/bomFormat", "/specVersion", "/components", "/components/0/name"],
        ),
        inventory("syft (SPDX)", 2, &["/spdxVersion", "/packages", "/packages/1/SPDXID"]),
    ]
}

/// What reads infrastructure as code.
fn infrastructure() -> Vec<Tool> {
    let checkov = fixture("checkov/recorded-secrets/results_json.json");
    let none: Value = Vec::<Value>::new().into();
    let checkov_clean = edited(&checkov, &[("/results/failed_checks", none), ("/summary/failed", 0.into())]);
    let terraform = |case: &str| fixture(&format!("terraform-validate/{case}/terraform-validate.json"));
    vec![
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
    ]
}

/// Commands that write a report of a known format.
fn reports() -> Vec<Tool> {
    let command = |format: &str, clean: &str, found: &str| {
        [(0, clean), (1, found)]
            .map(|(exit, case)| Acts::new(exit, vec![fixture(&format!("{format}/{case}"))]))
    };
    let [sarif, sarif_found] = command("sarif", "eslint-clean/report.sarif", "eslint-findings/report.sarif");
    let [junit, junit_found] = command("junit", "node-clean/report.xml", "node/report.xml");
    let [checkstyle, checkstyle_found] =
        command("checkstyle", "eslint-clean/report.xml", "eslint-findings/report.xml");
    vec![
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

/// Commands that write a bill of materials.
fn lists() -> Vec<Tool> {
    let syft = ["syft", "cyclonedx-1.5", "spdx-2.3", "cyclonedx-1.5"]
        .map(|name| fixture(&format!("syft/recorded-dir/{name}.json")));
    // Its maker says of the one vulnerability that it does not matter, and that it was rejected.
    let vulnerable = edited(
        &fixture("cyclonedx/valid-vulnerability-1-5/report.cdx.json"),
        &[("/vulnerabilities/0/analysis", Value::Null), ("/vulnerabilities/0/rejected", Value::Null)],
    );
    vec![
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
    ]
}
