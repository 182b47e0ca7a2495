//! What `portcullis init` writes: a gates.toml with a gate for each thing that it has seen.

use std::collections::BTreeSet;

use super::{Seen, tops};

impl Seen {
    pub(super) fn gates_toml(&self) -> String {
        let mut toml = String::from(HEAD);
        let mut before_push = vec!["secrets"];
        toml.push_str(if self.git { SECRETS_HISTORY } else { SECRETS_TREE });
        if self.git_secrets {
            toml.push_str(GIT_SECRETS);
        }
        if !self.typescript.is_empty() {
            gate(
                &mut toml,
                "types",
                "Type check and lint",
                "tsc",
                &dirs(&self.typescript),
                "Type errors; tsc comes from node_modules (npm ci).",
            );
        }
        if !self.linted.is_empty() {
            gate(
                &mut toml,
                "lint",
                "Type check and lint",
                "eslint",
                &dirs(&self.linted),
                "ESLint errors; warnings are low, and do not block.",
            );
            before_push.push("lint");
        }
        for (tool, folders) in &self.locked {
            // Most projects have one of them.
            let id = if self.locked.len() == 1 { "audit" } else { tool };
            let comment = "Known vulnerabilities of what the lock files install.";
            gate(&mut toml, id, "Dependency audit", tool, &dirs(folders), comment);
        }
        for (n, folder) in self.sonar.iter().enumerate() {
            let id = if n == 0 { "quality".to_owned() } else { format!("quality-{}", n + 1) };
            gate(
                &mut toml,
                &id,
                "Code quality",
                "sonarqube",
                &format!("dir = {}\n", quoted(folder)),
                "The quality gate of a new analysis. SONAR_HOST_URL names the server, SONAR_TOKEN is its token;\n# for SonarQube Cloud: organization = \"…\".",
            );
        }
        match self.dockerfiles.is_empty() {
            false => self.image_gates(&mut toml),
            true => {
                gate(
                    &mut toml,
                    "packages",
                    "Dependency audit",
                    "trivy",
                    "scan = \"fs\"\n",
                    "Known vulnerabilities and secrets in this folder.",
                );
                gate(
                    &mut toml,
                    "sbom",
                    "SBOM",
                    "syft",
                    "dirs = [\".\"]\n",
                    "Bill of materials: CycloneDX and SPDX below gates-report/sbom/.",
                );
            }
        }
        self.infrastructure_gate(&mut toml);
        self.terraform_gate(&mut toml);
        self.cloudformation_gate(&mut toml);
        if let Some(folder) = self.tested.first() {
            toml.push_str(&format!(
                "\n# Unit tests as a gate; let them write JUnit XML, and name the file:\n# [[gate]]\n# id = \"tests\"\n# tool = \"command\"\n# run = [\"npm\", \"test\"]\n# dir = {}\n# report = {{ format = \"junit\", path = \"junit.xml\" }}\n",
                quoted(folder)
            ));
        }
        let only: Vec<String> = before_push.iter().map(|id| quoted(id)).collect();
        toml.push_str(&format!(
            "\n# What `git push` waits for, once `portcullis hook install` has been run.\n[profile.pre-push]\nmode = \"production\"\nonly = [{}]\n",
            only.join(", ")
        ));
        toml.push_str(TAIL);
        toml
    }

    fn image_gates(&self, toml: &mut String) {
        let mut taken = BTreeSet::new();
        let mut images = String::new();
        for (folder, file) in &self.dockerfiles {
            let suffix =
                file.trim_start_matches("Dockerfile").trim_end_matches(".Dockerfile").trim_matches('.');
            let base = if folder == "." { self.name.as_str() } else { folder.as_str() };
            let mut name = image_name(&format!("{base}-{suffix}"));
            while !taken.insert(name.clone()) {
                name.push_str("-2");
            }
            let file = if file == "Dockerfile" {
                String::new()
            } else {
                format!(", file = {}", quoted(&format!("{folder}/{file}")))
            };
            images.push_str(&format!(
                "  {{ name = {}, context = {}{file} }},\n",
                quoted(&name),
                quoted(folder)
            ));
        }
        let images = format!("images = [\n{images}]\n");
        gate(toml, "images", "Build images", "docker-build", &images, "Images, tagged with the commit.");
        gate(
            toml,
            "image-scan",
            "Image scan",
            "trivy",
            "scan = \"image\"\nneeds = [\"images\"]\n",
            "Vulnerabilities and secrets in the images that `images` built.",
        );
        gate(
            toml,
            "sbom",
            "SBOM",
            "syft",
            "needs = [\"images\"]\n",
            "Bills of materials: CycloneDX and SPDX below gates-report/sbom/.",
        );
    }

    /// Only where there is something to do it with: unlike the others, it is rarely in an image for CI.
    fn terraform_gate(&self, toml: &mut String) {
        let is_there = ["terraform", "tofu"].iter().any(|program| which::which(program).is_ok());
        if !self.terraform.is_empty() && is_there {
            gate(
                toml,
                "terraform",
                "Infrastructure as code",
                "terraform-validate",
                &dirs(&self.terraform),
                "What is wrong with the configuration by itself. Providers and modules are downloaded\n# where they are not installed; `init = false` keeps it from that.",
            );
        }
    }

    fn cloudformation_gate(&self, toml: &mut String) {
        if !self.cloudformation.is_empty() {
            gate(
                toml,
                "cloudformation",
                "Infrastructure as code",
                "cfn-lint",
                &dirs(&self.cloudformation),
                "Templates that CloudFormation would refuse, or should not have to take.",
            );
        }
    }

    fn infrastructure_gate(&self, toml: &mut String) {
        let mut frameworks = Vec::new();
        let mut folders = BTreeSet::new();
        for (framework, found) in [("terraform", &self.terraform), ("cloudformation", &self.cloudformation)] {
            if !found.is_empty() {
                frameworks.push(quoted(framework));
                folders.extend(found.iter().cloned());
            }
        }
        if !folders.is_empty() {
            let options = format!("{}framework = [{}]\n", dirs(&tops(&folders)), frameworks.join(", "));
            gate(
                toml,
                "iac",
                "Infrastructure as code",
                "checkov",
                &options,
                "Misconfigurations. Checkov rates nothing without a platform key, and\n# what nobody has rated blocks; `unrated = \"medium\"` would let it pass.",
            );
        }
    }
}

const HEAD: &str = "\
# The gates of this project: what `portcullis run` runs, and what blocks.
version = 1
mode = \"lab\"                 # report only; \"production\" blocks

[defaults]
fail_on = \"high\"             # lowest severity that blocks: critical, high, medium, low, info, never
timeout = \"10m\"              # for each target of each gate
";

const SECRETS_HISTORY: &str = "
# Secrets in the git history. A secret that was pushed once has to be replaced, not only removed.
[[gate]]
id = \"secrets\"
stage = \"Secret scan\"
tool = \"gitleaks\"
fail_on = \"low\"
";

const SECRETS_TREE: &str = "
# Secrets in the files here (this is no git repository, so there is no history to look at).
[[gate]]
id = \"secrets\"
stage = \"Secret scan\"
tool = \"gitleaks\"
scan = \"tree\"
fail_on = \"low\"
";

const GIT_SECRETS: &str = "
# Lines that git-secrets prohibits. Patterns of `git secrets --add` are in this clone's own configuration, which
# others and CI do not have: list them here.
[[gate]]
id = \"git-secrets\"
stage = \"Secret scan\"
tool = \"git-secrets\"
register_aws = true
# patterns = [\"...\"]
fail_on = \"low\"
";

const TAIL: &str = "
# A finding that the team has decided to bear: with a reason, and an end.
# [[waiver]]
# rule = \"CKV_AWS_18\"
# path = \"infra/**\"
# reason = \"access logs live in the log account\"
# expires = 2027-03-31
";

fn gate(toml: &mut String, id: &str, stage: &str, tool: &str, options: &str, comment: &str) {
    toml.push_str(&format!(
        "\n# {comment}\n[[gate]]\nid = \"{id}\"\nstage = \"{stage}\"\ntool = \"{tool}\"\n{options}"
    ));
}

fn dirs(folders: &BTreeSet<String>) -> String {
    let quoted: Vec<String> = folders.iter().map(|folder| quoted(folder)).collect();
    format!("dirs = [{}]\n", quoted.join(", "))
}

/// A TOML basic string; its escapes are those of JSON.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// A name that an image may have.
fn image_name(text: &str) -> String {
    let name: String = text
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' })
        .collect();
    let words: Vec<&str> = name.split('-').filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "image".to_owned() } else { words.join("-") }
}
