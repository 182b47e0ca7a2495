//! What is in the build context of an image and in no commit. The tag of an image must not name a commit that it
//! can't be built from again.

use std::fs;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use crate::scan::container_engine::ContainerEngine;
use crate::system::git::Repo;
use crate::text::paths::{forward, normalise};

use super::image::{Image, is_address};

impl Image {
    /// The files that git neither tracks nor ignores, and that the engine takes into the build: paths from the top of the repository.
    pub(super) fn strays(&self, repo: &Repo, engine: ContainerEngine) -> Vec<String> {
        if repo.untracked.is_empty() {
            return Vec::new();
        }
        let described = self.told_by.iter().map(|(file, _)| file.clone());
        let files: Vec<_> = self
            .dockerfile()
            .into_iter()
            .chain(described)
            .map(|file| normalise(&repo.base.join(file)))
            .collect();
        let dockerfile = self.dockerfile().map(|file| normalise(&repo.base.join(file)));
        let main = (&self.context, dockerfile.as_deref());
        // What belongs to the Dockerfile says nothing of the others.
        let further = self.contexts.iter().map(|(_, context)| (context, None));
        let contexts: Vec<(PathBuf, Ignored)> = std::iter::once(main)
            .chain(further)
            .filter(|(context, _)| !is_address(context))
            .map(|(context, dockerfile)| {
                let folder = normalise(&repo.base.join(context));
                let ignored = Ignored::read(&folder, dockerfile, engine);
                (folder, ignored)
            })
            .collect();
        let taken = |path: &&String| {
            let full = repo.root.join(path);
            let inside = |(folder, ignored): &(PathBuf, Ignored)| {
                full.strip_prefix(folder).is_ok_and(|inside| !ignored.has(&forward(inside)))
            };
            files.contains(&full) || contexts.iter().any(inside)
        };
        repo.untracked.iter().filter(taken).cloned().collect()
    }
}

/// What a `.dockerignore` leaves out of a context (Docker's manual, "Build context", `.dockerignore` files): the last line that
/// matches a path, or a folder above it, decides.
struct Ignored {
    lines: Vec<(GlobMatcher, bool)>,
}

impl Ignored {
    /// The first of the files that the engine looks for.
    fn read(context: &Path, dockerfile: Option<&Path>, engine: ContainerEngine) -> Self {
        let beside = |end: &str| {
            let file = dockerfile?;
            let name = file.file_name()?.to_str()?;
            Some(file.with_file_name(format!("{name}.{end}")))
        };
        let files = match engine {
            ContainerEngine::Docker => [beside("dockerignore"), None],
            ContainerEngine::Podman | ContainerEngine::Buildah => {
                [beside("containerignore"), Some(context.join(".containerignore"))]
            }
        };
        let files = files.into_iter().flatten().chain([context.join(".dockerignore")]);
        let text = files.map(fs::read_to_string).find_map(Result::ok).unwrap_or_default();
        Self::of(&text)
    }

    fn of(text: &str) -> Self {
        let line = |line: &str| {
            let line = line.trim();
            let (line, leaves_out) = match line.strip_prefix('!') {
                Some(line) => (line.trim(), false),
                None => (line, true),
            };
            let pattern = normalise(Path::new(line.trim_start_matches('/')));
            let pattern = pattern.to_str().filter(|pattern| !pattern.is_empty() && *pattern != ".")?;
            let glob =
                GlobBuilder::new(pattern).literal_separator(true).backslash_escape(true).build().ok()?;
            Some((glob.compile_matcher(), leaves_out))
        };
        let lines = text.trim_start_matches('\u{feff}').lines().filter(|line| !line.starts_with('#'));
        Self { lines: lines.filter_map(line).collect() }
    }

    fn has(&self, path: &str) -> bool {
        let matches = |glob: &GlobMatcher| Path::new(path).ancestors().any(|part| glob.is_match(part));
        self.lines.iter().rev().find(|(glob, _)| matches(glob)).is_some_and(|(_, leaves_out)| *leaves_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Docker 20.10 copies them, with BuildKit and without: each was tried with `COPY . /`.
    #[test]
    fn a_dockerignore_leaves_out_what_its_last_matching_line_says() {
        let ignored =
            Ignored::of("# notes\n*.md\n!README.md\nbuild\n/dist/\n**/*.log\ndocs/*/old\n  tmp?  \n");
        for path in
            ["a.md", "build/x/y", "dist/a.js", "a.log", "x/y/a.log", "docs/en/old", "docs/en/old/a", "tmp1"]
        {
            assert!(ignored.has(path), "{path}");
        }
        for path in ["README.md", "docs/a.md", "src/build", "docs/old", "docs/a/b/old", "tmp", "a.logs"] {
            assert!(!ignored.has(path), "{path}");
        }
        let all = Ignored::of("*\n!src\n!package.json\nsrc/secret\n");
        assert!(all.has("notes.txt") && all.has("src/secret/key"));
        assert!(!all.has("src/a/b.ts") && !all.has("package.json"));
        assert!(!Ignored::of("").has("a"));
    }
}
