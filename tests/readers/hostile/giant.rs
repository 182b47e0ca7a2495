//! Reports of hundreds of megabytes, and of a million findings. `cargo test --release --test readers --
//! --nocapture giant` prints time and memory at full size. Without `--release` the reports are smaller.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::common::Project;

const FULL_SIZE: bool = !cfg!(debug_assertions);
const FINDINGS: usize = if FULL_SIZE { 1_000_000 } else { 10_000 };
const LINE: usize = (if FULL_SIZE { 1024 } else { 8 }) << 20;

/// The findings that `judge` counted, its time, the size of the report and its peak memory.
struct Judged {
    findings: u64,
    input: u64,
    peak: u64,
}

/// Judges one report in lab mode, where the exit code is always 0.
fn judge(name: &str, write: impl FnOnce(&mut dyn Write)) -> Judged {
    let project = Project::new();
    let path = project.root().join("report");
    let mut file = BufWriter::new(fs::File::create(&path).unwrap());
    write(&mut file);
    drop(file);
    let started = Instant::now();
    let mut command = project.command(&["judge", "--report", &format!("{name}=report"), "-q"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let peak = watch(&mut child);
    let seconds = started.elapsed().as_secs_f64();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{name}");
    let counts = project.gate(name)["counts"].clone();
    let findings = counts.as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
    let judged = Judged { findings, input: fs::metadata(&path).unwrap().len(), peak };
    println!(
        "{name}: {} MB, {findings} findings: {seconds:.1} s, {} MB of memory",
        judged.input >> 20,
        judged.peak >> 20
    );
    judged
}

/// Waits for the process and returns its peak memory in bytes.
fn watch(child: &mut Child) -> u64 {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(Path::new(&status)).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        peak = peak.max(kilobytes.unwrap_or_default() << 10);
        std::thread::sleep(Duration::from_millis(2));
    }
    peak
}

#[test]
fn a_giant_line_takes_a_small_multiple_of_its_length() {
    let fill = |out: &mut dyn Write, byte: u8| {
        let block = [byte; 1 << 16];
        (0..LINE / block.len()).for_each(|_| out.write_all(&block).unwrap());
    };
    let around = |before: &'static str, byte: u8, after: &'static str| {
        move |out: &mut dyn Write| {
            out.write_all(before.as_bytes()).unwrap();
            fill(out, byte);
            out.write_all(after.as_bytes()).unwrap();
        }
    };
    let judged = [
        (
            0,
            judge(
                "sarif",
                around(
                    r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":""#,
                    b'x',
                    r#""}},"results":[]}]}"#,
                ),
            ),
        ),
        (
            1,
            judge(
                "sarif",
                around(
                    r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"a"}},"results":[{"message":{"text":""#,
                    b'x',
                    r#""}}]}]}"#,
                ),
            ),
        ),
        (0, judge("eslint", around("[", b' ', "]"))),
        (0, judge("eslint", around("[", b'[', "]"))),
        (0, judge("tsc", around("", b'x', ""))),
        (1, judge("tsc", around("a.ts(1,1): error TS1: ", b'x', "\n"))),
        (
            1,
            judge(
                "junit",
                around("<testsuite><testcase name='a'><failure>", b'x', "</failure></testcase></testsuite>"),
            ),
        ),
        (
            1,
            judge(
                "checkstyle",
                around("<checkstyle><file name='a'><error message='", b'x', "'/></file></checkstyle>"),
            ),
        ),
        (0, judge("docker-build", around("", b'x', ""))),
    ];
    for (findings, judged) in judged {
        assert_eq!(judged.findings, findings);
        assert!(judged.peak < 6 * judged.input + (100 << 20), "{} MB", judged.peak >> 20);
    }
}

#[test]
fn every_one_of_a_giant_number_of_findings_is_counted() {
    let each =
        |out: &mut dyn Write, before: &str, between: &str, after: &str, one: &dyn Fn(usize) -> String| {
            out.write_all(before.as_bytes()).unwrap();
            for n in 0..FINDINGS {
                let between = if n == 0 { "" } else { between };
                out.write_all(between.as_bytes()).and_then(|()| out.write_all(one(n).as_bytes())).unwrap();
            }
            out.write_all(after.as_bytes()).unwrap();
        };
    let judged = [
        judge("sarif", |out| {
            each(
                out,
                r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"demo"}},"results":["#,
                ",",
                "]}]}",
                &|n| {
                    let (rule, file, line) = (n % 50, n % 1000, n / 1000 + 1);
                    format!(
                        r#"{{"ruleId":"rule-{rule}","level":"warning","message":{{"text":"message number {n}"}},"locations":[{{"physicalLocation":{{"artifactLocation":{{"uri":"src/f{file}.ts"}},"region":{{"startLine":{line},"startColumn":3}}}}}}]}}"#
                    )
                },
            );
        }),
        judge("eslint", |out| {
            each(out, r#"[{"filePath":"/repo/a.ts","messages":["#, ",", "]}]", &|n| {
                format!(
                    r#"{{"ruleId":"rule-{}","severity":1,"message":"message number {n}","line":{},"column":3}}"#,
                    n % 50,
                    n + 1
                )
            });
        }),
        judge("tsc", |out| {
            each(out, "", "", "", &|n| {
                format!(
                    "src/f{}.ts({},3): error TS2322: Type number {n} is not assignable.\n",
                    n % 1000,
                    n / 1000 + 1
                )
            });
        }),
    ];
    for judged in judged {
        assert_eq!(judged.findings, FINDINGS as u64);
        assert!(judged.peak < 8 * judged.input + (200 << 20), "{} MB", judged.peak >> 20);
    }
}
