//! Names of variables, options and settings whose values are secrets.

use crate::redact::Secret;

/// Whether a variable of this name holds a secret, or gives access to one.
pub(crate) fn looks_secret(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    // The working directory; and names of settings, all of which git needs because it counts them.
    if matches!(upper.as_str(), "PWD" | "OLDPWD") || upper.starts_with("GIT_CONFIG_KEY_") {
        return false;
    }
    let ends = ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL", "APIKEY", "COOKIE"];
    let words = ["PASS", "PWD", "AUTH", "KEY", "PAT", "JWT", "BEARER"];
    upper.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| {
        let one = word.strip_suffix('S').unwrap_or(word);
        [word, one].iter().any(|word| words.contains(word) || ends.iter().any(|end| word.ends_with(end)))
    })
}

/// Whether the value of a variable of this name is the secret itself, not its place or its name.
pub(crate) fn holds_secret(name: &str) -> bool {
    let last = name.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let about = ["FILE", "PATH", "DIR", "NAME", "USER", "HOST", "REGION", "TYPE", "METHOD", "MODE", "SOCK"];
    looks_secret(name) && !about.iter().any(|about| last.eq_ignore_ascii_case(about))
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

/// The secret in a variable, an option or a setting of this name.
pub(crate) fn secret_in(name: &str, value: &str) -> Option<Secret> {
    match holds_secret(name) {
        true => Secret::of_variable(value),
        // A proxy, a database: the password in an address is a secret, whatever the name.
        false => Secret::in_address(value),
    }
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
        ] {
            assert!(!looks_secret(name), "{name}");
        }
        assert!(!holds_secret("AWS_WEB_IDENTITY_TOKEN_FILE") && !holds_secret("SECRET_NAME"));
    }
}
