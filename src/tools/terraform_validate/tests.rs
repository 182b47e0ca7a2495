use super::*;

use crate::model::finding::Category;
use crate::model::severity::Severity;
use crate::tools::testing::{handed_in, line, mistakes, origin, plan, tool};

/// A report of these diagnostics.
fn report(errors: u64, warnings: u64, diagnostics: &str) -> String {
    format!(
        r#"{{"format_version": "1.0", "valid": {}, "error_count": {errors}, "warning_count": {warnings},
            "diagnostics": [{diagnostics}]}}"#,
        errors == 0
    )
}

fn diagnostic(severity: &str, summary: &str, further: &str) -> String {
    format!(r#"{{"severity": "{severity}", "summary": "{summary}", "detail": "why"{further}}}"#)
}

fn at(filename: &str) -> String {
    format!(
        r#", "range": {{"filename": "{filename}", "start": {{"line": 2, "column": 3, "byte": 9}},
            "end": {{"line": 2, "column": 7, "byte": 13}}}}"#
    )
}

fn parse(report: &str) -> Result<Parsed, ReportError> {
    tool(&SPEC, "").parse(&handed_in(report), &origin())
}

#[test]
fn each_root_is_validated_by_the_engine_that_is_named() {
    for engine in ["terraform", "tofu"] {
        let options = format!("dirs = ['a', 'b']\nengine = '{engine}'");
        let jobs = plan(&*tool(&SPEC, &options), None);
        let targets: Vec<&str> = jobs.iter().map(|job| &*job.target).collect();
        assert_eq!(targets, ["a", "b"]);
        assert_eq!(
            (jobs[0].invocation.program.name.as_str(), line(&jobs[0])),
            (engine, "validate -json -no-color".into())
        );
        assert!(jobs[0].procedure.is_some());
        assert_eq!(jobs[0].invocation.env["CHECKPOINT_DISABLE"], "1");
    }
    assert_eq!(mistakes(&SPEC, "engine = 'pulumi'"), ["`pulumi` is not a value of `engine`"]);
    assert_eq!(mistakes(&SPEC, "init = 'yes'").len(), 1);
}

#[test]
fn a_diagnostic_is_a_finding_with_its_place_and_resource_and_without_source_text() {
    let further = format!(
        r#"{}, "snippet": {{"context": "resource \"aws_instance\" \"web\"", "code": "password = \"hunter2\"",
            "start_line": 2, "values": [{{"traversal": "var.p", "statement": "is \"hunter2\""}}]}}"#,
        at("main.tf")
    );
    let error = diagnostic("error", "Unsupported argument", &further);
    let warning = diagnostic("warning", "Deprecated", &at("../shared/x.tf"));
    let parsed = parse(&report(1, 1, &format!("{error}, {warning}"))).unwrap();
    let found = &parsed.findings[0];
    assert_eq!(
        (&*found.rule, &*found.title, &*found.message),
        ("unsupported-argument", "Unsupported argument", "why")
    );
    assert_eq!((found.severity, found.category), (Severity::High, Category::Misconfiguration));
    assert_eq!(found.location.as_ref().unwrap().to_string(), "main.tf:2");
    assert_eq!(found.resource.as_deref(), Some("aws_instance.web"));
    assert_eq!(parsed.findings[1].severity, Severity::Low);
    assert!(!format!("{parsed:?}").contains("hunter2"));
    assert_eq!(parsed.gaps, [""; 0]);
}

#[test]
fn a_heading_names_what_it_is_about() {
    for (context, resource) in [
        (r#"resource \"a\" \"b\""#, Some("a.b")),
        (r#"data \"a\" \"b\""#, Some("data.a.b")),
        (r#"module \"m\""#, Some("module.m")),
        (r#"variable \"v\""#, None),
        (r#"resource \"a\""#, None),
        ("locals", None),
    ] {
        let further = format!(r#"{}, "snippet": {{"context": "{context}", "code": ""}}"#, at("a.tf"));
        let parsed = parse(&report(1, 0, &diagnostic("error", "Wrong", &further))).unwrap();
        assert_eq!(parsed.findings[0].resource.as_deref(), resource, "{context}");
    }
    let addressed = format!(r#"{}, "address": "module.m.a.b""#, at("a.tf"));
    let parsed = parse(&report(1, 0, &diagnostic("error", "Wrong", &addressed))).unwrap();
    assert_eq!(parsed.findings[0].resource.as_deref(), Some("module.m.a.b"));
}

#[test]
fn what_is_about_the_installation_is_a_gap_and_no_finding() {
    for (summary, further) in [
        ("Module not installed", at("main.tf")),
        ("Missing required provider", String::new()),
        ("Something that nobody has heard of", String::new()),
        ("Unsupported OpenTofu Core version", at("main.tf")),
    ] {
        let text = report(1, 0, &diagnostic("error", summary, &further));
        let parsed = parse(&text).unwrap();
        assert_eq!((parsed.findings.len(), parsed.gaps.len()), (0, 1), "{summary}");
        assert!(report::wants_init(text.as_bytes()));
    }
    for (severity, summary, further) in [
        ("error", "Cycle: b.b, a.a", String::new()),
        ("error", "Unsupported argument", at("a.tf")),
        ("warning", "Provider development overrides are in effect", String::new()),
    ] {
        let text = report(
            u64::from(severity == "error"),
            u64::from(severity != "error"),
            &diagnostic(severity, summary, &further),
        );
        let parsed = parse(&text).unwrap();
        assert_eq!((parsed.findings.len(), parsed.gaps.len()), (1, 0), "{summary}");
        assert!(!report::wants_init(text.as_bytes()));
    }
}

#[test]
fn the_members_of_a_cycle_stand_in_one_order() {
    let title =
        |summary| parse(&report(1, 0, &diagnostic("error", summary, ""))).unwrap().findings[0].title.clone();
    assert_eq!(title("Cycle: b.b, a.a, c.c"), "Cycle: a.a, b.b, c.c");
    assert_eq!(title("Cycle: c.c, b.b, a.a"), "Cycle: a.a, b.b, c.c");
}

#[test]
fn a_downloaded_module_is_shown_where_init_would_put_it() {
    let path = |filename: &str| {
        let parsed = parse(&report(1, 0, &diagnostic("error", "Wrong", &at(filename)))).unwrap();
        parsed.findings[0].location.as_ref().unwrap().path.clone()
    };
    for (filename, shown) in [
        ("/tmp/run/terraform/root/.terraform/modules/vpc/main.tf", ".terraform/modules/vpc/main.tf"),
        ("../tmp/run/.terraform/modules/vpc/main.tf", ".terraform/modules/vpc/main.tf"),
        (".terraform/modules/vpc/main.tf", ".terraform/modules/vpc/main.tf"),
        ("modules/vpc/main.tf", "modules/vpc/main.tf"),
    ] {
        assert_eq!(path(filename), shown, "{filename}");
    }
}

#[test]
fn an_error_for_people_is_its_heading_and_what_follows() {
    let boxed =
        "╷\n│ Error: Inconsistent checksums\n│ \n│ The lock file says\n│ otherwise.\n│ \n│ More.\n╵\n";
    assert_eq!(report::error_in(boxed).unwrap(), "Inconsistent checksums: The lock file says otherwise.");
    assert_eq!(report::error_in("words\n\nError: Gone\n").unwrap(), "Gone");
    assert_eq!(report::error_in(&report(0, 0, "")), None);
}
