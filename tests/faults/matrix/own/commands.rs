//! The faults of reports that any command can write.

use serde_json::{Value, json};

use crate::matrix::cases::Case;
use crate::matrix::tools::{Tool, edited};

pub(super) fn sarif(tool: &Tool) -> Vec<Case<'_>> {
    let report = tool.report().unwrap();
    let case = |fault, acts, says| Case::new(tool, fault, acts).saying(says);
    let edit = |key, value| tool.writes(edited(report, &[(key, value)]));
    vec![
        case("no runs", edit("/runs", json!([])), "nothing was in scope"),
        case(
            "run without success",
            edit("/runs/0/invocations", json!([{"executionSuccessful": false}])),
            "successful",
        ),
    ]
}

pub(super) fn inventory<'t>(tool: &'t Tool, list: &str) -> Vec<Case<'t>> {
    let report = tool.report().unwrap();
    let case = |fault, value| {
        Case::new(tool, fault, tool.writes(edited(report, &[(list, value)]))).saying("nothing was in scope")
    };
    vec![case("no packages", json!([])), case("no list of packages", Value::Null)]
}

pub(super) fn junit(tool: &Tool) -> Vec<Case<'_>> {
    let case = |fault, text: &str, says| Case::new(tool, fault, tool.writes(text)).saying(says);
    vec![
        case("no tests", "<testsuites/>", "nothing was in scope"),
        case("suites without tests", "<testsuites><testsuite name='a' tests='0'/></testsuites>", "in scope"),
        case(
            "tests without a list",
            "<testsuites><testsuite name='a' tests='3'/></testsuites>",
            "counts 3 tests",
        ),
        case(
            "all tests skipped",
            "<testsuite><testcase name='a'><skipped/></testcase></testsuite>",
            "in scope",
        ),
        case("counts without a list", "<testsuite failures='1'><testcase name='a'/></testsuite>", "counts 1"),
    ]
}

pub(super) fn checkstyle(tool: &Tool) -> Vec<Case<'_>> {
    let case = |fault, text: &str, says| Case::new(tool, fault, tool.writes(text)).saying(says);
    vec![
        case("no files", "<checkstyle version='8.0'/>", "nothing was in scope"),
        case("file without a name or an error", "<checkstyle><file/></checkstyle>", "nothing was in scope"),
        case(
            "file that could not be checked",
            "<checkstyle><file name='a'><exception/></file></checkstyle>",
            "checked",
        ),
    ]
}
