//! Finds a program, and the version in its output or its package.

use std::io::Read;
use std::path::{Path, PathBuf};

use semver::Version;
use serde::Deserialize;

use crate::scan::invocation::Program;
use crate::system::variables;

/// Finds a program: a path as it stands, a name in the folders near the target, then on PATH.
pub(crate) fn find(program: &Program, cwd: &Path) -> Option<PathBuf> {
    if program.name.contains('/') {
        return which::which_in(&program.name, None::<&str>, cwd).ok();
    }
    program
        .near
        .iter()
        .map(|folder| folder.join(&program.name))
        .find(|candidate| candidate.exists())
        .or_else(|| which::which(&program.name).ok())
}

/// A file that would be the program if it were executable.
pub(crate) fn not_executable(program: &Program, cwd: &Path) -> Option<PathBuf> {
    let path = variables::os("PATH").filter(|_| !program.name.contains('/')).unwrap_or_else(|| cwd.into());
    std::env::split_paths(&path).map(|folder| folder.join(&program.name)).find(|file| file.is_file())
}

/// The first word that looks like a version: `Version: 0.70.0`, `v10.15.0`, `8.30.1`.
pub(crate) fn version_in(text: &str) -> Option<String> {
    text.split(|c: char| c.is_whitespace() || c == ',')
        .map(|word| word.strip_prefix('v').unwrap_or(word))
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.'))
        .map(str::to_owned)
}

/// Whether a program lies in the repository at `root`, as it is named or as what it links to.
pub(crate) fn lies_in(program: &Path, root: &Path) -> bool {
    program.starts_with(root) || program.canonicalize().is_ok_and(|real| real.starts_with(root))
}

/// The version in the nearest `package.json` above the program's real file. Corepack's programs are none of their packages.
pub(crate) fn package_version(program: &Path) -> Option<String> {
    #[derive(Deserialize)]
    struct Manifest {
        #[serde(default)]
        name: String,
        version: String,
    }
    let real = program.canonicalize().ok()?;
    let manifest = real
        .ancestors()
        .skip(1)
        .take(6)
        .map(|folder| folder.join("package.json"))
        .find(|file| file.exists())?;
    let manifest: Manifest = serde_json::from_slice(&std::fs::read(manifest).ok()?).ok()?;
    (manifest.name != "corepack").then_some(manifest.version)
}

/// The version of the Python distribution of the same name as the program, if it is a script of a Python beside its packages (PyPA, "Recording
/// installed projects": `NAME-VERSION.dist-info`). It takes a moment; starting such a program takes seconds.
pub(crate) fn distribution_version(program: &Path) -> Option<String> {
    let real = program.canonicalize().ok()?;
    let name = real.file_name()?.to_str()?.replace('-', "_").to_ascii_lowercase();
    let mut beginning = [0; 256];
    let length = std::fs::File::open(&real).ok()?.read(&mut beginning).ok()?;
    let first = String::from_utf8_lossy(&beginning[..length]);
    first.lines().next().filter(|line| line.starts_with("#!") && line.contains("python"))?;
    let library = real.parent()?.parent()?.join("lib");
    let pythons = std::fs::read_dir(library).ok()?.flatten().map(|entry| entry.path());
    let packages = pythons.filter_map(|python| std::fs::read_dir(python.join("site-packages")).ok());
    let names = packages.flat_map(Iterator::flatten).filter_map(|entry| entry.file_name().into_string().ok());
    let versions = names.filter_map(|entry| {
        let (distribution, version) = entry.strip_suffix(".dist-info")?.split_once('-')?;
        (distribution.to_ascii_lowercase() == name).then(|| version.to_owned())
    });
    let all: Vec<String> = versions.collect();
    // Of two Pythons side by side, nobody knows which one it starts.
    <[String; 1]>::try_from(all).ok().map(|[version]| version)
}

/// The version of the program in one of its `near` folders; that of another is not known before it runs.
pub(crate) fn installed_version(program: &Program) -> Option<Version> {
    let installed =
        program.near.iter().map(|folder| folder.join(&program.name)).find(|path| path.exists())?;
    Version::parse(&package_version(&installed)?).ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_script_of_python_has_the_version_of_its_distribution() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let file = folder.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, text).unwrap();
            file
        };
        let script = write("env/bin/cfn-lint", "#!/env/bin/python3\nimport sys\n");
        assert_eq!(distribution_version(&script), None);
        write("env/lib/python3.11/site-packages/cfn_lint-1.40.2.dist-info/METADATA", "");
        write("env/lib/python3.11/site-packages/cfn_lint_extra-9.dist-info/METADATA", "");
        assert_eq!(distribution_version(&script).as_deref(), Some("1.40.2"));
        let other = write("env/bin/cfn_lint", "\x7fELF");
        assert_eq!(distribution_version(&other), None);
        // Two Pythons have it.
        write("env/lib/python3.12/site-packages/cfn_lint-1.41.0.dist-info/METADATA", "");
        assert_eq!(distribution_version(&script), None);
    }
}
