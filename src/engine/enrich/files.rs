//! Reads the files that facts about findings come from: beside gates.toml, or in the commit of
//! `--policy-from`.

use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use globset::GlobBuilder;
use ignore::WalkBuilder;

use crate::engine::base_commit::BaseCommit;
use crate::text::paths::{forward, normalise};

/// The largest file that is read.
const MOST: u64 = 256 << 20;

/// The files that a gates.toml names.
#[derive(Debug)]
pub(crate) struct Files<'a> {
    /// The folder of gates.toml: absolute.
    pub folder: PathBuf,
    /// The commit to read from; `None`: the work tree. Files outside the repository are read from this
    /// machine: the change can't touch them.
    pub base: Option<&'a BaseCommit>,
}

impl Files<'_> {
    /// Which commit the files are read from, if not from the work tree.
    pub(crate) fn words(&self) -> String {
        self.base.map(|base| format!(" in {}, where it is read from", base.revision)).unwrap_or_default()
    }

    /// The content of a file; `None` if there is no such file.
    pub(crate) async fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let path = normalise(&self.folder.join(name));
        if let Some(base) = self.base
            && base.inside(&path).is_some()
        {
            return base.file_at(&path).await;
        }
        let file = match fs::File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened.with_context(|| format!("{name} can't be read"))?,
        };
        if !file.metadata()?.is_file() {
            bail!("{name} is not a file");
        }
        let mut bytes = Vec::new();
        file.take(MOST + 1).read_to_end(&mut bytes).with_context(|| format!("{name} can't be read"))?;
        if bytes.len() as u64 > MOST {
            bail!("{name} is larger than {} MiB", MOST >> 20);
        }
        Ok(Some(bytes))
    }

    /// The files that a pattern matches, sorted: relative to the folder of gates.toml.
    pub(crate) async fn matching(&self, pattern: &str) -> Result<Vec<String>> {
        if !pattern.contains(['*', '?', '[', '{']) {
            return Ok(vec![pattern.to_owned()]);
        }
        let matcher = GlobBuilder::new(pattern).literal_separator(true).build()?.compile_matcher();
        let fixed = pattern.split('/').take_while(|part| !part.contains(['*', '?', '[', '{']));
        let top = normalise(&self.folder.join(fixed.collect::<Vec<_>>().join("/")));
        let paths = match self.base {
            Some(base) if base.inside(&top).is_some() || top == base.root() => base.files_below(&top).await?,
            _ => files_below(&top),
        };
        let relative =
            |path: PathBuf| path.strip_prefix(&self.folder).ok().map(|inside| forward(inside).to_string());
        let mut names: Vec<String> = paths.into_iter().filter_map(relative).collect();
        names.retain(|name| matcher.is_match(name.as_str()));
        names.sort_unstable();
        Ok(names)
    }
}

fn files_below(top: &Path) -> Vec<PathBuf> {
    let walk = WalkBuilder::new(top).standard_filters(false).build().flatten();
    walk.map(ignore::DirEntry::into_path).filter(|path| path.is_file()).collect()
}
