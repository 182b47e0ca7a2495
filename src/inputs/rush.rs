//! `rush.json`, which has comments.
//!
//! Source: Rush, "rush.json".

use serde::Deserialize;

use crate::inputs::parse_error::of_json;
use crate::text::jsonc::plain_json;

/// The folders of its projects.
pub(super) fn projects(text: &str) -> Result<Vec<String>, String> {
    #[derive(Deserialize)]
    struct Rush {
        #[serde(default)]
        projects: Vec<Project>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Project {
        project_folder: String,
    }
    let read: Rush = serde_json::from_str(&plain_json(text)).map_err(|error| of_json(&error))?;
    Ok(read.projects.into_iter().map(|project| project.project_folder).collect())
}
