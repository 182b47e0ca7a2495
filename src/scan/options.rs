//! The options of two gates, compared by key.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

/// Stands for the key if the options are not a table of keys.
const WHOLE: &str = "options of the tool";

/// The options of a gate's tool, as values that can be compared. Every tool gets them by deriving
/// [`Serialize`], so no option can be forgotten.
pub trait ToolOptions {
    /// Each option under its key in gates.toml.
    fn options(&self) -> Value;
}

impl<T: Serialize> ToolOptions for T {
    fn options(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// The keys whose values differ.
pub fn differing(base: &Value, other: &Value) -> BTreeSet<String> {
    match (base, other) {
        (Value::Object(was), Value::Object(is)) => {
            let keys = was.keys().chain(is.keys());
            keys.filter(|key| was.get(*key) != is.get(*key)).cloned().collect()
        }
        (was, is) if was != is => BTreeSet::from([WHOLE.to_owned()]),
        _ => BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_key_with_another_value_differs() {
        let base = json!({"dirs": ["a"], "omit": [], "registry": null});
        for (other, keys) in [
            (json!({"dirs": ["a"], "omit": [], "registry": null}), vec![]),
            (json!({"dirs": ["b"], "omit": [], "registry": "x"}), vec!["dirs", "registry"]),
            (json!({"dirs": ["a"], "omit": []}), vec!["registry"]),
            (json!({"dirs": ["a"], "omit": [], "registry": null, "more": 1}), vec!["more"]),
            (json!(null), vec![WHOLE]),
        ] {
            let found: Vec<String> = differing(&base, &other).into_iter().collect();
            assert_eq!(found, keys, "{other}");
        }
    }
}
