use serde_json::json;

use super::*;

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// What is found in a container with this variable.
fn found(name: &str, value: &str) -> Vec<String> {
    let definition = object(json!({"containerDefinitions": [
        {"name": "backend", "image": "x", "environment": [{"name": name, "value": value}]},
    ]}));
    find(&definition, &["PUBLIC_KEY".to_owned()]).into_iter().map(|found| found.what).collect()
}

#[test]
fn secrets_in_the_environment_are_found_by_name_and_by_form() {
    let hex = "0123456789abcdef0123456789abcdef0123".to_owned();
    for (name, value) in [
        ("DB_PASSWORD", "changeme".to_owned()),
        ("API_KEY", "1".to_owned()),
        ("SESSION_SECRET", "12345".to_owned()),
        ("DATABASE_URL", format!("postgres://notes:{}@db.internal/notes", "pw")),
        ("X", format!("replicas: a, redis://:{}@cache:6379", "pw")),
        ("X", ["AKIA", "Q3EGVNU4", "X2MPLE7T"].concat()),
        ("X", format!("token={}{hex}", "ghp_")),
        ("X", "Server=db;Database=notes;User Id=sa;Password=hunter2;Encrypt=true".to_owned()),
        ("X", "host=db user=notes password='hunter2'".to_owned()),
        ("X", "jdbc:postgresql://db/notes?user=notes&password=hunter2".to_owned()),
        ("X", "DefaultEndpointsProtocol=https;AccountName=notes;AccountKey=aHVudGVyMg==".to_owned()),
        ("JAVA_OPTS", "-Xmx1g -Ddb.password=hunter2".to_owned()),
        ("X", format!("-----BEGIN RSA {}-----\nMIIE", "PRIVATE KEY")),
        ("X", ["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0NTY3ODkwIn0", &hex].join(".")),
    ] {
        assert_eq!(found(name, &value), [format!("{name} of container backend")], "{name}");
    }
    for (name, value) in [
        ("DB_PASSWORD", ""),
        ("AUTH_ENABLED", "true"),
        ("PUBLIC_KEY", "abcdef-abcdef"),
        ("DB_PASSWORD_FILE", "anything at all"),
        ("TLS_KEY", "/run/secrets/tls.pem"),
        ("DB_SECRET", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db"),
        ("AUTH_URL", "https://login.example.com/"),
        ("DATABASE_URL", "postgres://notes@db.internal/notes"),
        ("DATABASE_URL", "postgres://notes:${DB_PASSWORD}@db.internal/notes"),
        ("X", "AKIABARA is a word, and AKIAhttp20charactersX too"),
        ("X", "-----BEGIN CERTIFICATE-----"),
        ("LOG_LEVEL", "debug"),
        ("X", "Server=db;Password=;Integrated Security=true"),
        ("X", "jdbc:postgresql://db/notes?user=notes&password=${DB_PASSWORD}"),
        ("X", "host=db password=$DB_PASSWORD"),
        ("JAVA_OPTS", "-Xmx1g -Dkey.file=/run/key.pem -Dauth.enabled=true"),
    ] {
        assert_eq!(found(name, value), [""; 0], "{name}={value}");
    }
}

#[test]
fn a_secret_anywhere_else_is_found_by_its_form() {
    let token = format!("glpat-{}", "abcdefghij0123456789");
    let definition = object(json!({"containerDefinitions": [
        {"name": "a", "image": "x", "command": ["run", format!("--token={token}")]},
        {"name": "b", "image": "x", "logConfiguration": {"options": {"splunk-token": token}}},
    ]}));
    let found: Vec<String> = find(&definition, &[]).into_iter().map(|found| found.what).collect();
    assert_eq!(
        found,
        [
            "containerDefinitions[0].command[1]",
            "containerDefinitions[1].logConfiguration.options.splunk-token"
        ]
    );
}

#[test]
fn a_secret_in_a_command_is_found_by_its_option() {
    let found = |key: &str, command: Value| -> Vec<String> {
        let container = json!({"name": "a", "image": "x", key: command});
        let definition = object(json!({"containerDefinitions": [container]}));
        find(&definition, &[]).into_iter().map(|found| found.what).collect()
    };
    for (key, command, what) in [
        (
            "command",
            json!(["serve", "--db-password", "hunter2"]),
            "--db-password in the command of container a",
        ),
        (
            "entryPoint",
            json!(["sh", "-c", "serve --api-key hunter2"]),
            "--api-key in the entryPoint of container a",
        ),
        ("command", json!(["serve", "--db-password=hunter2"]), "containerDefinitions[0].command[1]"),
        ("command", json!(["sh", "-c", "PGPASSWORD=hunter2 psql"]), "containerDefinitions[0].command[2]"),
        (
            "healthCheck",
            json!({"command": ["CMD", "ping", "-auth", "hunter2"]}),
            "-auth in the healthCheck of container a",
        ),
    ] {
        assert_eq!(found(key, command.clone()), [what], "{command}");
    }
    for command in [
        json!(["serve", "--db-password", "$DB_PASSWORD"]),
        json!(["sh", "-c", "serve --db-password \"${DB_PASSWORD}\""]),
        json!(["serve", "--password-file", "/run/secrets/db"]),
        json!(["serve", "--token-file=/run/secrets/db", "--auth", "--key", "/run/tls.pem"]),
        json!(["serve", "--port", "8080"]),
    ] {
        assert_eq!(found("command", command.clone()), [""; 0], "{command}");
    }
}
