//! Texts that findings share.

use std::collections::HashSet;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

/// Text that many findings share.
pub type Text = arcstr::ArcStr;

/// Keeps one copy of each text.
#[derive(Debug, Default)]
pub struct Strings(HashSet<Text>);

impl Strings {
    /// The shared copy of `text`.
    pub fn share(&mut self, text: Text) -> Text {
        match self.0.get(&text) {
            Some(known) => known.clone(),
            None => {
                self.0.insert(text.clone());
                text
            }
        }
    }
}

/// A shared list. It takes one word in a finding, and nothing more where it is empty: of a million
/// findings, most have no alias, no CWE and no reference.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SharedTexts(Option<Arc<Box<[Text]>>>);

impl Deref for SharedTexts {
    type Target = [Text];

    fn deref(&self) -> &[Text] {
        self.0.as_deref().map_or(&[], |texts| texts)
    }
}

impl From<Vec<Text>> for SharedTexts {
    fn from(texts: Vec<Text>) -> Self {
        Self((!texts.is_empty()).then(|| Arc::new(texts.into_boxed_slice())))
    }
}

impl<const N: usize> From<[Text; N]> for SharedTexts {
    fn from(texts: [Text; N]) -> Self {
        Self::from(Vec::from(texts))
    }
}

impl FromIterator<Text> for SharedTexts {
    fn from_iter<I: IntoIterator<Item = Text>>(texts: I) -> Self {
        texts.into_iter().collect::<Vec<Text>>().into()
    }
}

impl Serialize for SharedTexts {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.deref().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SharedTexts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::from)
    }
}
