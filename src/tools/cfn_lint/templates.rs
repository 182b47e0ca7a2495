//! Which templates cfn-lint is to lint.

use std::fs;
use std::path::Path;

use globset::{GlobSet, GlobSetBuilder};
use serde::Serialize;

use crate::inputs::File;
use crate::inputs::templates::is_cloudformation;
use crate::keys::table::{Keys, Located};
use crate::model::input::InputKind;
use crate::policy::path_pattern::read_pattern;
use crate::scan::scene::Scene;
use crate::text::paths::{forward, normalise};

/// What the key `files` names.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub(super) struct Wanted {
    /// What the key says.
    words: Vec<String>,
    /// The entries without a `!` in front, as they are written.
    #[serde(skip)]
    names: Vec<String>,
    #[serde(skip)]
    globs: GlobSet,
    /// The entries with a `!` in front.
    #[serde(skip)]
    but: GlobSet,
}

impl Wanted {
    /// What the key says.
    pub(super) fn words(&self) -> &[String] {
        &self.words
    }

    /// Reads the key. An entry that is not a valid pattern is a mistake.
    pub(super) fn configure(keys: &Keys) -> Self {
        let (mut names, mut globs, mut but) = (Vec::new(), GlobSetBuilder::new(), GlobSetBuilder::new());
        let all = keys.texts("files").unwrap_or_default();
        let words = all.iter().map(|text| text.value.clone()).collect();
        for Located { value: name, at } in all {
            let (to, pattern) = match name.strip_prefix('!') {
                Some(pattern) => (&mut but, pattern),
                None => (&mut globs, name.as_str()),
            };
            let pattern = Located { value: pattern.trim_start_matches("./").to_owned(), at };
            if let Some(glob) = read_pattern(keys, &pattern) {
                to.add(glob);
            }
            if !name.starts_with('!') {
                names.push(name);
            }
        }
        let build = |globs: GlobSetBuilder| globs.build().unwrap_or_default();
        Self { words, names, globs: build(globs), but: build(but) }
    }

    /// Whether it names something to lint, and not only what to leave out.
    pub(super) fn names_some(&self) -> bool {
        !self.names.is_empty()
    }

    /// Whether it names a template at this path, relative to the folder.
    pub(super) fn has(&self, name: &str) -> bool {
        let is_below = |folder: &String| Path::new(name).starts_with(normalise(Path::new(folder)));
        let named = !self.names_some() || self.globs.is_match(name) || self.names.iter().any(is_below);
        named && !self.but.is_match(name)
    }

    /// The wanted files below `dir`, relative to it: named files, files that match a pattern, and the
    /// templates in a named folder. If the key names nothing, every template.
    pub(super) fn files(&self, scene: &Scene, dir: &str) -> Vec<String> {
        let full = normalise(&scene.repo.base.join(dir));
        let mut files: Vec<String> = match self.names_some() {
            true => {
                let named = scene.files_below(dir).filter(|(name, _)| self.globs.is_match(name));
                named.map(|(name, _)| name).filter(|name| full.join(name).is_file()).collect()
            }
            false => below(scene, dir).collect(),
        };
        for name in &self.names {
            let path = normalise(&full.join(name));
            let shown = path.strip_prefix(&full).unwrap_or(&path);
            if path.is_file() {
                files.push(shown.to_string_lossy().into_owned());
            } else if path.is_dir() {
                let dir = Path::new(dir).join(name).to_string_lossy().into_owned();
                let inside = below(scene, &dir);
                files.extend(inside.map(|file| forward(&shown.join(file)).to_string()));
            }
        }
        files.retain(|file| !self.but.is_match(file));
        files.sort();
        files.dedup();
        files
    }
}

/// Every CloudFormation template below a folder, relative to it. Files that git ignores are linted too: a line of
/// .gitignore must not hide a template. A name that is not Unicode can't be an argument: cfn-lint reports that it found no such
/// file.
fn below(scene: &Scene, dir: &str) -> impl Iterator<Item = String> {
    let is_template = |file: &File| {
        // A link out of the repository is not read as an input, and cfn-lint follows it.
        let linked = || file.is_link() && is_cloudformation(&scene.repo.root.join(file.os_path()));
        file.kinds().has(InputKind::CloudFormation) || linked()
    };
    scene.files_below(dir).filter(move |(_, file)| is_template(file)).map(|(name, _)| name)
}

/// The name, escaped for cfn-lint: it reads names as patterns of Python's `glob`.
pub(super) fn escaped(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '*' | '?' | '[' => out.extend(['[', c, ']']),
            _ => out.push(c),
        }
    }
    out
}

/// Whether a template holds instructions for cfn-lint.
pub(super) fn speaks_of_cfn_lint(template: &Path) -> bool {
    // A larger one may.
    const MOST: u64 = 4 << 20;
    let small = fs::metadata(template).is_ok_and(|meta| meta.is_file() && meta.len() <= MOST);
    !small || fs::read(template).is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains("cfn-lint"))
}
