//! The platform on which ECS would start the containers, against the one for which this run has built their images. Another one
//! ends each task with `exec format error`, after the deployment has begun.

use serde_json::{Map, Value};

use crate::scan::gate_outputs::{BUILDER, BUILT_FOR, GateOutputs};
use crate::scan::platform::Platform;
use crate::tools::registry::delivered::Pushed;

use super::template::containers;

/// What a definition asks for. `None` of an architecture: it is the cluster's.
struct Asked {
    os: &'static str,
    architecture: Option<&'static str>,
    /// Where it says so.
    by: &'static str,
}

/// Compares the two for every container with an image of this run. Returns what is proved, one sentence each.
///
/// # Errors
/// An image is for another platform.
pub(super) fn compare(
    definition: &Map<String, Value>,
    pushed: &Pushed,
    gate_outputs: &GateOutputs,
) -> Result<Vec<String>, String> {
    let asked = asked(definition);
    let mut proved = Vec::new();
    for container in containers(definition) {
        let Some(image) = pushed.name_of(&container.image) else { continue };
        let built = built_for(gate_outputs, image);
        let Some(first) = built.first() else { continue };
        let Some(architecture) = asked.architecture else {
            proved.push(format!("{} is built for {first}; the cluster says what it runs on", container.name));
            continue;
        };
        let wanted = Platform::of(asked.os.to_owned(), architecture.to_owned(), None);
        if !built.iter().any(|platform| Platform::named(platform).meets(&wanted)) {
            return Err(format!(
                "would start the container {} on {wanted} ({}), and its image is built for {}: set `runtimePlatform` in it, or \
                 `platform` where the image is built",
                container.name,
                asked.by,
                built.join(", ")
            ));
        }
        proved.push(format!("{} is built for {wanted} ({})", container.name, asked.by));
    }
    Ok(proved)
}

/// Amazon ECS developer guide, "Task definition parameters for Fargate", `runtimePlatform`: Linux on X86_64 unless it is set. Elsewhere the
/// instances decide.
fn asked(definition: &Map<String, Value>) -> Asked {
    let platform = definition.get("runtimePlatform");
    let text = |key: &str| platform?.get(key)?.as_str();
    let listed = definition.get("requiresCompatibilities").and_then(Value::as_array);
    let on_fargate = listed.is_some_and(|all| all.iter().any(|one| one.as_str() == Some("FARGATE")));
    let os = match text("operatingSystemFamily") {
        Some(family) if family.starts_with("WINDOWS") => "windows",
        _ => "linux",
    };
    let (architecture, by) = match text("cpuArchitecture") {
        Some("ARM64") => (Some("arm64"), "`runtimePlatform`"),
        Some("X86_64") => (Some("amd64"), "`runtimePlatform`"),
        // ECS refuses any other.
        Some(_) => (None, ""),
        None if on_fargate => (Some("amd64"), "Fargate without `cpuArchitecture`"),
        None => (None, ""),
    };
    Asked { os, architecture, by }
}

/// The platforms for which this run has built an image, as its builds have proved.
fn built_for(gate_outputs: &GateOutputs, image: &str) -> Vec<String> {
    let builds = gate_outputs.of_tool(BUILDER);
    let platform = builds.filter_map(|(_, target)| {
        let platform = target.outputs.get(BUILT_FOR)?;
        let is_it = *target.name == *image || *target.name == *format!("{image} {platform}");
        is_it.then(|| platform.clone())
    });
    platform.collect()
}

#[cfg(test)]
mod tests;
