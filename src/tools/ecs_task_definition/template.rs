//! A task definition for ECS: read from a template and filled, completely or not at all.
//!
//! It has the form of `RegisterTaskDefinition` (Amazon ECS API reference). Keys that Portcullis does
//! not know are passed on unchanged, and ECS checks them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::scan::placeholder::Values;
use crate::scan::placeholder::foreign::is_of_shell;
use crate::text::json_keys;

/// Keys that `describe-task-definition` returns and `register-task-definition` does not accept. A
/// template is often made from such an answer.
pub(super) const READ_ONLY: &[&str] = &[
    "compatibilities",
    "deregisteredAt",
    "registeredAt",
    "registeredBy",
    "requiresAttributes",
    "revision",
    "status",
    "taskDefinitionArn",
];

/// How many places one message names at most.
const NAMED: usize = 20;

/// A task definition that is being filled.
#[derive(Debug)]
pub(super) struct Template {
    root: Map<String, Value>,
    /// Placeholders without a value, each with its place.
    left: Vec<(String, String)>,
    /// Names in the table that it uses.
    pub used: BTreeSet<String>,
}

/// One container of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Container {
    pub name: String,
    pub image: String,
    /// The ports that it opens.
    pub ports: Vec<u64>,
}

impl Template {
    /// Reads a template and fills its placeholders. The error says what is missing.
    pub(super) fn read(text: &str, values: &Values) -> Result<Self, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let document: Value = serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}"))?;
        json_keys::once(text).map_err(|error| format!("is not clear: {error}"))?;
        let Value::Object(mut root) = document else {
            return Err("is not a task definition: it is not a JSON object".to_owned());
        };
        // Also accept the whole answer of `describe-task-definition`.
        if !root.contains_key("containerDefinitions")
            && let Some(Value::Object(inner)) = root.remove("taskDefinition")
        {
            let tags = root.remove("tags");
            root = inner;
            root.extend(tags.map(|tags| ("tags".to_owned(), tags)));
        }
        root.retain(|key, _| !READ_ONLY.contains(&key.as_str()));
        let mut template = Self { root, left: Vec::new(), used: BTreeSet::new() };
        let Self { root, left, used } = &mut template;
        fill(root, "", &mut |text, place| {
            let filled = values.fill(text, used);
            let runs = in_command(place);
            let kept = filled.left.into_iter().filter(|placeholder| !(runs && is_of_shell(placeholder)));
            left.extend(kept.map(|placeholder| (place.to_owned(), placeholder)));
            filled.text
        })?;
        template.check()?;
        Ok(template)
    }

    fn check(&self) -> Result<(), String> {
        let containers = self.root.get("containerDefinitions").and_then(Value::as_array);
        let Some(containers) = containers else {
            return Err("is not a task definition: it has no list `containerDefinitions`".to_owned());
        };
        if containers.is_empty() {
            return Err("has no container in `containerDefinitions`".to_owned());
        }
        let mut names = BTreeSet::new();
        for (index, container) in containers.iter().enumerate() {
            let name = match container.get("name").and_then(Value::as_str) {
                Some(name) if !name.is_empty() => name,
                _ => return Err(format!("has no `name` in containerDefinitions[{index}]")),
            };
            if !names.insert(name) {
                return Err(format!("has two containers with the name {name}"));
            }
            match container.get("image").and_then(Value::as_str) {
                Some(image) if !image.is_empty() => {}
                _ => return Err(format!("has no `image` in containerDefinitions[{index}] ({name})")),
            }
        }
        Ok(())
    }

    /// Its containers, in its order.
    pub(super) fn containers(&self) -> Vec<Container> {
        containers(&self.root)
    }

    /// Sets the images of containers, by name. The error names containers that it does not have.
    pub(super) fn set_images(&mut self, images: &BTreeMap<String, String>) -> Result<(), String> {
        let list = self.root.get_mut("containerDefinitions").and_then(Value::as_array_mut);
        let mut strange: BTreeSet<&str> = images.keys().map(String::as_str).collect();
        for (index, container) in list.into_iter().flatten().enumerate() {
            let name = container.get("name").and_then(Value::as_str).unwrap_or_default();
            let Some((name, image)) = images.get_key_value(name) else { continue };
            strange.remove(name.as_str());
            if let Value::Object(container) = container {
                container.insert("image".to_owned(), Value::from(image.as_str()));
            }
            let place = format!("containerDefinitions[{index}]{IMAGE}");
            self.left.retain(|(left, _)| *left != place);
        }
        match strange.is_empty() {
            true => Ok(()),
            false => Err(format!(
                "has no container {}: see `images`",
                strange.into_iter().collect::<Vec<_>>().join(", ")
            )),
        }
    }

    /// Sets the family that gates.toml names, if any. Returns the family.
    pub(super) fn family(&mut self, wanted: Option<&str>) -> Result<String, String> {
        if let Some(wanted) = wanted {
            self.root.insert("family".to_owned(), Value::from(wanted));
            self.left.retain(|(left, _)| left != "family");
        }
        match self.root.get("family").and_then(Value::as_str) {
            None | Some("") => Err("has no `family`: name one in it, or in gates.toml".to_owned()),
            Some(family) if !is_family(family) => Err(format!("has a `family` that is not valid: {family}")),
            Some(family) => Ok(family.to_owned()),
        }
    }

    /// The whole definition, if no placeholder is left in it.
    pub(super) fn finish(self) -> Result<Value, String> {
        match left_over(self.left.iter()) {
            None => Ok(Value::Object(self.root)),
            Some(why) => Err(why),
        }
    }

    /// What is known to be left over before anything runs: later, images come from gates.
    pub(super) fn left_now(&self) -> Option<String> {
        left_over(self.left.iter().filter(|(place, _)| !place.ends_with(IMAGE)))
    }

    /// Its content so far.
    pub(super) fn root(&self) -> &Map<String, Value> {
        &self.root
    }
}

const IMAGE: &str = ".image";

/// Whether a shell may run the text at this place, and fill `$NAME` from the container's environment.
fn in_command(place: &str) -> bool {
    let Some((_, key)) = place.strip_prefix("containerDefinitions[").and_then(|rest| rest.split_once("]."))
    else {
        return false;
    };
    ["command[", "entryPoint[", "healthCheck.command["].iter().any(|start| key.starts_with(start))
}

fn left_over<'l>(left: impl Iterator<Item = &'l (String, String)>) -> Option<String> {
    let all: Vec<String> = left.map(|(place, placeholder)| format!("{placeholder} at {place}")).collect();
    let more = match all.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let named = all.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    (!all.is_empty())
        .then(|| format!("has placeholders left over: {named}{more}; give each its value in `values`"))
}

/// Letters, digits, `-` and `_`, up to 255 (Amazon ECS API reference, RegisterTaskDefinition).
pub(super) fn is_family(family: &str) -> bool {
    let begins = family.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    begins && family.len() <= 255 && family.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
}

/// The containers of a task definition; those without a name or an image are ignored.
pub(super) fn containers(root: &Map<String, Value>) -> Vec<Container> {
    let list = root.get("containerDefinitions").and_then(Value::as_array).into_iter().flatten();
    let read = |container: &Value| {
        let text = |key: &str| container.get(key)?.as_str().map(str::to_owned);
        let mappings = container.get("portMappings").and_then(Value::as_array);
        let port = |mapping: &Value| mapping.get("containerPort")?.as_u64();
        let ports = mappings.into_iter().flatten().filter_map(port).collect();
        Some(Container { name: text("name")?, image: text("image")?, ports })
    };
    list.filter_map(read).collect()
}

/// Every text of a task definition with its place: `containerDefinitions[0].image`.
pub(super) fn texts<'v>(root: &'v Map<String, Value>, visit: &mut impl FnMut(&'v str, &str)) {
    for (key, value) in root {
        texts_in(value, &mut key.clone(), visit);
    }
}

fn texts_in<'v>(value: &'v Value, place: &mut String, visit: &mut impl FnMut(&'v str, &str)) {
    let length = place.len();
    match value {
        Value::String(text) => visit(text, place),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                place.push_str(&format!("[{index}]"));
                texts_in(item, place, visit);
                place.truncate(length);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                place.push('.');
                place.push_str(key);
                texts_in(member, place, visit);
                place.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Replaces every key and every text with the result of `change`. (The JSON reader allows at most 128
/// levels.)
fn fill(
    members: &mut Map<String, Value>,
    place: &str,
    change: &mut impl FnMut(&str, &str) -> String,
) -> Result<(), String> {
    for (key, mut value) in std::mem::take(members) {
        let within = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
        fill_value(&mut value, &within, change)?;
        let key = change(&key, &within);
        if members.contains_key(&key) {
            return Err(format!("has the key {key} twice after its placeholders are filled"));
        }
        members.insert(key, value);
    }
    Ok(())
}

fn fill_value(
    value: &mut Value,
    place: &str,
    change: &mut impl FnMut(&str, &str) -> String,
) -> Result<(), String> {
    match value {
        Value::String(text) => *text = change(text, place),
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                fill_value(item, &format!("{place}[{index}]"), change)?;
            }
        }
        Value::Object(members) => fill(members, place, change)?,
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    Ok(())
}
