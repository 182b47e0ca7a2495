//! The package managers, test runners, CI services and languages that are told apart.

/// An enum without data: each variant has an id for the record, and a name for people.
macro_rules! named {
    ($(#[$about:meta])* $name:ident, $count:literal: $($variant:ident $id:literal $title:literal,)*) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($variant,)*
        }

        impl $name {
            pub const ALL: [Self; $count] = [$(Self::$variant,)*];

            /// Its name in ids.
            pub fn id(self) -> &'static str {
                match self {
                    $(Self::$variant => $id,)*
                }
            }

            /// Its name as its makers write it.
            pub fn title(self) -> &'static str {
                match self {
                    $(Self::$variant => $title,)*
                }
            }
        }
    };
}

named! {
    /// Who installs packages.
    PackageManager, 22:
    Npm "npm" "npm",
    Yarn "yarn" "Yarn",
    Pnpm "pnpm" "pnpm",
    Bun "bun" "Bun",
    Pip "pip" "pip",
    Poetry "poetry" "Poetry",
    Uv "uv" "uv",
    Pipenv "pipenv" "Pipenv",
    Pdm "pdm" "PDM",
    Conda "conda" "Conda",
    Go "go" "Go",
    Cargo "cargo" "Cargo",
    Maven "maven" "Maven",
    Gradle "gradle" "Gradle",
    NuGet "nuget" "NuGet",
    Composer "composer" "Composer",
    Bundler "bundler" "Bundler",
    Pub "pub" "Pub",
    Swift "swift" "Swift",
    CocoaPods "cocoapods" "CocoaPods",
    Hex "hex" "Hex",
    Conan "conan" "Conan",
}

named! {
    /// Who runs tests.
    TestRunner, 11:
    Vitest "vitest" "Vitest",
    Jest "jest" "Jest",
    Playwright "playwright" "Playwright",
    Cypress "cypress" "Cypress",
    Mocha "mocha" "Mocha",
    Karma "karma" "Karma",
    Ava "ava" "AVA",
    Pytest "pytest" "pytest",
    Surefire "surefire" "Maven Surefire",
    PhpUnit "phpunit" "PHPUnit",
    Rspec "rspec" "RSpec",
}

named! {
    /// Who runs pipelines.
    CiService, 7:
    GitHub "github" "GitHub Actions",
    GitLab "gitlab" "GitLab CI",
    Jenkins "jenkins" "Jenkins",
    Azure "azure" "Azure Pipelines",
    CircleCi "circleci" "CircleCI",
    Bitbucket "bitbucket" "Bitbucket Pipelines",
    CodeBuild "codebuild" "CodeBuild",
}

named! {
    /// What source code is written in.
    Language, 33:
    JavaScript "javascript" "JavaScript",
    TypeScript "typescript" "TypeScript",
    Vue "vue" "Vue",
    Svelte "svelte" "Svelte",
    Astro "astro" "Astro",
    Python "python" "Python",
    Go "go" "Go",
    Rust "rust" "Rust",
    Java "java" "Java",
    Kotlin "kotlin" "Kotlin",
    Scala "scala" "Scala",
    Groovy "groovy" "Groovy",
    CSharp "csharp" "C#",
    FSharp "fsharp" "F#",
    VisualBasic "visual-basic" "Visual Basic",
    C "c" "C",
    Cpp "cpp" "C++",
    ObjectiveC "objective-c" "Objective-C",
    Swift "swift" "Swift",
    Dart "dart" "Dart",
    Php "php" "PHP",
    Ruby "ruby" "Ruby",
    Perl "perl" "Perl",
    Lua "lua" "Lua",
    R "r" "R",
    Elixir "elixir" "Elixir",
    Shell "shell" "shell",
    PowerShell "powershell" "PowerShell",
    Sql "sql" "SQL",
    Html "html" "HTML",
    Css "css" "CSS",
    Solidity "solidity" "Solidity",
    // Stands in TypeScript, and in HTML beside it: no file is of this kind by its name.
    Angular "angular" "Angular",
}
