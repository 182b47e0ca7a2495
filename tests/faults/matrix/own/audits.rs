//! The faults of the audits: npm, Yarn and pnpm.

use serde_json::json;

use crate::matrix::cases::Case;
use crate::matrix::tools::{Tool, edited, fixture};

pub(super) fn npm_audit(tool: &Tool) -> Vec<Case<'_>> {
    let report = tool.report().unwrap();
    let case = |fault, acts, says| Case::new(tool, fault, acts).saying(says);
    let refused = |case: &str| {
        let report = fixture(&format!("npm-audit/{case}/npm-audit.json"));
        tool.writes(report).exits(1).says(fixture(&format!("npm-audit/{case}/stderr.txt")))
    };
    let counted = edited(report, &[("/metadata/vulnerabilities/high", 2.into())]);
    let nothing = json!({"prod": 0, "dev": 0, "optional": 0, "peer": 0, "peerOptional": 0, "total": 0});
    vec![
        case("registry refused", refused("recorded-refused"), "registry"),
        case("registry refused, exit code 0", refused("recorded-refused").exits(0), "registry"),
        case("no connection", refused("recorded-no-connection"), "registry"),
        case("no lock file", refused("recorded-no-lock-file"), "ENOLOCK"),
        case("message instead of a report", tool.writes("{\"message\": \"too many requests\"}"), "too many"),
        case("error instead of a report", tool.writes("{\"error\": {\"code\": \"E500\"}}"), "E500"),
        case("offline, looks clean", tool.clean.clone().says(""), "did not ask the registry"),
        case("counts without a list", tool.writes(counted), "counted"),
        case("no packages", tool.writes(edited(report, &[("/metadata/dependencies", nothing)])), "in scope"),
    ]
}

pub(super) fn yarn_audit(tool: &Tool) -> Vec<Case<'_>> {
    let case = |fault, acts, says| Case::new(tool, fault, acts).saying(says);
    let failed = |case: &str| {
        let [report, log] =
            ["stdout.txt", "stderr.txt"].map(|name| fixture(&format!("yarn-audit/{case}/{name}")));
        tool.writes(report).exits(1).says(log)
    };
    let found = tool.findings.clone().unwrap();
    let lines: Vec<&[u8]> = found.report(0).unwrap().split_inclusive(|byte| *byte == b'\n').collect();
    let but = |left_out: &[u8]| {
        let kept = lines.iter().filter(|line| !line.windows(left_out.len()).any(|bytes| bytes == left_out));
        found.clone().with(0, Some(kept.copied().flatten().copied().collect()))
    };
    let nothing = edited(tool.report().unwrap(), &[("/data/totalDependencies", 0.into())]);
    vec![
        case("registry refused", failed("recorded-yarn1-refused"), "returned a 405"),
        case("registry refused, exit code 0", failed("recorded-yarn1-refused").exits(0), "returned a 405"),
        case("no connection", failed("recorded-yarn1-no-connection"), "ECONNREFUSED"),
        case("offline", failed("recorded-yarn1-offline"), "offline mode"),
        case("no lock file", failed("recorded-yarn1-no-lock-file"), "no yarn.lock"),
        case("no summary", but(b"auditSummary"), "auditSummary"),
        case("summary alone", but(b"auditAdvisory"), "it counts 3 critical, 4 high, 3 moderate"),
        case("one severity is not listed", but(b"\"severity\":\"moderate\""), "it counts 3 moderate"),
        case("exit code of other severities", found.clone().exits(16), "exit code 16 does not match"),
        case("no packages", tool.writes(nothing), "nothing was in scope"),
        case(
            "report of Yarn 3",
            tool.writes(fixture("yarn-audit/recorded-yarn3-clean/stdout.txt")),
            "by another Yarn",
        ),
        case("report of Yarn 4.0", tool.writes("{}"), "by another Yarn"),
    ]
}

pub(super) fn yarn_4_audit(tool: &Tool) -> Vec<Case<'_>> {
    let case = |fault, acts, says| Case::new(tool, fault, acts).saying(says);
    let words = |case: &str| fixture(&format!("yarn-audit/{case}/stdout.txt"));
    let failed = |case: &str| tool.writes(words(case)).exits(1);
    let requests = String::from_utf8(fixture("yarn-audit/recorded-yarn4-clean/requests-1.json")).unwrap();
    let asked = |from: &str, to: &str| tool.clean.clone().with(1, Some(requests.replace(from, to).into()));
    const SHOWS: &str = "nothing shows that it asked";
    vec![
        case("registry refused", failed("recorded-yarn4-refused"), "Response Code: 405"),
        case(
            "registry refused, exit code 0",
            failed("recorded-yarn4-refused").exits(0),
            "Response Code: 405",
        ),
        case("no connection", failed("recorded-yarn4-no-connection"), "ECONNREFUSED"),
        case("network switched off", failed("recorded-yarn4-network-off"), "blocked"),
        case("no lock file", failed("recorded-yarn4-no-lock-file"), "lockfile"),
        case("Yarn 1 in its place", failed("recorded-yarn4-by-yarn1"), "is Yarn 1"),
        case("prints nothing, and asked nothing", tool.clean.clone().with(1, None), SHOWS),
        case("prints nothing, and was refused", asked("200", "405"), SHOWS),
        case("prints nothing, and asked for something else", asked("advisories/bulk", "lodash"), SHOWS),
        case("what it asked is cut", asked("\"pid\"", "\u{0}"), SHOWS),
        case("report of Yarn 1", tool.writes(words("recorded-yarn1-clean")), "by another Yarn"),
        case("report of Yarn 3", tool.writes(words("recorded-yarn3-clean")), "by another Yarn"),
    ]
}

pub(super) fn pnpm_audit(tool: &Tool) -> Vec<Case<'_>> {
    let report = tool.report().unwrap();
    let case = |fault, acts, says| Case::new(tool, fault, acts).saying(says);
    let reported = |case: &str| tool.writes(fixture(&format!("pnpm-audit/{case}/stdout.txt"))).exits(1);
    let drawn = |case: &str| tool.writes("").exits(1).says(fixture(&format!("pnpm-audit/{case}/stderr.txt")));
    let edit = |key, value| tool.writes(edited(report, &[(key, value)]));
    vec![
        case("registry refused", reported("recorded-refused"), "405"),
        case("registry refused, exit code 0", reported("recorded-refused").exits(0), "405"),
        case("registry refused, version 12", drawn("recorded-refused-12"), "405"),
        case("no connection", reported("recorded-no-connection"), "ECONNREFUSED"),
        case("no connection, version 12", drawn("recorded-no-connection-12"), "Connection refused"),
        case("no lock file", reported("recorded-no-lock-file"), "No pnpm-lock.yaml"),
        case(
            "lock file of tomorrow",
            reported("recorded-lock-file-of-tomorrow").exits(0),
            "nothing was in scope",
        ),
        case(
            "registry errors ignored",
            reported("recorded-ignored-registry-errors").exits(0),
            "not a report of pnpm audit",
        ),
        case("counts without a list", edit("/metadata/vulnerabilities/high", 2.into()), "it counts 2 high"),
        case("counts of no severity", edit("/metadata/vulnerabilities/null", 1.into()), "it counts 1 null"),
        case("no packages", edit("/metadata/totalDependencies", 0.into()), "nothing was in scope"),
    ]
}
