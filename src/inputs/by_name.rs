//! What a file is by its name alone.
//!
//! Sources: the documentation of each tool. Lock files and manifests: "What Trivy looks for" (trivy.dev, Coverage / Language)
//! and the tools' own pages. Names of configuration files: eslint.org, biomejs.dev, oxc.rs, prettier.io, vitest.dev,
//! jestjs.io, playwright.dev, mochajs.org, docs.pytest.org, docs.phpunit.de.

use crate::inputs::languages::language;
use crate::model::input::{CiService, InputKind, KindSet, PackageManager, TestRunner};

use InputKind as Kind;
use PackageManager as Manager;

/// The kinds that the path says.
pub(super) fn kinds(path: &str) -> KindSet {
    let mut kinds = KindSet::default();
    let name = path.rsplit('/').next().unwrap_or(path);
    let found = [packages(name), images(name), infrastructure(name), linters(name), test_runner(name)];
    found.into_iter().flatten().for_each(|kind| kinds.add(kind));
    if let Some(service) = ci_service(path, name) {
        kinds.add(Kind::Ci(service));
    }
    if let Some(language) = language(name) {
        kinds.add(Kind::Source(language));
    }
    kinds
}

/// Whether a name is `stem.anything.ending`, or `stem.ending`.
fn is_variant(name: &str, stem: &str, endings: &[&str]) -> bool {
    let Some(rest) = name.strip_prefix(stem) else { return false };
    (rest.is_empty() && endings.is_empty())
        || rest.rsplit_once('.').is_some_and(|(middle, ending)| {
            endings.contains(&ending) && (middle.is_empty() || middle.starts_with(['.', '-']))
        })
}

/// Whether a name is `stem` and one of these endings.
fn is_one(name: &str, stem: &str, endings: &[&str]) -> bool {
    name.strip_prefix(stem)
        .and_then(|rest| rest.strip_prefix('.'))
        .is_some_and(|ending| endings.contains(&ending))
}

fn packages(name: &str) -> Option<Kind> {
    Some(match name {
        "package-lock.json" | "npm-shrinkwrap.json" => Kind::Lock(Manager::Npm),
        "package.json" => Kind::Manifest(Manager::Npm),
        "yarn.lock" => Kind::Lock(Manager::Yarn),
        "pnpm-lock.yaml" => Kind::Lock(Manager::Pnpm),
        "bun.lock" | "bun.lockb" => Kind::Lock(Manager::Bun),
        "pylock.toml" => Kind::Lock(Manager::Pip),
        "setup.py" | "requirements.in" => Kind::Manifest(Manager::Pip),
        "poetry.lock" => Kind::Lock(Manager::Poetry),
        "uv.lock" => Kind::Lock(Manager::Uv),
        "Pipfile.lock" => Kind::Lock(Manager::Pipenv),
        "Pipfile" => Kind::Manifest(Manager::Pipenv),
        "pdm.lock" => Kind::Lock(Manager::Pdm),
        "conda-lock.yml" | "conda-lock.yaml" => Kind::Lock(Manager::Conda),
        // Of a script with its own packages (`uv lock --script`).
        _ if name.ends_with(".py.lock") => Kind::Lock(Manager::Uv),
        "go.sum" => Kind::Lock(Manager::Go),
        "go.mod" => Kind::Manifest(Manager::Go),
        "Cargo.lock" => Kind::Lock(Manager::Cargo),
        "Cargo.toml" => Kind::Manifest(Manager::Cargo),
        "pom.xml" => Kind::Manifest(Manager::Maven),
        "settings.gradle" | "settings.gradle.kts" | "init.gradle" | "init.gradle.kts" => return None,
        // A build script may have any name, and apply others.
        _ if name.ends_with(".gradle") || name.ends_with(".gradle.kts") => Kind::Manifest(Manager::Gradle),
        "packages.config" => Kind::Lock(Manager::NuGet),
        // `packages.Api.lock.json`: several projects in one folder.
        _ if name.starts_with("packages.") && name.ends_with(".lock.json") => Kind::Lock(Manager::NuGet),
        // What holds for all projects below.
        "Directory.Build.props" | "Directory.Build.targets" | "Directory.Packages.props" => {
            Kind::Manifest(Manager::NuGet)
        }
        "composer.lock" => Kind::Lock(Manager::Composer),
        "composer.json" => Kind::Manifest(Manager::Composer),
        "Gemfile.lock" | "gems.locked" => Kind::Lock(Manager::Bundler),
        "Gemfile" | "gems.rb" => Kind::Manifest(Manager::Bundler),
        _ if name.ends_with(".gemspec") => Kind::Manifest(Manager::Bundler),
        "pubspec.lock" => Kind::Lock(Manager::Pub),
        "pubspec.yaml" => Kind::Manifest(Manager::Pub),
        "Package.resolved" => Kind::Lock(Manager::Swift),
        "Package.swift" => Kind::Manifest(Manager::Swift),
        "Podfile.lock" => Kind::Lock(Manager::CocoaPods),
        "Podfile" => Kind::Manifest(Manager::CocoaPods),
        "mix.lock" => Kind::Lock(Manager::Hex),
        "mix.exs" => Kind::Manifest(Manager::Hex),
        "conan.lock" => Kind::Lock(Manager::Conan),
        "conanfile.txt" | "conanfile.py" => Kind::Manifest(Manager::Conan),
        // `buildscript-gradle.lockfile`, and one for each configuration in older projects.
        _ if name.ends_with("gradle.lockfile") => Kind::Lock(Manager::Gradle),
        _ if is_variant(name, "pylock", &["toml"]) => Kind::Lock(Manager::Pip),
        _ if is_requirements(name, ".in") => Kind::Manifest(Manager::Pip),
        _ => {
            let project = [".csproj", ".fsproj", ".vbproj"];
            return project
                .iter()
                .any(|ending| name.ends_with(ending))
                .then_some(Kind::Manifest(Manager::NuGet));
        }
    })
}

/// `requirements.txt`, `Requirements.txt`, `requirements-dev.txt`, `dev-requirements.txt`.
pub(super) fn is_requirements(name: &str, ending: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.strip_suffix(ending)
        .is_some_and(|stem| stem.starts_with("requirements") || stem.ends_with("requirements"))
}

fn images(name: &str) -> Option<Kind> {
    const YAML: [&str; 2] = ["yaml", "yml"];
    if is_dockerfile(name) {
        return Some(Kind::Dockerfile);
    }
    let compose = ["compose", "docker-compose", "podman-compose"];
    if compose.iter().any(|stem| is_variant(name, stem, &YAML)) {
        return Some(Kind::Compose);
    }
    let sbom = ["bom.json", "bom.xml", "sbom.json", "sbom.xml"].contains(&name)
        || [".cdx.json", ".cdx.xml", ".bom.json", ".bom.xml", ".spdx", ".spdx.json"]
            .iter()
            .any(|ending| name.ends_with(ending));
    sbom.then_some(Kind::Sbom)
}

/// `Dockerfile`, `Dockerfile.prod`, `api.Dockerfile`, and the same for `Containerfile`.
pub(super) fn is_dockerfile(name: &str) -> bool {
    // Nearly every name ends here.
    let ends = name.len() >= 10 && name.as_bytes()[name.len() - 4..].eq_ignore_ascii_case(b"file");
    if !(ends || name.starts_with(['D', 'd', 'C', 'c'])) {
        return false;
    }
    let lower = name.to_ascii_lowercase();
    ["dockerfile", "containerfile"].iter().any(|stem| {
        let rest = lower.strip_prefix(stem);
        let variant = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']));
        let ending = lower.strip_suffix(stem).is_some_and(|rest| rest.ends_with(['.', '-', '_']));
        let other = lower.rsplit_once('.').is_some_and(|(_, last)| NO_DOCKERFILE.contains(&last));
        (variant && !other) || ending
    })
}

/// Endings of lists of what a build leaves out, of documents, of programs about Dockerfiles, and of templates: a program fills them in
/// before anything is built.
const NO_DOCKERFILE: [&str; 22] = [
    "containerignore",
    "dockerignore",
    "eex",
    "ejs",
    "erb",
    "go",
    "gotmpl",
    "hbs",
    "in",
    "j2",
    "jinja",
    "jinja2",
    "js",
    "md",
    "mustache",
    "py",
    "rs",
    "sh",
    "tmpl",
    "tpl",
    "ts",
    "txt",
];

fn infrastructure(name: &str) -> Option<Kind> {
    Some(match name {
        "Chart.yaml" => Kind::Helm,
        "kustomization.yaml" | "kustomization.yml" | "Kustomization" => Kind::Kustomize,
        // Terraform and OpenTofu pass over such files (`IsIgnoredFile`, internal/configs/parser_config_dir.go).
        _ if name.starts_with('.') => return None,
        _ if name.ends_with(".tf") || name.ends_with(".tf.json") => Kind::Terraform,
        _ if name.ends_with(".tofu") || name.ends_with(".tofu.json") => Kind::OpenTofu,
        _ => return None,
    })
}

fn linters(name: &str) -> Option<Kind> {
    const SCRIPTS: [&str; 6] = ["js", "mjs", "cjs", "ts", "mts", "cts"];
    const OLD: [&str; 5] = ["js", "cjs", "yaml", "yml", "json"];
    Some(match name {
        _ if is_variant(name, "tsconfig", &["json"]) => Kind::TsConfig,
        ".eslintrc" => Kind::Eslint,
        _ if is_one(name, "eslint.config", &SCRIPTS) || is_one(name, ".eslintrc", &OLD) => Kind::Eslint,
        "biome.json" | "biome.jsonc" | ".biome.json" | ".biome.jsonc" => Kind::Biome,
        ".oxlintrc.json" | ".oxlintrc.jsonc" | "oxlintrc.json" | "oxlint.config.ts" => Kind::Oxlint,
        ".prettierrc" => Kind::Prettier,
        _ if is_one(name, "prettier.config", &SCRIPTS) => Kind::Prettier,
        _ if is_one(name, ".prettierrc", &["json5", "toml"])
            || is_one(name, ".prettierrc", &OLD)
            || is_one(name, ".prettierrc", &SCRIPTS) =>
        {
            Kind::Prettier
        }
        _ => return None,
    })
}

fn test_runner(name: &str) -> Option<Kind> {
    const SCRIPTS: [&str; 6] = ["js", "mjs", "cjs", "ts", "mts", "cts"];
    let stems = [
        ("vitest.config", TestRunner::Vitest),
        ("vitest.workspace", TestRunner::Vitest),
        ("jest.config", TestRunner::Jest),
        ("playwright.config", TestRunner::Playwright),
        ("cypress.config", TestRunner::Cypress),
        ("karma.conf", TestRunner::Karma),
        ("ava.config", TestRunner::Ava),
    ];
    let scripted = stems.iter().find(|(stem, _)| is_variant(name, stem, &SCRIPTS));
    Some(Kind::Tests(match name {
        "pytest.ini" | ".pytest.ini" | "pytest.toml" | ".pytest.toml" => TestRunner::Pytest,
        "phpunit.xml" | "phpunit.xml.dist" | "phpunit.dist.xml" => TestRunner::PhpUnit,
        ".rspec" => TestRunner::Rspec,
        "jest.config.json" => TestRunner::Jest,
        _ if is_one(name, ".mocharc", &["js", "cjs", "mjs", "yaml", "yml", "json", "jsonc"]) => {
            TestRunner::Mocha
        }
        _ => scripted?.1,
    }))
}

fn ci_service(path: &str, name: &str) -> Option<CiService> {
    let yaml = name.ends_with(".yml") || name.ends_with(".yaml");
    let folder = path.strip_suffix(name).unwrap_or_default();
    let in_folder = |wanted: &str| folder == wanted || folder.ends_with(&format!("/{wanted}"));
    Some(match name {
        "bitbucket-pipelines.yml" => CiService::Bitbucket,
        "action.yml" | "action.yaml" => CiService::GitHub,
        _ if yaml && folder == ".github/workflows/" => CiService::GitHub,
        _ if yaml && (name.starts_with(".gitlab-ci") || name.ends_with(".gitlab-ci.yml")) => {
            CiService::GitLab
        }
        _ if yaml && path.starts_with(".gitlab/ci/") => CiService::GitLab,
        _ if name == "Jenkinsfile" || name.starts_with("Jenkinsfile.") || name.ends_with(".Jenkinsfile") => {
            CiService::Jenkins
        }
        _ if yaml && is_variant(name, "azure-pipelines", &["yml", "yaml"]) => CiService::Azure,
        _ if yaml && (in_folder(".azure-pipelines/") || in_folder(".azuredevops/")) => CiService::Azure,
        _ if yaml && folder == ".circleci/" => CiService::CircleCi,
        _ if yaml && is_variant(name, "buildspec", &["yml", "yaml"]) => CiService::CodeBuild,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(path: &str) -> String {
        kinds(path).iter().map(InputKind::id).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn lock_files_and_manifests_are_known_by_name() {
        for (path, expected) in [
            ("a/package-lock.json", "lock/npm"),
            ("npm-shrinkwrap.json", "lock/npm"),
            ("yarn.lock", "lock/yarn"),
            ("pnpm-lock.yaml", "lock/pnpm"),
            ("bun.lockb", "lock/bun"),
            ("pylock.dev.toml", "lock/pip"),
            ("requirements/dev-requirements.in", "manifest/pip"),
            ("poetry.lock", "lock/poetry"),
            ("uv.lock", "lock/uv"),
            ("Pipfile.lock", "lock/pipenv"),
            ("pdm.lock", "lock/pdm"),
            ("tools/report.py.lock", "lock/uv"),
            ("conda-lock.yml", "lock/conda"),
            ("go.mod", "manifest/go"),
            ("Cargo.lock", "lock/cargo"),
            ("pom.xml", "manifest/maven"),
            ("app/gradle.lockfile", "lock/gradle"),
            ("app/build.gradle.kts", "manifest/gradle source/kotlin"),
            ("Api/Api.csproj", "manifest/nuget"),
            ("packages.lock.json", "lock/nuget"),
            ("packages.Api.lock.json", "lock/nuget"),
            ("Directory.Build.props", "manifest/nuget"),
            ("gradle/deps.gradle", "manifest/gradle"),
            ("settings.gradle", ""),
            ("x.gemspec", "manifest/bundler"),
            ("composer.lock", "lock/composer"),
            ("Gemfile.lock", "lock/bundler"),
            ("pubspec.lock", "lock/pub"),
            ("Package.resolved", "lock/swift"),
            ("ios/Podfile.lock", "lock/cocoapods"),
            ("mix.lock", "lock/hex"),
            ("conan.lock", "lock/conan"),
            ("buildscript-gradle.lockfile", "lock/gradle"),
            ("package-lock.json.bak", ""),
        ] {
            assert_eq!(named(path), expected, "{path}");
        }
    }

    #[test]
    fn images_and_infrastructure_are_known_by_name() {
        for (path, expected) in [
            ("Dockerfile", "dockerfile"),
            ("docker/Dockerfile.prod", "dockerfile"),
            ("docker/api.Dockerfile", "dockerfile"),
            ("Containerfile", "dockerfile"),
            ("dockerfile", "dockerfile"),
            ("Dockerfile.dockerignore", ""),
            ("Dockerfile.md", ""),
            // phoenix
            ("Dockerfile.eex", ""),
            ("docker/Dockerfile.j2", ""),
            ("Dockerfile.template", "dockerfile"),
            ("dockerfile_test.go", "source/go"),
            ("compose.yaml", "compose"),
            ("docker-compose.override.yml", "compose"),
            ("composer.json", "manifest/composer"),
            ("infra/main.tf", "terraform"),
            ("infra/main.tf.json", "terraform"),
            ("infra/main.tofu", "opentofu"),
            ("infra/.draft.tf", ""),
            ("infra/.draft.tofu.json", ""),
            ("infra/main.tf~", ""),
            ("infra/#main.tf#", ""),
            ("charts/a/Chart.yaml", "helm"),
            ("k8s/kustomization.yaml", "kustomize"),
            ("reports/app.cdx.json", "sbom"),
            ("LICENSES.spdx", "sbom"),
        ] {
            assert_eq!(named(path), expected, "{path}");
        }
    }

    #[test]
    fn linters_and_test_runners_are_known_by_name() {
        for (path, expected) in [
            ("tsconfig.json", "tsconfig"),
            ("web/tsconfig.app.json", "tsconfig"),
            ("tsconfig-base.json", "tsconfig"),
            ("mytsconfig.json", ""),
            ("eslint.config.mjs", "eslint source/javascript"),
            (".eslintrc", "eslint"),
            (".eslintrc.yml", "eslint"),
            ("biome.jsonc", "biome"),
            (".oxlintrc.json", "oxlint"),
            (".prettierrc.toml", "prettier"),
            ("vitest.config.ts", "tests/vitest source/typescript"),
            ("jest.config.e2e.js", "tests/jest source/javascript"),
            (".mocharc.yml", "tests/mocha"),
            ("pytest.ini", "tests/pytest"),
            ("phpunit.xml.dist", "tests/phpunit"),
        ] {
            assert_eq!(named(path), expected, "{path}");
        }
    }

    #[test]
    fn ci_files_are_known_by_their_place() {
        for (path, expected) in [
            (".github/workflows/ci.yml", "ci/github"),
            ("docs/.github/workflows/ci.yml", ""),
            ("actions/x/action.yml", "ci/github"),
            (".gitlab-ci.yml", "ci/gitlab"),
            ("Jenkinsfile", "ci/jenkins"),
            ("azure-pipelines.release.yml", "ci/azure"),
            (".circleci/config.yml", "ci/circleci"),
            ("bitbucket-pipelines.yml", "ci/bitbucket"),
            ("deploy/buildspec-prod.yml", "ci/codebuild"),
        ] {
            assert_eq!(named(path), expected, "{path}");
        }
    }
}
