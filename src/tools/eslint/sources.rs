//! Which sources a gate of ESLint is held to: those below its folders that `files` names. Its configuration is a program, so nobody
//! else can tell what a rule fits: what ESLint does not mention, its configuration leaves out.

use std::path::{Path, PathBuf};

use globset::{Glob, GlobBuilder, GlobMatcher, GlobSet};

use crate::model::input::{InputKind, Language};
use crate::scan::survey::{Judge, Survey, Unnamed};
use crate::text::paths::normalise;
use crate::text::shared::Text;

/// What ESLint, or one of its parsers, can read.
pub(super) const KINDS: [InputKind; 4] = [
    InputKind::Source(Language::JavaScript),
    InputKind::Source(Language::TypeScript),
    InputKind::Source(Language::Vue),
    InputKind::Source(Language::Svelte),
];

/// The files, folders and globs that the key `files` names.
#[derive(Debug)]
pub(super) struct Wanted {
    folders: Vec<PathBuf>,
    globs: GlobSet,
}

impl Wanted {
    pub(super) fn new(files: &[String]) -> Self {
        let globs = files.iter().filter_map(|pattern| Glob::new(pattern.trim_start_matches("./")).ok());
        Self {
            // `.` has no components, so every file is below it.
            folders: files.iter().map(|file| normalise(Path::new(file))).collect(),
            globs: GlobSet::new(globs).unwrap_or_default(),
        }
    }

    /// Whether it names a file, relative to the folder in which ESLint starts.
    pub(super) fn has(&self, file: &str) -> bool {
        self.folders.iter().any(|folder| Path::new(file).starts_with(folder)) || self.globs.is_match(file)
    }
}

/// Says what became of the sources that ESLint does not mention.
pub(super) fn judge<'a>(dirs: &[String], wanted: &'a Wanted, survey: &'a Survey<'a>) -> Judge<'a> {
    let dirs: Vec<String> = dirs.iter().map(|dir| survey.place_of(dir)).collect();
    let configs = survey.inputs.of_kind(InputKind::Eslint);
    let chosen = chosen(survey);
    let ignored: Vec<Ignored> = values(survey.args, "--ignore-pattern").filter_map(Ignored::new).collect();
    Box::new(move |_, path| {
        let inside = |dir: &String| match dir.as_str() {
            "." => Some(path),
            dir => path.strip_prefix(dir).and_then(|rest| rest.strip_prefix('/')),
        };
        if !dirs.iter().filter_map(inside).any(|file| wanted.has(file)) {
            return Unnamed::Elsewhere;
        }
        let is_hit = |ignored: &&Ignored| dirs.iter().filter_map(inside).any(|file| ignored.hits(file));
        if let Some(Ignored { pattern, .. }) = ignored.iter().find(is_hit) {
            return Unnamed::Unlisted(format!("by `--ignore-pattern {pattern}` in `args`").into());
        }
        let nearest = || nearest(&configs, path).map_or("its configuration", String::as_str);
        let by = chosen.as_deref().unwrap_or_else(nearest);
        Unnamed::Unlisted(format!("by {by}").into())
    })
}

/// The endings that ESLint lints without being told ("Configure Files", 9 and later).
const BY_ITSELF: [&str; 3] = ["js", "mjs", "cjs"];

/// Why a configuration leaves out all files of an ending, if it left them out: it lints other endings only if a pattern names them.
pub(super) fn on_unread_ending(ending: &str, why: &str) -> Option<Text> {
    let config = why.strip_prefix("by ").filter(|config| !config.starts_with('`'))?;
    (!BY_ITSELF.contains(&ending)).then(|| {
        format!("because {config} has no `files` pattern for .{ending}, or ignores all such files").into()
    })
}

/// A pattern of `--ignore-pattern`: of a file, or of a folder around it. ESLint 8 also takes a name alone for one at any depth.
struct Ignored {
    pattern: String,
    glob: GlobMatcher,
}

impl Ignored {
    fn new(pattern: &str) -> Option<Self> {
        let plain = pattern.trim_start_matches("./").trim_matches('/');
        let glob = GlobBuilder::new(plain).literal_separator(true).build().ok()?;
        Some(Self { pattern: pattern.to_owned(), glob: glob.compile_matcher() })
    }

    fn hits(&self, file: &str) -> bool {
        let is_name = !self.pattern.trim_end_matches('/').contains('/');
        Path::new(file).ancestors().filter(|part| *part != Path::new("")).any(|part| {
            self.glob.is_match(part)
                || (is_name && part.file_name().is_some_and(|name| self.glob.is_match(name)))
        })
    }
}

/// The values of an option that takes one: `--name value`, `--name=value`. After `--` there are files.
fn values<'a>(args: &'a [String], name: &'a str) -> impl Iterator<Item = &'a str> {
    let options = args.iter().take_while(|arg| *arg != "--").enumerate();
    options.filter_map(move |(place, arg)| match arg.strip_prefix(name)? {
        "" => args.get(place + 1).map(String::as_str),
        rest => rest.strip_prefix('='),
    })
}

/// The configuration that `-c` in `args` names. A copy of the base's stands for the nearest.
fn chosen(survey: &Survey<'_>) -> Option<String> {
    let named = ["--config", "-c"].into_iter().flat_map(|option| survey.option(option)).next_back()?;
    let of_user = !Path::new(&named).is_absolute() || Path::new(&named).starts_with(&survey.repo.root);
    of_user.then_some(named)
}

/// The configuration that is nearest to a file.
fn nearest<'c>(configs: &'c [String], path: &str) -> Option<&'c String> {
    let folder = |config: &String| config.rsplit_once('/').map_or(0, |(folder, _)| folder.len() + 1);
    configs
        .iter()
        .filter(|config| path.starts_with(&config[..folder(config)]))
        .max_by_key(|config| folder(config))
}

#[cfg(test)]
mod tests {
    use crate::inputs::Inputs;
    use crate::system::git::Repo;

    use super::*;

    #[test]
    fn the_nearest_configuration_leaves_a_file_out() {
        let configs =
            ["eslint.config.js", "web/.eslintrc.json", "web-old/eslint.config.js"].map(str::to_owned);
        for (path, config) in [
            ("a.js", "eslint.config.js"),
            ("web/src/a.js", "web/.eslintrc.json"),
            ("webs/a.js", "eslint.config.js"),
        ] {
            assert_eq!(nearest(&configs, path).unwrap(), config, "{path}");
        }
        assert_eq!(nearest(&configs[1..], "a.js"), None);
    }

    #[test]
    fn the_configuration_that_an_option_names_leaves_files_out() {
        let repo = Repo { root: "/repo".into(), base: "/repo".into(), ..Repo::default() };
        let inputs = Inputs::default();
        for (args, by) in [
            (&["-c", "lint/base.js", "--", "."][..], "by lint/base.js"),
            (&["--config=lint/base.js"], "by lint/base.js"),
            (&["--ignore-pattern", "lib", "--", "a.js"], "by its configuration"),
            (&["--ignore-pattern", "*.js"], "by `--ignore-pattern *.js` in `args`"),
            (&["--ignore-pattern=a.js", "-c", "x.js"], "by `--ignore-pattern a.js` in `args`"),
            // A copy of the base's, outside of the repository.
            (&["-c", "/scratch/eslint.config.js"], "by its configuration"),
            (&[], "by its configuration"),
        ] {
            let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
            let survey = Survey { repo: &repo, inputs: &inputs, checked_projects: &[], args: &args };
            let wanted = Wanted::new(&[".".to_owned()]);
            let fate = judge(&[".".to_owned()], &wanted, &survey)(KINDS[0], "a.js");
            assert_eq!(fate, Unnamed::Unlisted(by.into()), "{args:?}");
        }
    }

    #[test]
    fn a_pattern_ignores_files_and_folders() {
        for (pattern, file, is_hit) in [
            ("src/old", "src/old/a.js", true),
            ("src/old/", "src/old/deep/a.js", true),
            ("./src/old/**", "src/old/a.js", true),
            ("src/old", "src/older/a.js", false),
            ("src/old", "lib/src/old/a.js", false),
            ("**/old", "lib/old/a.js", true),
            ("*.test.js", "src/a.test.js", true),
            ("src/*.js", "src/deep/a.js", false),
        ] {
            assert_eq!(Ignored::new(pattern).unwrap().hits(file), is_hit, "{pattern} {file}");
        }
    }
}
