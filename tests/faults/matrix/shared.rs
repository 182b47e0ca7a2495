//! Written by another gate at the same path: a tool that writes nothing passes with nobody else's
//! report, however the two paths are spelled.

use std::fs;
use std::os::unix::fs::symlink;

use super::cases::Case;
use super::tools::Tool;
use super::{Checked, lay_out, run};

/// How the second gate spells the first one's report, `REPORT` in the folder `reports`.
const SPELLINGS: [(&str, &str); 8] = [
    ("the same path", "reports/REPORT"),
    ("./", "./reports/REPORT"),
    ("a folder and back", "bin/../reports/REPORT"),
    ("the whole path", "ROOT/reports/REPORT"),
    ("a link to the folder", "link/REPORT"),
    ("a link to the file", "link-to-REPORT"),
    (FROM_BIN, "../reports/REPORT"),
    ("a link that is made meanwhile", "late/REPORT"),
];

/// The second gate starts in `bin`, and the path of a command's report counts from there.
const FROM_BIN: &str = "from another folder";

/// Waits for the report of the gate before it, and writes nothing.
const LIES: &str = "ln -sfn reports late
    n=0
    while [ ! -s \"$FAKES/../reports/case-$((${CASE#case-} - 1))\" ] && [ $n -lt 200 ]; do
        sleep 0.05
        n=$((n + 1))
    done
    exit 0";

pub(crate) fn cases(tools: &[Tool]) -> Vec<Checked> {
    let writers: Vec<&Tool> = tools.iter().filter(|tool| tool.gate.contains("REPORT")).collect();
    SPELLINGS.iter().flat_map(|(spelling, path)| pairs(&writers, spelling, path)).collect()
}

fn pairs(writers: &[&Tool], spelling: &str, path: &str) -> Vec<Checked> {
    let cases: Vec<Case> = writers
        .iter()
        .filter(|tool| spelling != FROM_BIN || tool.gate.contains("tool = 'command'"))
        .flat_map(|tool| {
            let liar = tool.clean.clone().with(0, None).before(LIES);
            [Case::new(tool, spelling, tool.clean.clone()), Case::new(tool, spelling, liar)]
        })
        .collect();
    let project = lay_out(&cases);
    let root = project.root();
    fs::create_dir(root.join("bin")).unwrap();
    symlink("reports", root.join("link")).unwrap();
    let mut gates = project.read("gates.toml");
    for n in (0..cases.len()).step_by(2) {
        let file = format!("case-{n}");
        symlink(format!("reports/{file}"), root.join(format!("link-to-{file}"))).unwrap();
        let path = path.replace("REPORT", &file).replace("ROOT", root.to_str().unwrap());
        let own = format!("'reports/case-{}'", n + 1);
        assert!(gates.contains(&format!("= {own}")), "{}", cases[n].tool.gate);
        gates = gates.replace(&format!("= {own} }}"), &format!("= '{path}' }}"));
        gates = gates.replace(&format!("= {own}\n"), &format!("= '{path}'\n"));
        if spelling == FROM_BIN {
            let id = format!("id = 'case-{}'\n", n + 1);
            gates = gates.replace(&id, &format!("{id}dir = 'bin'\n"));
        }
    }
    project.write("gates.toml", gates);

    let (ran, record) = run(&project);
    let outcome = |n: usize| record["gates"][n]["outcome"].as_str().unwrap();
    (0..cases.len())
        .step_by(2)
        .map(|n| {
            let wrong = match (outcome(n), outcome(n + 1)) {
                // The first reader of the file has it; the other has none, and the run no verdict.
                ("passed", "inconclusive") | ("inconclusive", "passed" | "inconclusive") if ran.code == 3 => {
                    None
                }
                both => Some(format!("FALSE GREEN: {both:?}, exit code {}: {record:#}", ran.code)),
            };
            let gates = [n, n + 1].map(|n| record["gates"][n]["reason"].to_string());
            let reported = gates.iter().any(|reason| {
                // SonarQube's old task file is removed: here the link, so that there is no file in common.
                const WHY: [&str; 4] = ["the same file", "as well", "left over", "left no link-to-"];
                WHY.iter().any(|words| reason.contains(words))
            });
            let wrong = wrong.or_else(|| (!reported).then(|| format!("no reason is given: {gates:?}")));
            (format!("{} × report of another gate, by {spelling}", cases[n].tool.name), wrong)
        })
        .collect()
}
