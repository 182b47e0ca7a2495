//! `Podfile.lock`. An advisory is about a pod; Trivy lists the parts of one that are installed (`AFNetworking/Core`) under their own names.
//!
//! Source: CocoaPods, "Podfile.lock" and "Subspecs".

use std::collections::BTreeSet;

use super::{LockPackage, LockPackages};

pub(super) fn read(text: &str) -> Option<LockPackages> {
    text.lines().any(|line| line.starts_with("COCOAPODS: ")).then_some(())?;
    let pods =
        text.lines().skip_while(|line| *line != "PODS:").skip(1).take_while(|line| line.starts_with(' '));
    let own = folders(text);
    let packages = pods.filter_map(|line| {
        let pod = line.strip_prefix("  - ")?.trim_end_matches(':').trim_matches('"');
        let (name, version) = pod.split_once(" (")?;
        let name = name.split('/').next().unwrap_or(name);
        (!own.contains(name)).then_some(())?;
        Some(LockPackage::new(name, Some(version.trim_end_matches(')').to_owned())))
    });
    Some(LockPackages { shipped: packages.collect(), ..LockPackages::default() })
}

/// The pods that are folders of the repository.
fn folders(text: &str) -> BTreeSet<&str> {
    let mut name = "";
    let sources = text.lines().skip_while(|line| *line != "EXTERNAL SOURCES:").skip(1);
    let mut found = BTreeSet::new();
    for line in sources.take_while(|line| line.starts_with(' ')) {
        match line.trim_start().starts_with(":path:") {
            true => drop(found.insert(name)),
            false if !line.starts_with("    ") => name = line.trim().trim_end_matches(':').trim_matches('"'),
            false => {}
        }
    }
    found.iter().map(|name| name.split('/').next().unwrap_or(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::names;
    use super::read;

    #[test]
    fn a_part_of_a_pod_stands_for_the_pod() {
        let lock = "PODS:\n  - \"AFNetworking/Core (2.5.1)\":\n    - AFNetworking/Base\n  - Alamofire (5.0.0)\n  - Own/A (1.0.0)\n\nDEPENDENCIES:\n  - Other\n\nEXTERNAL SOURCES:\n  Alamofire:\n    :git: x\n  Own:\n    :path: ../own\n\nCOCOAPODS: 1.15.2\n";
        assert_eq!(names(&read(lock).unwrap()), ["AFNetworking 2.5.1", "Alamofire 5.0.0"]);
        assert_eq!(read("PODS:\n"), None);
    }
}
