//! What a licence is: an id, a full name, a choice, unknown. The rules are those of docs/policy.md.

use super::questions::record;
use crate::common::Project;

#[test]
fn licences_that_are_unknown_warn_and_of_a_choice_the_best_side_counts() {
    for (licence, rules, severity) in [
        ("", "deny = [\"AGPL-*\"]", Some("medium")),
        ("NOASSERTION", "deny = [\"AGPL-*\"]", Some("medium")),
        ("AGPL-3.0-only OR LicenseRef-x", "deny = [\"AGPL-*\"]", Some("medium")),
        ("AGPL-3.0-only OR MIT", "deny = [\"AGPL-*\"]", None),
        ("LicenseRef-x OR MIT", "deny = [\"AGPL-*\"]", None),
        ("AGPL-3.0-only AND LicenseRef-x", "deny = [\"AGPL-*\"]", Some("high")),
        ("MIT AND LicenseRef-x", "deny = [\"AGPL-*\"]", Some("medium")),
        ("NOASSERTION AND MIT", "deny = [\"AGPL-*\"]", Some("medium")),
        ("LicenseRef-x", "deny = [\"AGPL-*\"]\nunknown = \"deny\"", Some("high")),
        ("LicenseRef-x", "deny = [\"AGPL-*\"]\nunknown = \"allow\"", None),
        ("GPL-2.0+", "deny = [\"GPL-2.0+\"]", Some("high")),
        ("GPL-2.0-or-later", "deny = [\"GPL-2.0+\"]", Some("high")),
        ("GPL-2.0-only", "deny = [\"GPL-2.0+\"]", None),
        ("Apache License 2.0", "deny = [\"Apache-2.0\"]", Some("high")),
        ("apache license 2.0", "allow = [\"Apache-2.0\"]", None),
        ("GNU General Public License v3.0 only", "deny = [\"GPL-3.0-only\"]", Some("high")),
        ("Our Own License", "allow = [\"Apache-2.0\"]", Some("medium")),
        ("MIT,GPL-2.0-only", "deny = [\"GPL-2.0-only\"]", Some("high")),
        ("GPL-2.0-only.", "deny = [\"GPL-2.0-only\"]", Some("high")),
        ("MIT;ISC|GPL-2.0-only", "deny = [\"GPL-2.0-only\"]", Some("high")),
        ("gpl-2.0-only", "deny = [\"GPL-2.0-only\"]", Some("high")),
        ("GPL-2.0-or-later", "deny = [\"GPL-2.0-only\"]", None),
    ] {
        let gates = format!(
            "version = 1\nmode = \"production\"\n[[gate]]\nid = \"sbom\"\ntool = \"syft\"\n[gate.licences]\n{rules}\n"
        );
        let project = Project::with_gates(&gates);
        let licences = match licence {
            "" => String::new(),
            name if name.contains("icense") && !name.contains("LicenseRef") => {
                format!(r#","licenses":[{{"license":{{"name":"{name}"}}}}]"#)
            }
            licence => format!(r#","licenses":[{{"expression":"{licence}"}}]"#),
        };
        project.write("sbom.json", format!(
            r#"{{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{{"type":"library","name":"a","version":"1","purl":"pkg:npm/a@1"{licences}}}]}}"#
        ));
        let ran = project.run(&["judge", "--report", "sbom=sbom.json"]);
        let found = record(&project)["findings"][0]["severity"].as_str().map(str::to_owned);
        assert_eq!(found.as_deref(), severity, "{licence}, {rules}: {}", ran.all());
    }
}
