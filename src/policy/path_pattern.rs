//! The patterns of gates.toml: globs in which `*` stays within a folder. docs/policy.md, "Patterns", describes them.

use std::path::Path;
use std::sync::OnceLock;

use globset::{Glob, GlobBuilder, GlobMatcher};

use crate::keys::table::{Keys, Located};

/// What has a meaning in a glob, or ends something that has one. A part of a path without these stands for itself.
const MEANINGS: [char; 7] = ['*', '?', '[', ']', '{', '}', '\\'];

/// A pattern for paths, counted from the top of the repository.
#[derive(Clone, Debug)]
pub(crate) struct PathPattern {
    /// As it is written.
    text: String,
    glob: Glob,
    /// Compiled when it is first asked: of a hundred thousand patterns, few are.
    matcher: OnceLock<GlobMatcher>,
}

impl PathPattern {
    /// # Errors
    /// When the text is not a glob.
    pub(crate) fn read(text: &str) -> Result<Self, globset::Error> {
        // `*` and `?` stop at `/`; so does a class of characters that must not be there.
        // In `[[!]` it stands for itself.
        let whole = if text.contains("[[!") { text.to_owned() } else { text.replace("[!", "[!/") };
        let glob = GlobBuilder::new(&whole).literal_separator(true).build()?;
        Ok(Self { text: text.to_owned(), glob, matcher: OnceLock::new() })
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn fits(&self, path: &str) -> bool {
        if !self.text().contains(MEANINGS) {
            return self.text() == path;
        }
        self.matcher.get_or_init(|| self.glob.compile_matcher()).is_match(Path::new(path))
    }

    /// A folder in which, at any depth, every path lies that fits. `""` is the whole repository.
    pub(crate) fn folder(&self) -> &str {
        let text = self.text();
        let literal = text.find(MEANINGS).unwrap_or(text.len());
        text[..literal].rfind('/').map_or("", |end| &text[..end])
    }

    /// The file name that every path has that fits, if the pattern names one.
    pub(crate) fn file_name(&self) -> Option<&str> {
        let name = self.text().rsplit('/').next()?;
        (!name.contains(MEANINGS)).then_some(name)
    }

    /// Whether it fits paths that have nothing in common. Then it excludes nothing.
    pub(crate) fn fits_all(&self) -> bool {
        let any = ["0", ".q", "zz/9.x", "k/.j/7", "v/w/y/u"];
        let narrow = !self.folder().is_empty() || self.file_name().is_some();
        // `/**` is meant to fit all, but fits no path from the top of a repository.
        self.text() == "/**" || (!narrow && any.iter().all(|path| self.fits(path)))
    }
}

/// Why a pattern fits no path at all, and what to write instead. Findings have paths as git writes them.
pub(crate) fn never_fits(glob: &str) -> Option<(&'static str, &'static str)> {
    let escapes = glob.split('\\').skip(1).any(|rest| rest.starts_with(char::is_alphanumeric));
    if escapes {
        return Some(("a path has no `\\` between its folders", "write `/`"));
    }
    if glob.split('/').any(|part| part == ".." || part == ".") {
        return Some((
            "no path of a finding has `.` or `..` in it",
            "write it from the top of the repository: `backend/src/**`",
        ));
    }
    if glob.starts_with('/') && glob != "/**" {
        return Some(("no path of a finding begins with `/`", "leave the first `/` out"));
    }
    if glob.ends_with('/') || glob.contains("//") {
        return Some((
            "no path of a finding has an empty part",
            "for all that is in a folder write `src/**`",
        ));
    }
    if glob.contains("{}") {
        return Some(("`{}` names nothing", "name the choices: `*.{ts,tsx}`"));
    }
    stars_in_a_name(glob)
}

/// Reads a pattern of gates.toml in which `*` stops at `/`: for paths, package URLs, branches. A mistake is a problem at
/// its place.
pub(crate) fn read_pattern(keys: &Keys, text: &Located<String>) -> Option<Glob> {
    if let Some((what, help)) = stars_in_a_name(&text.value) {
        keys.problem_with_help(text.at.clone(), what, help);
        return None;
    }
    let glob = GlobBuilder::new(&text.value).literal_separator(true).build();
    let problem = |error: globset::Error| {
        keys.problem(text.at.clone(), format!("`{}` is not a pattern: {}", text.value, error.kind()));
    };
    glob.map_err(problem).ok()
}

/// In a name, two stars mean no more than one, and do not reach into folders.
pub(crate) fn stars_in_a_name(glob: &str) -> Option<(&'static str, &'static str)> {
    let within = glob.split('/').any(|part| part.contains("**") && part != "**");
    within.then_some((
        "`**` stands for whole folders, so it must be alone between two `/`",
        "write `*` for a part of a name, `/**/` for folders",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_that_can_fit_nothing_is_a_mistake() {
        for glob in [
            "src/**.js",
            "src/b**",
            "**.js",
            "/src/a.js",
            "src/../a",
            "./a",
            r"src\b",
            "src/",
            "src//a.js",
            "src/{}.js",
        ] {
            assert!(never_fits(glob).is_some(), "{glob}");
        }
        for glob in ["src/**/*.js", "**", "src/**", "/**", "a/[*][*]", "*", r"a\[b"] {
            assert_eq!(never_fits(glob), None, "{glob}");
        }
    }

    /// docs/policy.md, "Patterns".
    #[test]
    fn each_sign_means_what_the_documentation_says() {
        for (pattern, fits, fits_not) in [
            ("src/*.ts", "src/a.ts", "src/b/a.ts"),
            ("src/*.ts", "src/.ts", "src/a.tsx"),
            ("src/**", "src/b/a.ts", "srcs/a.ts"),
            ("src/**", "src/a.ts", "src"),
            ("**/a.ts", "a.ts", "b/ba.ts"),
            ("src/**/a.ts", "src/a.ts", "src/ba.ts"),
            ("src/**/a.ts", "src/x/y/a.ts", "lib/src/a.ts"),
            ("v?.json", "v1.json", "v12.json"),
            ("a?b", "a.b", "a/b"),
            ("v[0-9].json", "v1.json", "vx.json"),
            ("v[!0-9].json", "vx.json", "v1.json"),
            ("src[!b]a.js", "src-a.js", "src/a.js"),
            ("{api,web}/*.ts", "web/a.ts", "lib/a.ts"),
            ("*.{ts,tsx}", "a.tsx", "a.js"),
            ("app/[[]id[]]/page.tsx", "app/[id]/page.tsx", "app/i/page.tsx"),
            (r"app/\[id\]/*", "app/[id]/page.tsx", "app/i/page.tsx"),
            ("a/[*].md", "a/*.md", "a/b.md"),
            ("SRC/*", "SRC/a", "src/a"),
        ] {
            let read = PathPattern::read(pattern).unwrap();
            assert_eq!(never_fits(pattern), None, "{pattern}");
            assert!(read.fits(fits), "{pattern} {fits}");
            assert!(!read.fits(fits_not), "{pattern} {fits_not}");
        }
    }

    #[test]
    fn its_folder_and_its_file_name_hold_for_every_path_that_fits() {
        for (pattern, folder, file_name, fits) in [
            ("src/a.ts", "src", Some("a.ts"), "src/a.ts"),
            ("a.ts", "", Some("a.ts"), "a.ts"),
            ("src/**", "src", None, "src/x/y.ts"),
            ("src/**/a.ts", "src", Some("a.ts"), "src/a.ts"),
            ("**/a.ts", "", Some("a.ts"), "a.ts"),
            ("src/x*/a.ts", "src", Some("a.ts"), "src/xy/a.ts"),
            ("src/lib/*.ts", "src/lib", None, "src/lib/a.ts"),
            ("{src/a,tests/b}", "", None, "tests/b"),
            ("{src,tests}/b.ts", "", Some("b.ts"), "src/b.ts"),
            ("src/[ab]/[c].ts", "src", None, "src/a/c.ts"),
            ("/repo/src/*.js", "/repo/src", None, "/repo/src/a.js"),
            ("größe/ä.ts", "größe", Some("ä.ts"), "größe/ä.ts"),
        ] {
            let read = PathPattern::read(pattern).unwrap();
            assert_eq!((read.folder(), read.file_name()), (folder, file_name), "{pattern}");
            assert!(read.fits(fits), "{pattern} {fits}");
            assert!(!read.fits("other/z.rs"), "{pattern}");
        }
    }
}
