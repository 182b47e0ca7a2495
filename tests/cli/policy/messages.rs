//! What a mistake in a key of the policy, or a report that can't be read, says.

use crate::common::Project;

fn gate(keys: &str) -> String {
    format!("version = 1\n[[gate]]\nid = \"audit\"\ntool = \"npm-audit\"\n{keys}\n")
}

#[test]
fn a_probability_is_from_0_to_1() {
    for value in ["-1", "1.5", "-0.1", "2", "100"] {
        let ran = Project::with_gates(&gate(&format!("epss_at_least = {value}"))).run(&["plan"]);
        assert_eq!(ran.code, 2, "{value}");
        assert!(ran.stderr.contains("from 0 to 1"), "{value}: {}", ran.stderr);
    }
    for value in ["0", "1", "0.5", "1.0"] {
        let ran = Project::with_gates(&gate(&format!("epss_at_least = {value}"))).run(&["plan"]);
        assert!(!ran.stderr.contains("from 0 to 1"), "{value}: {}", ran.stderr);
    }
}

#[test]
fn another_format_is_proposed_only_if_it_reads_the_report() {
    let sarif = "version = 1\n[[gate]]\nid = \"lint\"\ntool = \"command\"\nrun = [\"true\"]\nreport = { format = \"sarif\", path = \"r\" }\n";
    let whole = r#"{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[]}]}"#;
    let broken = whole.replace("\"results\":[]", "\"results\":7");
    for (report, gates, proposes) in [
        (broken.as_str(), sarif, false),
        (&whole[..whole.len() - 3], sarif, false),
        (whole, &*gate(""), true),
        (&broken, &*gate(""), false),
    ] {
        let project = Project::with_gates(gates);
        project.write("r.json", report);
        let name = if gates == sarif { "lint" } else { "audit" };
        let ran = project.run(&["judge", "--report", &format!("{name}=r.json")]);
        assert_eq!(ran.all().contains("it looks like sarif"), proposes, "{report}: {}", ran.all());
    }
}

/// What follows from a mistake is no mistake of its own.
#[test]
fn only_the_cause_is_shown() {
    let head = "version = 1\n[[gate]]\nid = \"a\"\n";
    for (gates, says) in [
        ("tool = \"syft\"\n[gate.licences]\ndeny = [\"GPL-9\"]\n", "`GPL-9` is not an SPDX licence"),
        (
            "tool = \"trivvy\"\n[profile.p]\nonly = [\"a\"]\n[profile.p.gate.a]\nfail_on = \"low\"\n[[waiver]]\ngate = \"a\"\nreason = \"y\"\nexpires = 2999-01-01\n",
            "`trivvy` is not a tool",
        ),
        ("tool = \"trivy\"\nscan = \"imgae\"\nimages = [\"x\"]\n", "`imgae` is not a value of `scan`"),
        ("tool = \"trivy\"\nfail_on_kev = true\n[risk]\nkev = 7\n", "`kev` must be a string"),
        ("tool = \"trivy\"\nepss_at_least = 0.1\nrisk = \"epss.csv\"\n", "`risk` is not a key"),
        ("tool = \"docker-build\"\nimages = [{ nam = \"x\" }]\n", "`nam` is not a key"),
        (
            "tool = \"eslint\"\n[[waiver]]\nresaon = \"x\"\nrule = \"a\"\nexpires = 2999-01-01\n",
            "`resaon` is not a key",
        ),
    ] {
        let ran = Project::with_gates(&format!("{head}{gates}")).run(&["plan"]);
        assert_eq!(ran.code, 2, "{gates}");
        assert!(ran.stderr.contains(says), "{gates}: {}", ran.stderr);
        let others = if gates.contains("risk = \"epss") { 2 } else { 1 };
        assert_eq!(ran.stderr.matches("error: ").count(), others, "{gates}: {}", ran.stderr);
    }
}
