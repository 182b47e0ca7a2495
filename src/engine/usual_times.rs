//! How long the gates took in earlier runs of this clone: a hint for the order in which they start. No verdict depends on it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::Gate;
use crate::engine::evidence::GateEvidence;
use crate::scan::proof::Proof;
use crate::system::whole_file::write_whole;

/// In git's own folder: it lives as long as the clone, and no commit can bring one.
const FILE: &str = "portcullis/times.json";

/// The file's schema. A file with another one is ignored.
const SCHEMA: &str = "portcullis/times/1";

/// How many runs are kept of each gate.
const KEPT: usize = 5;

/// What earlier runs took.
#[derive(Debug, Default)]
pub(crate) struct UsualTimes {
    /// `None`: there is no place to keep them.
    file: Option<PathBuf>,
    /// Milliseconds by the gate's id, the newest last.
    gates: BTreeMap<String, Vec<u64>>,
}

#[derive(Serialize, Deserialize)]
struct Page {
    schema: String,
    gates: BTreeMap<String, Vec<u64>>,
}

impl UsualTimes {
    /// Those of the repository with this top. A file that can't be read counts as none.
    pub(crate) fn of(root: &Path) -> Self {
        let file = git_folder(root).map(|folder| folder.join(FILE));
        let page = file.as_ref().and_then(|file| fs::read(file).ok());
        let page = page.and_then(|text| serde_json::from_slice::<Page>(&text).ok());
        let gates = page.filter(|page| page.schema == SCHEMA).map(|page| page.gates).unwrap_or_default();
        Self { file, gates }
    }

    /// How long this gate will take: the median of its last runs, else a guess by its tool.
    pub(crate) fn of_gate(&self, gate: &Gate) -> Duration {
        let mut known = self.gates.get(&*gate.id).cloned().unwrap_or_default();
        known.sort_unstable();
        known
            .get(known.len() / 2)
            .map_or(Duration::from_secs(gate.spec.usual_seconds), |ms| Duration::from_millis(*ms))
    }

    /// Adds those of a run. Only gates that did all of their work count. If the file can't be written, only time is lost.
    pub(crate) fn add(mut self, run: &[GateEvidence]) {
        let Some(file) = self.file else { return };
        for gate in run {
            if gate.lack.is_some()
                || !gate.targets.iter().all(|target| matches!(target.proof, Proof::Complete(_)))
            {
                continue;
            }
            let times = self.gates.entry(gate.gate.id.to_string()).or_default();
            times.push(u64::try_from(gate.duration.as_millis()).unwrap_or(u64::MAX));
            let old = times.len().saturating_sub(KEPT);
            times.drain(..old);
        }
        // A gate that is not in gates.toml any more is forgotten.
        self.gates.retain(|id, _| run.iter().any(|gate| *gate.gate.id == **id));
        let page = Page { schema: SCHEMA.to_owned(), gates: self.gates };
        if let Ok(text) = serde_json::to_vec(&page) {
            let _ = write_whole(&file, |out| out.write_all(&text));
        }
    }
}

/// `.git`, or the folder that it names in a linked work tree (gitrepository-layout(5)).
fn git_folder(root: &Path) -> Option<PathBuf> {
    let git = root.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    let text = fs::read_to_string(&git).ok()?;
    let named = root.join(text.strip_prefix("gitdir: ")?.trim_end());
    named.is_dir().then_some(named)
}
