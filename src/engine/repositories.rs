//! Which repository belongs to which image: `fetch` takes what is there of this commit, so it must not find another image's.

use std::collections::{BTreeSet, HashMap};

use crate::text::shared::Text;

use super::plan::{Fate, PlannedGate};

/// An image that a gate pushes.
#[derive(Clone, Debug)]
pub(crate) struct Push {
    pub gate: Text,
    /// Under one name for all spellings. Without a registry in front: any registry of Amazon ECR.
    pub repository: String,
    pub image: String,
}

impl Push {
    fn goes_to(&self, repository: &str) -> bool {
        match self.repository.strip_prefix('/') {
            Some(name) => repository
                .split_once('/')
                .is_some_and(|(host, its)| host.contains(".dkr.ecr.") && its == name),
            None => self.repository == repository,
        }
    }
}

/// Refuses two images, of one gate or of several, that would be fetched from one repository: the second would get the first
/// one's image, which is of the same commit.
pub(crate) fn part_fetches(gates: &mut [PlannedGate], pushes: &[Push]) {
    keep_from_pushes(gates, pushes);
    let mut names: HashMap<String, BTreeSet<(usize, String)>> = HashMap::new();
    for (index, planned) in gates.iter().enumerate() {
        for (repository, name) in planned.fate.jobs().iter().filter_map(|job| job.fetches.clone()) {
            names.entry(repository).or_default().insert((index, name));
        }
    }
    for (repository, images) in names.into_iter().filter(|(_, images)| images.len() > 1) {
        let listed: Vec<String> =
            images.iter().map(|(index, name)| format!("{name} of `{}`", gates[*index].gate.id)).collect();
        for (index, _) in &images {
            gates[*index].fate = Fate::Impossible(format!(
                "{} have the same `fetch`, {repository}: give each a repository of its own",
                listed.join(" and ")
            ));
        }
    }
}

/// Refuses to fetch an image from a repository to which another one is pushed.
fn keep_from_pushes(gates: &mut [PlannedGate], pushes: &[Push]) {
    for planned in gates {
        let fetches = planned.fate.jobs().iter().filter_map(|job| job.fetches.as_ref());
        let others = fetches.filter_map(|(repository, name)| {
            let push = pushes.iter().find(|push| push.goes_to(repository) && push.image != *name)?;
            Some(format!(
                "{name} has `fetch` = {repository}, to which `{}` pushes {}: that image would be taken for {name}, \
                 so give each a repository of its own",
                push.gate, push.image
            ))
        });
        let refusal = others.into_iter().next();
        if let Some(why) = refusal {
            planned.fate = Fate::Impossible(why);
        }
    }
}
