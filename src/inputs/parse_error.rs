//! What is wrong with a file, without its values: one of them may be a secret.

use serde_json::error::Category;

/// The words for a file that is no JSON, or another JSON than its name says.
pub(super) fn of_json(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        // Its words name no value.
        Category::Syntax | Category::Eof | Category::Io => return error.to_string(),
        Category::Data => "a value is not of the expected type",
    };
    format!("{what} at line {} column {}", error.line(), error.column())
}

/// The same for TOML.
pub(super) fn of_toml(error: &toml::de::Error, text: &str) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    match before {
        Some(before) => format!("it is no such TOML at line {}", before.matches('\n').count() + 1),
        None => "it is no such TOML".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn no_value_of_the_file_is_shown() {
        type Numbers = BTreeMap<String, u8>;
        let error = serde_json::from_str::<Numbers>("{\"a\":\n \"s3cret\"}").unwrap_err();
        assert_eq!(of_json(&error), "a value is not of the expected type at line 2 column 9");
        let text = "a = 1\nb = 's3cret'\n";
        assert_eq!(
            of_toml(&toml::from_str::<Numbers>(text).unwrap_err(), text),
            "it is no such TOML at line 2"
        );
    }
}
