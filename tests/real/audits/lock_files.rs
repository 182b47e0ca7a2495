//! Lock files as each package manager writes them.

pub(super) fn lock_of_yarn_1(packages: &[(&str, &str)], _dev: &str) -> String {
    let entries = packages.iter().map(|(name, version)| {
        format!("\n{name}@{version}:\n  version \"{version}\"\n  resolved \"https://registry.example.test/{name}.tgz#abc\"\n")
    });
    format!("# yarn lockfile v1\n\n{}", entries.collect::<String>())
}

fn berry(metadata: u32, protocol: &str, packages: &[(&str, &str)]) -> String {
    let needs = packages.iter().map(|(name, version)| format!("    {name}: {protocol}{version}\n"));
    let entries = packages.iter().map(|(name, version)| {
        format!("\n\"{name}@npm:{version}\":\n  version: {version}\n  resolution: \"{name}@npm:{version}\"\n  languageName: node\n  linkType: hard\n")
    });
    format!(
        "__metadata:\n  version: {metadata}\n\n\"app@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"app@workspace:.\"\n  dependencies:\n{}  languageName: unknown\n  linkType: soft\n{}",
        needs.collect::<String>(),
        entries.collect::<String>()
    )
}

pub(super) fn lock_of_yarn_3(packages: &[(&str, &str)], _dev: &str) -> String {
    berry(6, "", packages)
}

pub(super) fn lock_of_yarn_4(packages: &[(&str, &str)], _dev: &str) -> String {
    berry(10, "npm:", packages)
        .replace(": npm:", ": \"npm:")
        .lines()
        .map(|line| {
            let open = line.contains(": \"npm:");
            format!("{line}{}\n", if open { "\"" } else { "" })
        })
        .collect()
}

pub(super) fn lock_of_pnpm(packages: &[(&str, &str)], dev: &str) -> String {
    let of = |wanted: bool| {
        let chosen = packages.iter().filter(|(name, _)| (*name == dev) == wanted);
        chosen
            .map(|(name, version)| format!("      {name}: {{specifier: {version}, version: {version}}}\n"))
            .collect::<String>()
    };
    let entries = packages
        .iter()
        .map(|(name, version)| format!("  {name}@{version}: {{resolution: {{integrity: sha512-x}}}}\n"));
    let snapshots = packages.iter().map(|(name, version)| format!("  {name}@{version}: {{}}\n"));
    let dev = of(true);
    let dev = if dev.is_empty() { dev } else { format!("    devDependencies:\n{dev}") };
    format!(
        "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n{}{dev}packages:\n{}snapshots:\n{}",
        of(false),
        entries.collect::<String>(),
        snapshots.collect::<String>()
    )
}
