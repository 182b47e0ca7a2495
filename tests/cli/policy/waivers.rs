//! Waivers: what they may say, and what each covers.

use super::{GATE, MARKS};
use crate::common::Project;

#[test]
fn waivers_that_say_too_much_or_contradict_each_other_are_mistakes() {
    let project = Project::new();
    for (waivers, why) in [
        ("[[waiver]]\nrule = \"a\"\nreason = \"x\"\n", "this waiver has no end"),
        ("[[waiver]]\npath = \"**\"\nreason = \"x\"\nexpires = 2999-12-31\n", "would cover every finding"),
        (
            "[[waiver]]\nrule = \"a\"\nreason = \"x\"\nexpires = 2999-12-31\n[[waiver]]\nrule = \"a\"\nreason = \"y\"\nexpires = 2999-12-30\n",
            "contradicts `waiver 1`",
        ),
        ("[[waiver]]\nrule = \"*\"\nreason = \"x\"\nexpires = 2999-12-31\n", "`rule` is not a pattern"),
        ("[[waiver]]\nrule = \"\"\nreason = \"x\"\nexpires = 2999-12-31\n", "`rule` is empty"),
        ("[[waiver]]\nrule = \"a\"\nreason = \" \"\nexpires = 2999-12-31\n", "`reason` is empty"),
        ("[[waiver]]\nrule = \"a\"\nreason = \"x\"\nexpires = 2026-02-30\n", "invalid date"),
        (
            "[[waiver]]\npath = \"**/**/*\"\nreason = \"x\"\nexpires = 2999-12-31\n",
            "would cover every finding",
        ),
        (
            "[[waiver]]\npath = \"../src/**\"\nreason = \"x\"\nexpires = 2999-12-31\n",
            "from the top of the repository",
        ),
        ("[[waiver]]\npath = 'src\\a.ts'\nreason = \"x\"\nexpires = 2999-12-31\n", "write `/`"),
        ("[[waiver]]\ngate = \"markz\"\nreason = \"x\"\nexpires = 2999-12-31\n", "did you mean `marks`?"),
        ("[[waiver]]\ntool = \"eslnt\"\nreason = \"x\"\nexpires = 2999-12-31\n", "did you mean `eslint`?"),
        (
            "[[waiver]]\nrule = \"a\"\nname = \"n\"\nreason = \"x\"\nexpires = 2999-12-31\n[[waiver]]\nrule = \"b\"\nname = \"n\"\nreason = \"x\"\nexpires = 2999-12-31\n",
            "another waiver is called `n`",
        ),
    ] {
        project.write("gates.toml", format!("version = 1\n{GATE}{waivers}"));
        let ran = project.run(&["run"]);
        assert_eq!(ran.code, 2, "{}", ran.all());
        assert!(ran.stderr.contains(why) && ran.stderr.contains("gates.toml:"), "{}", ran.stderr);
    }
    project.write(
        "gates.toml",
        format!("version = 1\nwaivers_without_end = true\n{GATE}[[waiver]]\nrule = \"a\"\nreason = \"x\"\n"),
    );
    assert_ne!(project.run(&["run"]).code, 2);
}

/// Three waivers for four findings. The first covers two. The second covers one of these and one more. The
/// third covers only what other waivers cover already.
#[test]
fn waivers_shows_what_each_covers_when_it_expires_and_which_overlap() {
    let waiver = |conditions: &str, end: &str| {
        format!("[[waiver]]\n{conditions}\nreason = \"for now\"\nexpires = {end}\n")
    };
    let project = Project::new();
    project.program("marks", MARKS);
    for n in 1..=4 {
        project.write(&format!("src/{n}.txt"), format!("FIXME: thing {n}\n"));
    }
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let yesterday = today.yesterday().unwrap();
    let waivers = [
        waiver("path = \"src/[12].txt\"", "2999-12-31"),
        waiver("path = \"src/[23].txt\"", &today.to_string()),
        waiver("path = \"src/3.txt\"", "2999-12-31"),
        waiver("path = \"src/4.txt\"", &yesterday.to_string()),
    ];
    project.write("gates.toml", format!("version = 1\nmode = \"production\"\n{GATE}{}", waivers.concat()));
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    let record = project.record();
    let waivers = &record["waivers"];
    let names = |list: &str| -> Vec<String> {
        let notes = waivers[list].as_array().unwrap().iter();
        notes.map(|note| note["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("used"), ["waiver 1", "waiver 2"]);
    assert_eq!(waivers["used"][1]["shares"], serde_json::json!(["waiver 1"]));
    assert_eq!(
        (names("unused"), &waivers["unused"][0]["behind"]),
        (vec!["waiver 3".to_owned()], &"waiver 2".into())
    );
    // It still applies on its last day.
    assert_eq!(
        (names("expiring"), names("expired")),
        (vec!["waiver 2".to_owned()], vec!["waiver 4".to_owned()])
    );
    let page = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "covers 2 findings, until 2999-12-31",
        "it overlaps with",
        "waiver 1, listed before it",
        &format!("expired on {yesterday}"),
    ] {
        assert!(page.contains(words), "{words}: {}", ran.stdout);
    }
    let findings = record["findings"].as_array().unwrap().iter();
    let id = |decision: &str| {
        findings.clone().find(|one| one["decision"] == decision).unwrap()["id"].as_str().unwrap()
    };
    let explained = project.run(&["explain", id("waive")]).stdout;
    assert!(
        explained.contains("waiver 1 (gates.toml:9) covers it, until 2999-12-31: for now. It is waived"),
        "{explained}"
    );
    let explained = project.run(&["explain", id("deny")]).stdout;
    assert!(explained.contains("none of 3 waivers covers it; expired: waiver 4"), "{explained}");
}

#[test]
fn a_waiver_for_an_advisory_covers_every_gate_unless_it_names_one() {
    let report = |tool: &str, id: &str, alias: &str| {
        format!(
            r#"{{"bomFormat": "CycloneDX", "specVersion": "1.5", "metadata": {{"tools": [{{"name": "{tool}"}}]}},
            "components": [{{"type": "library", "bom-ref": "a", "name": "lodash", "version": "4.17.4", "purl": "pkg:npm/lodash@4.17.4"}}],
            "vulnerabilities": [{{"id": "{id}", "references": [{{"id": "{alias}", "source": {{"name": "x"}}}}],
            "ratings": [{{"severity": "high"}}], "affects": [{{"ref": "a"}}]}}]}}"#
        )
    };
    let gates = |waiver: &str| {
        let gate = |id: &str| {
            format!(
                "[[gate]]\nid = \"{id}\"\ntool = \"command\"\nrun = [\"cp\", \"{id}.in\", \"{id}.json\"]\nreport = {{ format = \"cyclonedx\", path = \"{id}.json\" }}\n"
            )
        };
        let waiver = format!("[[waiver]]\n{waiver}\nreason = \"known\"\nexpires = 2999-12-31\n");
        format!("version = 1\nmode = \"production\"\n{}{}{waiver}", gate("one"), gate("two"))
    };
    let project = Project::new();
    project.write("one.in", report("one", "GHSA-jf85-cpcp-j695", "GHSA-jf85-cpcp-j695"));
    project.write("two.in", report("two", "CVE-2019-10744", "GHSA-jf85-cpcp-j695"));
    for (waiver, code, waived) in [
        ("rule = \"CVE-2019-10744\"", 0, 2),
        ("rule = \"CVE-2019-10744\"\npackage = \"lodash\"", 0, 2),
        ("rule = \"CVE-2019-10744\"\ngate = \"two\"", 1, 1),
        ("rule = \"CVE-2000-1\"", 1, 0),
    ] {
        project.write("gates.toml", gates(waiver));
        let ran = project.run(&["run"]);
        let record = project.record();
        let findings = record["findings"].as_array().unwrap();
        let of = |decision: &str| findings.iter().filter(|finding| finding["decision"] == decision).count();
        assert_eq!((ran.code, of("waive"), findings.len()), (code, waived, 2), "{waiver}: {}", ran.all());
        assert!(findings[0]["problem"].is_string() && findings[0]["problem"] == findings[1]["problem"]);
    }
    // Both are one row in the list of what blocks, and one change to make.
    let ran = project.run(&["run", "--dry-run"]);
    assert!(ran.stdout.contains("1 problem in 2 findings blocks"), "{}", ran.stdout);
    assert!(ran.stdout.contains("Found: 1 problem in 2 findings: 1 high\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains(" 1  Fix or waive 1 vulnerability  "), "{}", ran.stdout);
    // The row has the highest severity, even if only the gate blocks whose tool rates it lower.
    project
        .write("two.in", report("two", "CVE-2019-10744", "GHSA-jf85-cpcp-j695").replace("high", "critical"));
    let text = gates("rule = \"CVE-2000-1\"")
        .replace("[[gate]]\nid = \"two\"", "[[gate]]\nid = \"two\"\nfail_on = \"never\"");
    project.write("gates.toml", text);
    let ran = project.run(&["run"]);
    assert!(ran.stdout.contains("Found: 1 problem in 2 findings: 1 critical\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("\n critical   "), "{}", ran.stdout);
    let explained = project.run(&["explain", "GHSA-jf85-cpcp-j695"]).stdout;
    for words in ["severity    high", "severity    critical", "; critical, is reported, and does not block"] {
        assert!(explained.contains(words), "{words}: {explained}");
    }
}
