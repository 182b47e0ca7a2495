//! Secrets in settings that git gets from variables whose names do not show a secret: the pairs
//! `GIT_CONFIG_KEY_0`, `GIT_CONFIG_VALUE_0`, …, and what `git -c` passes on in `GIT_CONFIG_PARAMETERS`
//! (git-config(1), git `config.c` `git_config_parse_parameter`).

use std::collections::BTreeMap;

use crate::redact::Secret;

use super::address;
use super::names::looks_secret;

/// The secrets in these variables.
pub(super) fn secrets(variables: &BTreeMap<String, String>) -> Vec<Secret> {
    let mut all = Vec::new();
    for (name, key) in variables {
        let Some(number) = name.strip_prefix("GIT_CONFIG_KEY_") else { continue };
        if let Some(value) = variables.get(&format!("GIT_CONFIG_VALUE_{number}")) {
            all.extend(in_setting(key, value));
        }
    }
    if let Some(settings) = variables.get("GIT_CONFIG_PARAMETERS") {
        all.extend(in_parameters(settings));
    }
    all
}

/// The secrets in a setting: a header that git sends, a password, a password in an address.
fn in_setting(key: &str, value: &str) -> Vec<Secret> {
    let last = key.rsplit('.').next().unwrap_or_default();
    if last.eq_ignore_ascii_case("extraheader") {
        return Secret::in_header(value);
    }
    let password = looks_secret(last) || last.to_ascii_lowercase().ends_with("pass");
    let plain = if password { Secret::reported(value) } else { None };
    // A credential helper may be a script that prints the password.
    let words = value.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';'));
    let printed = words.filter_map(|word| Secret::reported(word.strip_prefix("password=")?));
    let addresses = address::secrets(key).into_iter().chain(address::secrets(value));
    plain.into_iter().chain(printed).chain(addresses).collect()
}

/// `'key'='value' 'key'='value'`; before git 2.30 `'key=value'`.
fn in_parameters(settings: &str) -> Vec<Secret> {
    let pieces: Vec<&str> = settings.split('\'').collect();
    let pairs = pieces.windows(3).filter_map(|three| match three {
        [key, "=", value] => Some((*key, *value)),
        [before, setting, _] if before.trim().is_empty() => setting.split_once('='),
        _ => None,
    });
    pairs.flat_map(|(key, value)| in_setting(key, value)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_secrets_in_a_setting_are_found() {
        for (key, value, secret) in [
            ("http.extraHeader", "Authorization: Bearer hunter2-hunter2", true),
            ("http.https://host/.extraheader", "X-Any: hunter2-hunter2", true),
            ("sendemail.smtpPass", "hunter2-hunter2", true),
            ("github.token", "hunter2-hunter2", true),
            ("url.https://ada:hunter2-hunter2@host/.insteadOf", "https://host/", true),
            ("http.proxy", "http://ada:hunter2-hunter2@proxy:3128", true),
            ("credential.helper", "!f() { echo \"password=hunter2-hunter2\"; }; f", true),
            ("core.editor", "hunter2-hunter2", false),
            ("credential.helper", "store --file hunter2-hunter2", false),
        ] {
            let known: BTreeSet<Secret> =
                Secret::reported("hunter2-hunter2").into_iter().filter(|_| secret).collect();
            let pair =
                [("GIT_CONFIG_KEY_3", key), ("GIT_CONFIG_VALUE_3", value), ("GIT_CONFIG_VALUE_4", value)];
            let quoted = format!("'user.name'='Ada' '{key}'='{value}'");
            let old = format!("'user.name=Ada' '{key}={value}'");
            for variables in [
                pair.to_vec(),
                vec![("GIT_CONFIG_PARAMETERS", &quoted)],
                vec![("GIT_CONFIG_PARAMETERS", &old)],
            ] {
                let variables =
                    variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
                assert_eq!(BTreeSet::from_iter(secrets(&variables)), known, "{variables:?}");
            }
        }
    }
}
