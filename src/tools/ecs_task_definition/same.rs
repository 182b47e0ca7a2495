//! Whether a registered revision is the same as the one that would be registered.
//!
//! ECS does not return exactly what it was given: it fills in defaults, leaves out empty parts, and
//! does not keep the order of lists of variables. In doubt the two are different: then one more
//! revision is registered, which costs nothing.

use serde_json::{Map, Value, json};

use super::template::READ_ONLY;

/// Whether `theirs`, as ECS describes it, is the result of registering `ours`.
pub(super) fn same(ours: &Map<String, Value>, theirs: &Map<String, Value>) -> bool {
    let mut theirs = theirs.clone();
    theirs.retain(|key, _| !READ_ONLY.contains(&key.as_str()));
    same_objects(ours, &theirs)
}

fn same_objects(ours: &Map<String, Value>, theirs: &Map<String, Value>) -> bool {
    let alone = |map: &Map<String, Value>, key: &str, value: &Value| {
        is_nothing(value)
            || is_default(key, value)
            || (key == "hostPort" && map.get("containerPort") == Some(value))
    };
    let of_ours = ours.iter().all(|(key, value)| match theirs.get(key) {
        Some(other) => same_values(key, value, other),
        None => alone(ours, key, value),
    });
    let missing = || theirs.iter().filter(|(key, _)| !ours.contains_key(*key));
    of_ours && missing().all(|(key, value)| alone(theirs, key, value))
}

fn same_values(key: &str, ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => same_objects(ours, theirs),
        (Value::Array(ours), Value::Array(theirs)) => same_lists(key, ours, theirs),
        _ => ours == theirs,
    }
}

fn same_lists(key: &str, ours: &[Value], theirs: &[Value]) -> bool {
    if ours.len() != theirs.len() {
        return false;
    }
    let (mut ours, mut theirs): (Vec<&Value>, Vec<&Value>) = (ours.iter().collect(), theirs.iter().collect());
    // The order of words matters (a command), the order of objects does not.
    let unordered = key == "requiresCompatibilities" || ours.iter().all(|item| item.is_object());
    if unordered {
        ours.sort_by_cached_key(|item| identity(item));
        theirs.sort_by_cached_key(|item| identity(item));
    }
    ours.iter().zip(theirs).all(|(ours, theirs)| same_values(key, ours, theirs))
}

/// The keys that identify an item of a list. ECS returns them unchanged.
fn identity(item: &Value) -> Vec<Option<String>> {
    const KEYS: [&str; 8] = [
        "name",
        "key",
        "containerPort",
        "containerPath",
        "sourceContainer",
        "containerName",
        "hostname",
        "value",
    ];
    match item {
        Value::Object(members) => KEYS.map(|key| members.get(key).map(Value::to_string)).into(),
        other => vec![Some(other.to_string())],
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The defaults that ECS fills in (Amazon ECS API reference: ContainerDefinition, PortMapping, HealthCheck,
/// EFSVolumeConfiguration, RegisterTaskDefinition).
fn is_default(key: &str, value: &Value) -> bool {
    match key {
        "cpu" | "hostPort" | "startPeriod" => *value == json!(0),
        "essential" => *value == json!(true),
        "protocol" => *value == json!("tcp"),
        "interval" => *value == json!(30),
        "timeout" => *value == json!(5),
        "retries" => *value == json!(3),
        "rootDirectory" => *value == json!("/"),
        "networkMode" => *value == json!("bridge"),
        _ => false,
    }
}
