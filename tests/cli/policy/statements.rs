//! What a report, or a VEX document, says of findings: which words waive, and what a floor forbids. The rows are those of
//! docs/policy.md, "Who can waive".

use crate::common::Project;

/// What waives, or does not.
struct Row {
    what: &'static str,
    /// A format of `judge --report`.
    format: &'static str,
    report: String,
    /// A VEX document, or nothing.
    vex: Option<String>,
    waives: bool,
}

const LATER: &str = "2999-01-01T00:00:00Z";
const BEFORE: &str = "2026-01-01T00:00:00Z";

fn sarif(suppressions: &str) -> String {
    format!(
        r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"demo"}}}},"results":[{{"ruleId":"CVE-2020-0001","level":"error","message":{{"text":"found"}}{suppressions}}}]}}]}}"#
    )
}

fn cyclonedx(analysis: &str) -> String {
    format!(
        r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"metadata":{{"timestamp":"{BEFORE}"}},"components":[{{"type":"library","bom-ref":"a","name":"a","version":"1.0.0","purl":"pkg:npm/a@1.0.0"}}],
        "vulnerabilities":[{{"id":"CVE-2020-0001","ratings":[{{"severity":"high"}}],"affects":[{{"ref":"a"}}]{analysis}}}]}}"#
    )
}

fn openvex(words: &str) -> String {
    format!(
        r#"{{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://example.test/vex","author":"a","timestamp":"{BEFORE}","version":1,
        "statements":[{{"vulnerability":{{"name":"CVE-2020-0001"}},"products":[{{"@id":"pkg:npm/a@1.0.0"}}],{words}}}]}}"#
    )
}

fn spdx(words: &str, class: &str) -> String {
    format!(
        r#"{{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[
        {{"type":"SpdxDocument","spdxId":"d"}},
        {{"type":"software_Package","spdxId":"p","name":"a","software_packageVersion":"1.0.0"}},
        {{"type":"security_Vulnerability","spdxId":"v","name":"CVE-2020-0001"}},
        {{"type":"security_{class}VulnAssessmentRelationship","spdxId":"r","relationshipType":"x","from":"v","to":["p"]{words}}}]}}"#
    )
}

fn junit(words: &str) -> String {
    format!(
        r#"<testsuites><testsuite name="pytest" tests="1" failures="0" skipped="1"><testcase classname="a" name="b">{words}</testcase></testsuite></testsuites>"#
    )
}

fn rows() -> Vec<Row> {
    let row = |format, what: &'static str, report, waives| Row { what, format, report, vex: None, waives };
    let mut rows = Vec::new();
    for (words, waives) in [
        (r#","suppressions":[{"kind":"inSource"}]"#, true),
        (r#","suppressions":[{"kind":"external","status":"accepted"}]"#, true),
        (r#","suppressions":[{"kind":"external","state":"accepted"}]"#, true),
        (r#","suppressions":[{"kind":"external","status":"underReview"}]"#, false),
        (r#","suppressions":[{"kind":"inSource"},{"kind":"external","status":"rejected"}]"#, false),
        (r#","suppressions":[]"#, false),
    ] {
        rows.push(row("sarif", words, sarif(words), waives));
    }
    for (words, waives) in [
        (r#","analysis":{"state":"not_affected","justification":"code_not_reachable"}"#, true),
        (r#","analysis":{"state":"not_affected","detail":"no caller"}"#, true),
        (r#","analysis":{"state":"not_affected"}"#, false),
        (r#","analysis":{"state":"not_affected","justification":"trust_me"}"#, false),
        // A word of OpenVEX.
        (r#","analysis":{"state":"not_affected","justification":"component_not_present"}"#, false),
        (r#","analysis":{"state":"false_positive"}"#, true),
        (r#","analysis":{"state":"resolved"}"#, true),
        (r#","analysis":{"state":"resolved_with_pedigree"}"#, true),
        (r#","analysis":{"state":"in_triage"}"#, false),
        (r#","analysis":{"state":"exploitable"}"#, false),
        (r#","analysis":{"justification":"code_not_reachable"}"#, false),
    ] {
        rows.push(row("cyclonedx", words, cyclonedx(words), waives));
    }
    for (class, words, waives) in [
        ("VexNotAffected", r#","security_justificationType":"componentNotPresent""#, true),
        ("VexNotAffected", r#","security_impactStatement":"no caller""#, true),
        ("VexNotAffected", "", false),
        ("VexNotAffected", r#","security_justificationType":"trustMe""#, false),
        ("VexFixed", "", true),
        ("VexAffected", "", false),
        ("VexUnderInvestigation", "", false),
    ] {
        rows.push(row("spdx", class, spdx(words, class), waives));
    }
    let xfail = r#"<skipped type="pytest.xfail" message="known"/><failure message="no"/>"#;
    rows.push(row("junit", "xfail beside a failure", junit(xfail), false));
    let todo = r#"<testcase classname="a" name="b"><skipped type="todo"/><failure message="no"/></testcase>"#;
    let node = |todos| format!("<testsuites>{todo}<!-- tests 1 --><!-- todo {todos} --></testsuites>");
    rows.push(row("junit", "todo", node(1), true));
    rows.push(row("junit", "todo that is not counted", node(0), false));
    rows.push(row("junit", "skipped", junit(r#"<skipped message="later"/><failure message="no"/>"#), false));
    for (words, waives) in [
        (r#""status":"not_affected","justification":"component_not_present""#, true),
        (r#""status":"not_affected","impact_statement":"no caller""#, true),
        (r#""status":"fixed""#, true),
        (r#""status":"affected","action_statement":"upgrade""#, false),
        (r#""status":"under_investigation""#, false),
    ] {
        let vex = Some(openvex(words));
        rows.push(Row { what: words, format: "cyclonedx", report: cyclonedx(""), vex, waives });
    }
    rows
}

/// The exit code in production, under a floor.
fn judged(row: &Row, floor: &str) -> (i32, String) {
    let vex = if row.vex.is_some() { "vex = [\"vex.json\"]\n" } else { "" };
    let gate = format!(
        "[[gate]]\nid = \"scan\"\ntool = \"command\"\nrun = [\"true\"]\nfail_on = \"low\"\nreport = {{ format = \"{}\", path = \"r\" }}\n",
        row.format
    );
    let project = Project::with_gates(&format!("version = 1\nmode = \"production\"\n{vex}{gate}"));
    project.write("report", &row.report);
    if let Some(document) = &row.vex {
        project.write("vex.json", document);
    }
    project.write("floor.toml", format!("version = 1\n{floor}"));
    let ran = project.run(&["judge", "--report", "scan=report", "--require", "floor.toml"]);
    (ran.code, ran.all())
}

#[test]
fn each_statement_waives_or_not_as_the_table_says_and_a_floor_forbids_all() {
    for row in rows() {
        let what = format!("{} {}", row.format, row.what);
        let (code, all) = judged(&row, "");
        assert_eq!(code, i32::from(!row.waives), "{what}: {all}");
        // A document is refused as a whole, before anything is judged.
        let refused = if row.vex.is_some() { 2 } else { 1 };
        let (code, all) = judged(&row, "vex = false\n");
        assert_eq!(code, refused, "{what}: {all}");
        // The finding of the JUnit report has no id that a floor could protect.
        if row.format != "junit" {
            let (code, all) = judged(&row, "protected = [\"CVE-2020-*\"]\n");
            let refused = if row.waives { refused } else { 1 };
            assert_eq!(code, refused, "{what}: {all}");
            let (code, all) = judged(&row, "protected = [\"CVE-2021-*\"]\n");
            assert_eq!(code, i32::from(!row.waives), "{what}: {all}");
        }
    }
}

#[test]
fn a_document_that_gives_no_reason_is_a_mistake() {
    for (document, says) in [
        (openvex(r#""status":"not_affected""#), "no `justification` and no `impact_statement`"),
        (openvex(r#""status":"not_affected","justification":"trust_me""#), "the justification `trust_me`"),
        (openvex(r#""status":"not_affected","impact_statement":" ""#), "no `impact_statement`"),
        // A word of CycloneDX.
        (openvex(r#""status":"not_affected","justification":"code_not_reachable""#), "`code_not_reachable`"),
        (cyclonedx(r#","analysis":{"state":"not_affected"}"#), "no `justification` and no `detail`"),
        (
            cyclonedx(r#","analysis":{"state":"not_affected","justification":"trust_me"}"#),
            "the justification `trust_me`",
        ),
    ] {
        let row = Row {
            what: says,
            format: "cyclonedx",
            report: cyclonedx(""),
            vex: Some(document),
            waives: false,
        };
        let (code, all) = judged(&row, "");
        assert_eq!(code, 2, "{all}");
        assert!(all.contains(says), "{says}: {all}");
    }
}

/// `vex = false` is about statements: a waiver of gates.toml has a reason and a last day.
#[test]
fn a_waiver_covers_what_a_floor_does_not_let_the_report_suppress() {
    let gate = "[[gate]]\nid = \"scan\"\ntool = \"command\"\nrun = [\"true\"]\nreport = { format = \"sarif\", path = \"r\" }\n";
    let waiver = "[[waiver]]\nrule = \"CVE-2020-0001\"\nreason = \"later\"\nexpires = 2999-12-31\n";
    for (rest, code) in [("", 1), (waiver, 0)] {
        let project = Project::with_gates(&format!("version = 1\nmode = \"production\"\n{gate}{rest}"));
        project.write("report", sarif(r#","suppressions":[{"kind":"inSource"}]"#));
        project.write("floor.toml", "version = 1\nvex = false\n");
        let ran = project.run(&["judge", "--report", "scan=report", "--require", "floor.toml"]);
        assert_eq!(ran.code, code, "{rest}: {}", ran.all());
    }
}

/// Of two statements the one that was changed last counts, whatever the order.
#[test]
fn the_last_word_is_that_of_the_statement_or_else_of_its_document() {
    let statement = |status: &str, times: &str| {
        format!(
            r#"{{"vulnerability":{{"name":"CVE-2020-0001"}},"products":[{{"@id":"pkg:npm/a@1.0.0"}}],"status":"{status}","impact_statement":"w","action_statement":"w"{times}}}"#
        )
    };
    for (fine, bad, waives) in [
        // Without times of their own: those of the document, so at the same time, and the stricter counts.
        ("", "", false),
        (r#","timestamp":"2026-02-01T00:00:00Z""#, "", true),
        (r#","timestamp":"2026-02-01T00:00:00Z""#, r#","timestamp":"2026-03-01T00:00:00Z""#, false),
        (
            r#","timestamp":"2025-02-01T00:00:00Z","last_updated":"2026-04-01T00:00:00Z""#,
            r#","timestamp":"2026-03-01T00:00:00Z""#,
            true,
        ),
    ] {
        let (fine, bad) = (statement("not_affected", fine), statement("affected", bad));
        for both in [format!("{fine},{bad}"), format!("{bad},{fine}")] {
            let document = format!(
                r#"{{"@context":"https://openvex.dev/ns/v0.2.0","@id":"x","author":"a","timestamp":"{BEFORE}","last_updated":"2026-05-01T00:00:00Z","version":1,"statements":[{both}]}}"#
            );
            let row = Row {
                what: "",
                format: "cyclonedx",
                report: cyclonedx(""),
                vex: Some(document.clone()),
                waives,
            };
            let (code, all) = judged(&row, "");
            assert_eq!(code, i32::from(!waives), "{document}: {all}");
        }
    }
    let ahead = format!(r#""status":"fixed","last_updated":"{LATER}""#);
    let row = Row {
        what: "",
        format: "cyclonedx",
        report: cyclonedx(""),
        vex: Some(openvex(&ahead)),
        waives: false,
    };
    let (code, all) = judged(&row, "");
    assert_eq!(code, 2, "{all}");
}

/// npm's advisories have a GHSA id first: a floor that protects the CVE means them too.
#[test]
fn an_alias_of_a_protected_rule_is_protected_too() {
    let waiver = "[[waiver]]\nrule = \"GHSA-aaaa-bbbb-cccc\"\nreason = \"later\"\nexpires = 2999-12-31\n";
    let gate = "[[gate]]\nid = \"scan\"\ntool = \"command\"\nrun = [\"true\"]\nreport = { format = \"cyclonedx\", path = \"r\" }\n";
    let project = Project::with_gates(&format!("version = 1\nmode = \"production\"\n{gate}{waiver}"));
    project.write(
        "report",
        cyclonedx(r#","references":[{"id":"GHSA-aaaa-bbbb-cccc","source":{"name":"GHSA"}}]"#),
    );
    let judge = |floor: &str| {
        project.write("floor.toml", format!("version = 1\n{floor}"));
        project.run(&["judge", "--report", "scan=report", "--require", "floor.toml"])
    };
    assert_eq!(judge("").code, 0);
    assert_eq!(judge("protected = [\"cve-2020-*\"]\n").code, 1);
    let ran = judge("protected = [\"CVE-2020-0001\"]\n");
    assert_eq!(ran.code, 1, "{}", ran.all());
    let explained = project.run(&["explain", "CVE-2020-0001"]);
    let why = "nothing may waive it: the floor protects CVE-2020-0001";
    assert!(explained.stdout.contains(why), "{}", explained.all());
}
