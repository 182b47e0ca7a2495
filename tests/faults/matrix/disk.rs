//! A full disk, for the tools and for Portcullis itself. What did not fit is said to be missing, with
//! the place and what to do; half a file is never taken for a whole one.
//!
//! The disk is a file system of some kilobytes, in a name space of its own, so that nothing is left of
//! it. Where that may not be mounted, a limit on the size of files stands in for it.

#![allow(clippy::disallowed_methods, reason = "a name space to mount a disk in")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::cases::Case;
use super::tools::Tool;
use super::{Checked, files, lay_out, variables};
use crate::common::{Project, Ran};

/// How room is made scarce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// A small file system on a folder.
    Mount(&'static [&'static str]),
    /// No file may be longer.
    FileSize,
}

impl Way {
    /// Those that this machine allows: the second always.
    fn all() -> Vec<Self> {
        const SPACES: [&[&str]; 2] = [&["--mount"], &["--mount", "--map-root-user"]];
        let folder = tempfile::tempdir().unwrap();
        let mounts = |space: &&&'static [&'static str]| {
            let mut command = Command::new("unshare");
            command
                .args(**space)
                .args(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs"])
                .arg(folder.path());
            command.output().is_ok_and(|output| output.status.success())
        };
        let mount = SPACES.iter().find(mounts).map(|space| Self::Mount(space));
        mount.into_iter().chain([Self::FileSize]).collect()
    }

    fn words(self) -> &'static str {
        match self {
            Self::Mount(_) => "a full disk",
            Self::FileSize => "no room in a file",
        }
    }

    /// Runs the project with so many kilobytes for `folder`, or for any file; what is in the folder
    /// at the end is in `folder` afterwards.
    fn run(self, project: &Project, folder: &Path, kilobytes: u32, more: &[(&str, &Path)]) -> Ran {
        const ON_A_DISK: &str = r#"mount -t tmpfs -o size="$2k" tmpfs "$1" || exit 99
            env PATH="$4" "$3" run --quiet --jobs 16 --out out
            code=$?
            cp -R "$1" "$1.kept" || exit 98
            exit $code"#;
        // dash counts blocks of 512 bytes.
        const IN_FILES: &str = r#"trap '' XFSZ
            ulimit -f $(($2 * 2))
            PATH=$4 exec "$3" run --quiet --jobs 16 --out out"#;
        let mut command = match self {
            Self::Mount(space) => {
                let mut command = Command::new("unshare");
                command.args(space).args(["sh", "-c", ON_A_DISK]);
                command
            }
            Self::FileSize => {
                let mut command = Command::new("sh");
                command.args(["-c", IN_FILES]);
                command
            }
        };
        fs::create_dir_all(folder).unwrap();
        command.arg("sh").arg(folder).arg(kilobytes.to_string()).arg(PORTCULLIS).arg(project.bin());
        command.current_dir(project.root());
        command.envs(variables(project)).env("GIT_CONFIG_GLOBAL", "/dev/null");
        command.envs(more.iter().copied());
        let ran = Ran::of(command.output().unwrap());
        assert!(![98, 99].contains(&ran.code), "{}", ran.all());
        if self != Self::FileSize {
            fs::remove_dir(folder).unwrap();
            fs::rename(folder.with_extension("kept"), folder).unwrap();
        }
        ran
    }
}

const PORTCULLIS: &str = env!("CARGO_BIN_EXE_portcullis");

/// Sizes at which a run of the gates below breaks off at different places, in kilobytes.
const SIZES: [u32; 14] = [4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 1024];

pub(crate) fn cases(tools: &[Tool]) -> Vec<Checked> {
    let ways = Way::all();
    super::say(&format!(
        "disk full, by: {}",
        ways.iter().map(|way| way.words()).collect::<Vec<_>>().join("; ")
    ));
    let mut checked = Vec::new();
    for way in ways {
        checked.extend(while_tools_write(tools, way));
        checked.extend(while_portcullis_writes(tools, way));
    }
    checked
}

/// The disk is filled right before each tool writes its report: that of the scratch folder, or that
/// on which a command was to leave it.
fn while_tools_write(tools: &[Tool], way: Way) -> Vec<Checked> {
    let Way::Mount(_) = way else { return Vec::new() };
    let mut checked = Vec::new();
    for (folder, fill) in [
        ("scratch", "cat /dev/zero >\"$TMPDIR/fill-$CASE\" 2>/dev/null"),
        ("reports", "cat /dev/zero >reports/fill-$CASE 2>/dev/null"),
    ] {
        let fault = format!("{} below {folder}", way.words());
        let writers = tools.iter().filter(|tool| match folder {
            // What git-secrets prints never touches a disk, and git's answers neither.
            "scratch" => tool.has_report() && tool.name != "git-secrets",
            _ => tool.gate.contains("REPORT"),
        });
        let cases: Vec<Case> =
            writers.map(|tool| Case::new(tool, &*fault, tool.clean.clone().before(fill))).collect();
        let project = lay_out(&cases);
        let scratch = project.root().join("scratch");
        fs::create_dir(&scratch).unwrap();
        let place = project.root().join(folder);
        let ran = way.run(&project, &place, 1024, &[("TMPDIR", &scratch)]);
        let record = record(&project);
        for (n, case) in cases.iter().enumerate() {
            let gate = record.as_ref().map(|record| record["gates"][n].clone()).unwrap_or_default();
            let (outcome, reason) = (&gate["outcome"], gate["reason"].as_str().unwrap_or_default());
            let wrong = match outcome.as_str() {
                Some("passed") => Some(format!("FALSE GREEN: {reason}")),
                Some("inconclusive") if ran.code != 3 => Some(format!("exit code {}", ran.code)),
                Some("inconclusive") if !reason.contains(place.to_str().unwrap()) => {
                    Some(format!("the reason \"{reason}\" does not name the place"))
                }
                Some("inconclusive") if !reason.contains("free some room") => {
                    Some(format!("the reason \"{reason}\" does not say what to do"))
                }
                Some("inconclusive") => None,
                _ => Some(format!("is {outcome}: {}", ran.all())),
            };
            checked.push((format!("{} × {fault}", case.tool.name), wrong));
        }
    }
    checked
}

/// Whatever Portcullis writes, to the output folder or to the scratch folder, there may be no room for.
fn while_portcullis_writes(tools: &[Tool], way: Way) -> Vec<Checked> {
    let chatty = "yes 'a line of its log' | head -c 30000 >&2";
    let named = |tool: &&Tool| ["tsc", "trivy", "npm-audit", "command with JUnit"].contains(&tool.name);
    let lay = || -> Project {
        let acts = |tool: &Tool| tool.clean.clone().before(chatty);
        lay_out(&tools.iter().filter(named).map(|tool| Case::new(tool, "", acts(tool))).collect::<Vec<_>>())
    };
    let whole = lay();
    let scratch = whole.root().join("scratch");
    let ran = Way::FileSize.run(&whole, &scratch, 1 << 20, &[("TMPDIR", &scratch)]);
    assert_eq!(ran.code, 0, "with room enough: {}", ran.all());
    let whole = content(&whole.root().join("out"));
    assert!(whole.len() > 8, "{:?}", whole.keys());

    let mut checked = Vec::new();
    for place in ["out", "scratch"] {
        let mut fits = 0;
        for kilobytes in SIZES {
            let project = lay();
            let scratch = project.root().join("scratch");
            fs::create_dir(&scratch).unwrap();
            let folder = project.root().join(place);
            let ran = way.run(&project, &folder, kilobytes, &[("TMPDIR", &scratch)]);
            fits += usize::from(ran.code == 0);
            let scarce = place == "scratch" || way == Way::FileSize;
            let wrong = wrong(&project, &ran, &whole, scarce).map(|wrong| format!("{wrong}: {}", ran.all()));
            checked.push((format!("{} of {kilobytes} kB below {place}", way.words()), wrong));
        }
        // Else the sizes would not be those at which it breaks off.
        assert!((1..SIZES.len() - 4).contains(&fits), "{way:?} below {place}: {fits} sizes fit");
    }
    checked
}

/// What is wrong with a run that may have had no room. Where it was `scarce` in the scratch folder, a
/// log or report that ends early is kept as far as it goes, of a gate that proves nothing.
fn wrong(project: &Project, ran: &Ran, whole: &BTreeMap<PathBuf, Vec<u8>>, scarce: bool) -> Option<String> {
    let written = content(&project.root().join("out"));
    let record = record(project);
    let verdict = record.as_ref().and_then(|record| record["verdict"].as_str());
    let proved = |name: &Path| {
        let gates = record.as_ref().and_then(|record| record["gates"].as_array());
        let id = name.iter().nth(1).and_then(|folder| folder.to_str());
        gates.into_iter().flatten().any(|gate| gate["outcome"] == "passed" && gate["id"].as_str() == id)
    };
    let differs = |name: &Path, bytes: &[u8]| match name.to_str() {
        // These tell times; the first only grows, and is written line by line.
        Some(".portcullis-files" | "junit.xml" | "run.json") => false,
        _ => whole.get(name).is_some_and(|all| all != bytes) && (!scarce || proved(name)),
    };
    let odd = written.iter().find_map(|(name, bytes)| match whole.contains_key(name) {
        false => Some(format!("{} is no file of a run", name.display())),
        true => differs(name, bytes).then(|| format!("{} is not whole", name.display())),
    });
    if let Some(junit) = written.get(Path::new("junit.xml"))
        && !junit.trim_ascii_end().ends_with(b"</testsuites>")
    {
        return Some("half a junit.xml".to_owned());
    }
    match (ran.code, verdict) {
        (0, Some("pass")) if odd.is_none() && written.len() == whole.len() => None,
        (0, _) => Some(format!("FALSE GREEN: verdict {verdict:?}, {odd:?}, {:?}", written.keys())),
        (_, Some("pass")) => Some("FALSE GREEN: run.json says pass".to_owned()),
        (2 | 3, _) if odd.is_some() => odd,
        (3, Some("inconclusive")) => {
            let gates = record.as_ref()?["gates"].as_array()?;
            let lacking: Vec<_> = gates.iter().filter(|gate| gate["outcome"] == "inconclusive").collect();
            let named = |gate: &&Value| gate["reason"].to_string().contains("/scratch");
            (lacking.is_empty() || !lacking.iter().all(named))
                .then(|| format!("no place is named: {lacking:#?}"))
        }
        // Nothing was run, or the result could not be written.
        (2 | 3, None) => {
            let named = ["out/", "/scratch"].iter().any(|place| ran.stderr.contains(place));
            let reported =
                ["free some room", "TMPDIR", "output folder"].iter().any(|mend| ran.stderr.contains(mend));
            (!named || !reported).then(|| "the place, or what to do, is missing".to_owned())
        }
        _ => Some(format!("exit code {}, verdict {verdict:?}", ran.code)),
    }
}

/// run.json, where there is one; it is whole then, or this ends the test.
fn record(project: &Project) -> Option<Value> {
    let text = fs::read(project.root().join("out/run.json")).ok()?;
    Some(serde_json::from_slice(&text).unwrap())
}

/// Every file below a folder.
fn content(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let inside = |file: PathBuf| (file.strip_prefix(folder).unwrap().to_owned(), fs::read(&file).unwrap());
    // It is made with a folder that was not there.
    files(folder).into_iter().map(inside).filter(|(name, _)| !name.ends_with(".gitignore")).collect()
}
