//! Names of variables, options and settings whose values are secrets.

use super::{Secret, address, evidence};

/// Whether a variable of this name holds a secret, or gives access to one.
pub(crate) fn looks_secret(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    // The working directory; and names of settings, all of which git needs because it counts them.
    if matches!(upper.as_str(), "PWD" | "OLDPWD") || upper.starts_with("GIT_CONFIG_KEY_") {
        return false;
    }
    let ends =
        ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL", "APIKEY", "COOKIE", "WEBHOOK"];
    let words = ["PASS", "PWD", "AUTH", "KEY", "PAT", "JWT", "BEARER", "DSN", "SAS", "OTP", "TOTP", "CRED"];
    let all = words_of(name);
    let pair = |pair: &[String]| matches!([&*pair[0], &*pair[1]], ["CONNECTION" | "CONN", "STRING" | "STR"]);
    all.windows(2).any(pair)
        || all.iter().chain([&upper]).any(|word| {
            let one = word.strip_suffix('S').filter(|one| !one.ends_with('S')).unwrap_or(word);
            [word, one].iter().any(|word| words.contains(word) || ends.iter().any(|end| word.ends_with(end)))
        })
}

/// Whether the value of a variable of this name is the secret itself, not its place or its name.
pub(crate) fn holds_secret(name: &str) -> bool {
    let about = ["FILE", "PATH", "DIR", "NAME", "USER", "HOST", "REGION", "TYPE", "METHOD", "MODE", "SOCK"];
    looks_secret(name) && !words_of(name).last().is_some_and(|last| about.contains(&last.as_str()))
}

/// The words of a name in capitals: `dbPassword`, `DB_PASSWORD` and `db-password` are `DB` and `PASSWORD`.
pub(crate) fn words_of(name: &str) -> Vec<String> {
    let mut spaced = String::with_capacity(name.len() + 8);
    let mut letters = name.chars().peekable();
    let mut before = ' ';
    while let Some(letter) = letters.next() {
        // `dbPassword` and `JWTSecret` have a word that begins at the last capital.
        let hump = letter.is_ascii_uppercase()
            && (before.is_ascii_lowercase()
                || before.is_ascii_digit()
                || (before.is_ascii_uppercase() && letters.peek().is_some_and(char::is_ascii_lowercase)));
        if hump {
            spaced.push(' ');
        }
        spaced.push(if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { ' ' });
        before = letter;
    }
    spaced.split_ascii_whitespace().map(str::to_owned).collect()
}

/// The secrets in a variable, an option or a setting of this name.
pub(crate) fn secrets_in(name: &str, value: &str) -> Vec<Secret> {
    let whole = if holds_secret(name) { Secret::of_variable(value) } else { None };
    // A proxy, a database: the password in an address or in `host=… password=…` is a secret, whatever the name.
    let parts = address::secrets(value).into_iter().chain(evidence::assigned_in(value));
    let webhook = words_of(name).iter().any(|word| word.trim_end_matches('S').ends_with("WEBHOOK"));
    let webhook = if webhook && value.contains("://") { address::of_webhook(value) } else { Vec::new() };
    whole.into_iter().chain(parts).chain(webhook).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_words_in_every_style() {
        for (name, words) in [
            ("dbPassword", "DB PASSWORD"),
            ("DB_PASSWORD", "DB PASSWORD"),
            ("JWTSecret", "JWT SECRET"),
            ("--db.pass-word2", "DB PASS WORD2"),
            ("oauth2Token", "OAUTH2 TOKEN"),
            ("sha256", "SHA256"),
            ("", ""),
        ] {
            assert_eq!(words_of(name).join(" "), words);
        }
    }

    #[test]
    fn names_of_secrets_are_distinguished_from_others() {
        for name in [
            "GITHUB_TOKEN",
            "SONAR_TOKEN",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_ACCESS_KEY_ID",
            "DB_PASSWORD",
            "MYSQL_PWD",
            "DB_PASS",
            "BC_API_KEY",
            "STRIPE_APIKEY",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "DOCKER_AUTH_CONFIG",
            "SSH_AUTH_SOCK",
            "npm_config__auth",
            "npm_config_//registry.example/:_authToken",
            "GH_PAT",
            "DEPLOY_KEYS",
            "SENTRY_DSN",
            "SLACK_WEBHOOK",
            "SLACK_WEBHOOK_URL",
            "AZURE_STORAGE_CONNECTION_STRING",
            "AZURE_STORAGE_SAS",
            "LOGIN_OTP",
            "DB_CREDS",
            "dbPassword",
            "githubToken",
            "privateKey",
            "signingKeyPem",
        ] {
            assert!(looks_secret(name), "{name}");
        }
        for name in [
            "PATH",
            "PWD",
            "OLDPWD",
            "HOME",
            "GIT_ASKPASS",
            "GIT_CONFIG_KEY_0",
            "TOKENIZERS_PARALLELISM",
            "AUTHOR",
            "KEYBOARD",
            "npm_config_registry",
            "TRIVY_CACHE_DIR",
            "MONKEY",
            "SASS_PATH",
            "OPTIONS",
            "ADSN",
            "hockeyKeyboard",
            "CONNECTION",
        ] {
            assert!(!looks_secret(name), "{name}");
        }
        for name in ["AWS_WEB_IDENTITY_TOKEN_FILE", "SECRET_NAME", "tokenFile", "passwordPath"] {
            assert!(looks_secret(name) && !holds_secret(name), "{name}");
        }
    }

    #[test]
    fn the_secrets_of_a_variable_are_found_by_its_name_and_by_its_form() {
        let hook = ["https://chat.example/in/T1", "/hunter2hunter2hunter2"].concat();
        let parts = ["/in/T1/hunter2hunter2hunter2", "hunter2hunter2hunter2"];
        for (name, value, secrets) in [
            ("DB_PASSWORD", "hunter2-one", &["hunter2-one"][..]),
            ("dbPassword", "hunter2-one", &["hunter2-one"]),
            ("SENTRY_DSN", "https://hunter2-hunter2@errors.example/17", &["hunter2-hunter2"]),
            ("DATABASE", "host=db user=ada password=hunter2-one", &["hunter2-one"]),
            ("STORE", "AccountName=a;AccountKey=hunter2/one==;Suffix=b", &["hunter2/one=="]),
            ("CHAT_WEBHOOK", &hook, &[&hook, parts[0], parts[1]]),
            ("TOKEN_URL", "https://login.example/token", &[]),
            ("CONFIG", "/etc/a=b", &[]),
        ] {
            let found = std::collections::BTreeSet::from_iter(secrets_in(name, value));
            assert_eq!(
                found,
                secrets.iter().filter_map(|secret| Secret::reported(secret)).collect(),
                "{name}"
            );
        }
    }
}
