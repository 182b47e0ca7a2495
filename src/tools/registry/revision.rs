//! The commit that an image in a registry is from, as its configuration says.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::scan::procedure::{Failure, StepContext};

use super::access::{Access, MOST_LISTED};
use super::held::Held;

/// The label of the commit, from the OCI image specification (`annotations.md`).
pub(in crate::tools) const REVISION: &str = "org.opencontainers.image.revision";

/// The largest configuration of an image that is read.
const CONFIG_CAP: u64 = 4 << 20;

impl Access<'_> {
    /// Whether what lies under a tag is of this commit: every image in it says so.
    pub(in crate::tools) async fn is_of_commit(
        &mut self,
        context: &mut dyn StepContext,
        held: &Held,
        commit: &str,
    ) -> Result<bool, Failure> {
        let alone = held.listed.is_empty().then_some(held.config.as_deref());
        let listed = held.images().map(|listed| listed.config.as_deref());
        let configs: Option<Vec<&str>> = alone.into_iter().chain(listed).collect();
        // Of one that is not there nobody knows.
        let Some(configs) = configs.filter(|all| (1..=MOST_LISTED).contains(&all.len())) else {
            return Ok(false);
        };
        for config in configs {
            let url = self.registry.blob(self.repository, config);
            let Some(blob) = self.read(context, &url, CONFIG_CAP, config).await? else { return Ok(false) };
            if revision(&blob).as_deref() != Some(commit) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The commit in the configuration of an image (OCI image specification, `config.md`).
fn revision(config: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Image {
        config: Option<Config>,
    }
    #[derive(Deserialize)]
    struct Config {
        #[serde(rename = "Labels")]
        labels: Option<BTreeMap<String, String>>,
    }
    let image: Image = serde_json::from_slice(config).ok()?;
    image.config?.labels?.remove(REVISION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commit_stands_in_the_labels_of_a_configuration() {
        // As `docker save` and `podman save` write it, shortened.
        let whole = r#"{"architecture":"amd64","config":{"Env":["A=b"],"Labels":{"org.opencontainers.image.revision":"3f2a91c4","x":"y"}},"rootfs":{"type":"layers","diff_ids":[]}}"#;
        assert_eq!(revision(whole.as_bytes()).as_deref(), Some("3f2a91c4"));
        for none in [
            "",
            "[]",
            "{}",
            r#"{"config":null}"#,
            r#"{"config":{"Labels":null}}"#,
            r#"{"config":{"Labels":{"revision":"3f2a91c4"}}}"#,
            r#"{"Labels":{"org.opencontainers.image.revision":"3f2a91c4"}}"#,
        ] {
            assert_eq!(revision(none.as_bytes()), None, "{none}");
        }
    }
}
