//! The files of a project, without third-party code and build output.

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::Path;

/// Folders with third-party code or build output.
const PASSED_OVER: [&str; 9] = [
    "node_modules",
    ".git",
    "target",
    "dist",
    "build",
    "vendor",
    "gates-report",
    // Output of AWS CDK and SAM.
    "cdk.out",
    ".aws-sam",
];

/// Whether a folder of this name is skipped.
pub(crate) fn is_passed_over(name: &OsStr) -> bool {
    PASSED_OVER.iter().any(|known| name == *known)
}

/// Whether a file is a CloudFormation template, by its extension and its first bytes. It does not read a
/// large file to the end.
pub(crate) fn is_cloudformation(path: &Path) -> bool {
    const LOOKED_AT: u64 = 16 << 10;
    let extension = path.extension().and_then(OsStr::to_str);
    if !extension.is_some_and(|extension| ["yaml", "yml", "json", "template"].contains(&extension)) {
        return false;
    }
    let mut head = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(LOOKED_AT).read_to_end(&mut head));
    let head = String::from_utf8_lossy(&head);
    read.is_ok()
        && (head.contains("AWSTemplateFormatVersion")
            || (head.contains("AWS::")
                && head.split_once("Resources").is_some_and(|(_, rest)| is_mapping(rest))))
}

/// Whether it is a template, and not a CodeDeploy AppSpec, in which `Resources` is a list.
fn is_mapping(after_key: &str) -> bool {
    !after_key.trim_start_matches(['"', '\'', ':', ' ', '\t', '\r', '\n']).starts_with(['-', '['])
}
