//! Jest and Vitest, really run: a waived failure alone passes, and not beside an error that is in no report.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::os::unix::fs::symlink;

use crate::common::{Project, real_tools};

const FAILS: &str = "it(\"fails\", () => { throw new Error(\"no\"); });\n";

/// The outcome of a gate with this command and these files, whose failures are waived: the exit code, and what was printed.
fn with_waiver(run: &[&str], files: &[(&str, &str)]) -> (i32, String) {
    let project = Project::with_gates(&format!(
        "version = 1\nmode = \"production\"\n[[gate]]\nid = \"tests\"\ntool = \"command\"\nrun = {run:?}\n\
         report = {{ format = \"junit\", path = \"junit.xml\" }}\n\
         [[waiver]]\ngate = \"tests\"\nreason = \"known\"\nexpires = 2999-12-31\n"
    ));
    let packages = real_tools().parent().unwrap().join("test-runners/node_modules");
    symlink(packages, project.root().join("node_modules")).unwrap();
    project.write("package.json", "{ \"name\": \"sample\", \"version\": \"1.0.0\" }");
    for (path, text) in files {
        project.write(path, text);
    }
    let ran = project.run(&["run"]);
    (ran.code, ran.all())
}

#[test]
fn a_file_that_jest_cannot_load_is_no_pass_beside_a_waived_failure() {
    let run = ["node_modules/.bin/jest", "tests", "--reporters=default", "--reporters=jest-junit"];
    let fails = ("tests/fails.test.js", FAILS);
    let (code, said) = with_waiver(&run, &[fails]);
    assert_eq!(code, 0, "{said}");
    let in_colour = [&["env", "FORCE_COLOR=1"][..], &run].concat();
    let (code, said) = with_waiver(&in_colour, &[fails]);
    assert_eq!(code, 0, "{said}");

    let broken = ("tests/broken.test.js", "require(\"./missing\");\nit(\"never starts\", () => {});\n");
    let (code, said) = with_waiver(&run, &[fails, broken]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("its log counts 2 files that failed, and the report lists 1"), "{said}");

    let (code, said) = with_waiver(&[run[0], run[1], run[3]], &[fails]);
    assert_eq!(code, 3, "without its summary, nobody knows: {said}");
}

#[test]
fn an_error_outside_of_the_tests_of_vitest_is_no_pass_beside_a_waived_failure() {
    let run = [
        "node_modules/.bin/vitest",
        "run",
        "--reporter=default",
        "--reporter=junit",
        "--outputFile.junit=junit.xml",
    ];
    let text = format!("import {{ it }} from \"vitest\";\n{FAILS}");
    let (code, said) = with_waiver(&run, &[("tests/fails.test.mjs", &text)]);
    assert_eq!(code, 0, "{said}");

    let late = "it(\"passes\", () => {\n  setTimeout(() => Promise.reject(new Error(\"late\")), 1);\n  \
                return new Promise((done) => setTimeout(done, 50));\n});\n";
    let (code, said) = with_waiver(&run, &[("tests/fails.test.mjs", &(text + late))]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("Errors 1 error"), "{said}");
}
