//! The language of a source file, by the end of its name.

use crate::model::input::Language;

use Language as L;

/// The language; `None` for what is no source code.
pub(super) fn language(name: &str) -> Option<Language> {
    let (stem, ending) = name.rsplit_once('.')?;
    if stem.is_empty() {
        return None;
    }
    Some(match ending {
        "js" | "jsx" | "mjs" | "cjs" => L::JavaScript,
        "ts" | "tsx" | "mts" | "cts" => L::TypeScript,
        "vue" => L::Vue,
        "svelte" => L::Svelte,
        "astro" => L::Astro,
        "py" | "pyi" | "pyx" => L::Python,
        "go" => L::Go,
        "rs" => L::Rust,
        "java" => L::Java,
        "kt" | "kts" => L::Kotlin,
        "scala" | "sc" => L::Scala,
        "groovy" => L::Groovy,
        "cs" | "cshtml" | "razor" => L::CSharp,
        "fs" | "fsx" => L::FSharp,
        "vb" => L::VisualBasic,
        "c" | "h" => L::C,
        "cc" | "cpp" | "cxx" | "hh" | "hpp" | "hxx" => L::Cpp,
        "m" | "mm" => L::ObjectiveC,
        "swift" => L::Swift,
        "dart" => L::Dart,
        "php" => L::Php,
        "rb" | "erb" => L::Ruby,
        "pl" | "pm" => L::Perl,
        "lua" => L::Lua,
        "r" | "R" => L::R,
        "ex" | "exs" => L::Elixir,
        "sh" | "bash" | "zsh" | "ksh" => L::Shell,
        "ps1" | "psm1" => L::PowerShell,
        "sql" => L::Sql,
        "html" | "htm" => L::Html,
        "css" | "scss" | "sass" | "less" => L::Css,
        "sol" => L::Solidity,
        _ => return None,
    })
}
