//! VEX documents: OpenVEX and CycloneDX.

pub(crate) mod cyclonedx;
pub(crate) mod openvex;
#[cfg(test)]
mod tests;

use serde::Deserialize;
use serde::de::IgnoredAny;
use thiserror::Error;

use crate::formats::json;
use crate::model::assessment::VexWords;
use crate::policy::vex::VexDocument;
use crate::text::bom::without_bom;
use crate::text::sanitise;
use crate::text::shared::Text;

/// Why Portcullis can't use a file as a VEX document.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Broken(pub String);

/// Reads an OpenVEX or a CycloneDX document.
pub fn read(name: &str, bytes: &[u8]) -> Result<VexDocument, Broken> {
    #[derive(Deserialize)]
    struct Signs {
        #[serde(rename = "bomFormat")]
        bom_format: Option<String>,
        #[serde(rename = "@context")]
        context: Option<Context>,
    }
    let bytes = json::decoded(bytes, "VEX document").map_err(|error| Broken(error.to_string()))?;
    let bytes = without_bom(&bytes);
    let broken = |error: serde_json::Error| Broken(error.to_string());
    let signs: Signs = serde_json::from_slice(bytes).map_err(broken)?;
    let statements = match (signs.bom_format.as_deref(), &signs.context) {
        (Some("CycloneDX"), _) => cyclonedx::statements(bytes)?,
        (_, Some(context)) if context.is_openvex() => openvex::statements(bytes)?,
        _ => return Err(Broken("it is neither OpenVEX nor CycloneDX".to_owned())),
    };
    match statements.is_empty() {
        true => Err(Broken("it makes no statement".to_owned())),
        false => Ok(VexDocument { name: Text::from(sanitise::short(name, 300)), statements }),
    }
}

/// Refuses `not_affected` without a reason: nobody could check it. The author's own words are in the key `words_in`.
fn require_reason(
    of: VexWords,
    id: &str,
    justification: Option<&str>,
    words: Option<&str>,
    words_in: &str,
) -> Result<(), Broken> {
    if of.is_reason(justification, words) {
        return Ok(());
    }
    let lacks = match justification {
        Some(word) => format!("the justification `{word}`, which the format does not have,"),
        None => "no `justification`".to_owned(),
    };
    Err(Broken(format!("the statement on {id} is `not_affected` with {lacks} and no `{words_in}`")))
}

/// JSON-LD allows an address or a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Context {
    One(String),
    Several(Vec<IgnoredUnlessText>),
}
#[derive(Deserialize)]
#[serde(untagged)]
enum IgnoredUnlessText {
    Text(String),
    Other(IgnoredAny),
}
impl Context {
    fn is_openvex(&self) -> bool {
        match self {
            Self::One(address) => address.contains("openvex"),
            Self::Several(list) => list
                .iter()
                .any(|one| matches!(one, IgnoredUnlessText::Text(address) if address.contains("openvex"))),
        }
    }
}
