use super::*;

use crate::scan::proof::{Proof, assess};
use crate::system::git::Repo;
use crate::tools::testing::{handed_in, line, origin, plan, plan_in, tool};

#[test]
fn each_directory_is_checked_as_a_project_and_left_untouched() {
    let tool = tool(&SPEC, "dirs = [\"backend\", \"frontend\"]\nproject = \"tsconfig.app.json\"");
    let jobs = plan(&*tool, None);
    assert_eq!(jobs.len(), 2);
    assert_eq!(jobs[0].invocation.cwd, std::path::Path::new("/repo/backend"));
    assert_eq!(
        line(&jobs[0]),
        "-p tsconfig.app.json --noEmit --pretty false --listFiles --diagnostics \
         --incremental --tsBuildInfoFile $SCRATCH/gate/backend/tsconfig.tsbuildinfo"
    );
    let near: Vec<_> = jobs[0].invocation.program.near.iter().map(|path| path.to_str().unwrap()).collect();
    assert_eq!(near, ["/repo/backend/node_modules/.bin", "/repo/node_modules/.bin"]);
}

#[test]
fn a_tsc_that_can_be_made_to_check_nothing_has_to_check() {
    let folder = tempfile::tempdir().unwrap();
    let typescript = folder.path().join("node_modules/typescript");
    let bin = folder.path().join("node_modules/.bin");
    for folder in [typescript.join("bin"), bin.clone()] {
        std::fs::create_dir_all(folder).unwrap();
    }
    std::fs::write(typescript.join("bin/tsc"), "").unwrap();
    std::os::unix::fs::symlink("../typescript/bin/tsc", bin.join("tsc")).unwrap();
    let repo = Repo { root: folder.path().into(), base: folder.path().into(), ..Repo::default() };
    for (version, gets_option) in
        [("4.9.5", false), ("5.5.4", false), ("5.6.0-beta", true), ("5.10.1", true), ("7.0.2", true)]
    {
        std::fs::write(typescript.join("package.json"), format!("{{\"version\": \"{version}\"}}")).unwrap();
        let job = &plan_in(&*tool(&SPEC, ""), &repo, None)[0];
        assert_eq!(line(job).ends_with("--noCheck false"), gets_option, "{version}");
    }
}

#[test]
fn a_path_may_hold_parentheses_and_colons() {
    for (text, path, row, column) in [
        ("app/(group)/page.ts(3,14): error TS2322: No.", "app/(group)/page.ts", 3, 14),
        ("a (1,2).ts(3,4): error TS1: No (5,6): at all.", "a (1,2).ts", 3, 4),
        ("C:/src/a.ts(3,4): error TS1: No.", "C:/src/a.ts", 3, 4),
        ("été/日本.ts(3,4): error TS1: No.", "été/日本.ts", 3, 4),
    ] {
        let diagnostic = Diagnostic::read(text).unwrap();
        assert_eq!(diagnostic.at, Some((path, row, column)), "{text}");
    }
}

#[test]
fn other_lines_are_not_diagnostics() {
    for text in [
        "",
        "info Visit https://yarnpkg.com for documentation.",
        "src/a.ts:1:7 - error TS2322: pretty.",
        "src/a.ts(1,7): TS2322: no category.",
        "src/a.ts(1): error TS2322: no column.",
        "src/a.ts(x,y): error TS2322: no numbers.",
        "(1,7): error TS2322: no path.",
        "src/a.ts(1,7): error TSX: no code.",
        "error TS: no code.",
        "error TS99999999999: code too long.",
    ] {
        assert_eq!(Diagnostic::read(text), None, "{text}");
    }
}

#[test]
fn set_up_errors_are_kept_apart_from_type_errors() {
    for (text, configuration) in [
        ("error TS5058: The specified path does not exist: 'nope'.", true),
        ("error TS18003: No inputs were found.", true),
        ("tsconfig.json(1,21): error TS5023: Unknown compiler option.", true),
        ("../tsconfig.base.json(2,1): error TS1005: '}' expected.", true),
        ("src/a.ts(1,1): error TS6053: File 'b.ts' not found.", true),
        ("src/a.ts(1,1): error TS1005: ';' expected.", false),
        ("src/a.ts(1,1): error TS2307: Cannot find module './b'.", false),
    ] {
        assert_eq!(Diagnostic::read(text).unwrap().is_configuration(), configuration, "{text}");
    }
}

#[test]
fn only_sources_of_the_project_count_as_checked() {
    for (path, own) in [
        ("/repo/src/a.ts", Some(true)),
        ("C:/repo/src/a.tsx", Some(true)),
        ("/repo/types/global.d.ts", Some(true)),
        ("/repo/src/data.json", Some(false)),
        ("/repo/node_modules/dep/index.d.ts", Some(false)),
        ("/repo/node_modules/@typescript/typescript-linux-x64/lib/lib.es5.d.ts", Some(false)),
        ("/usr/share/nodejs/typescript/lib/lib.es5.d.ts", Some(false)),
        ("src/a.ts", None),
        ("/repo/src/App.vue", Some(true)),
        ("/repo/docs/page.md", Some(true)),
        ("/bin/sh: 1: a.js: not found", None),
        ("/usr/bin/env node", None),
        ("/repo/bin.d/tool", None),
        ("$ /repo/node_modules/.bin/tsc --project tsconfig.json", None),
    ] {
        assert_eq!(listed(path), own, "{path}");
    }
}

#[test]
fn indented_lines_belong_to_the_diagnostic_before_them_alone() {
    let output = Output::read("a.ts(1,1): error TS1: One.\n  more\n    and more\nyarn says\n  a thing\n");
    assert_eq!(output.diagnostics.len(), 1);
    assert_eq!(output.diagnostics[0].more, ["  more", "    and more"]);
    let finding = output.diagnostics[0].to_finding(&origin());
    assert_eq!(&*finding.title, "One.");
    assert_eq!(&*finding.message, "One.\n  more\n    and more");
}

#[test]
fn a_warning_does_not_move_the_exit_code() {
    let tool = tool(&SPEC, "");
    let [error, warning] = ["error", "warning"].map(|category| {
        Diagnostic { at: None, category, code: 1, message: "m", more: Vec::new() }.to_finding(&origin())
    });
    assert!(tool.moves_exit_code(&error) && !tool.moves_exit_code(&warning));
}

#[test]
fn a_hostile_line_takes_no_longer_than_its_length() {
    for piece in ["(1,1): ", "): error TS1: ", "1): error TS1: ", ",1): error TS1: "] {
        assert_eq!(Diagnostic::read(&piece.repeat(200_000)), None, "{piece}");
    }
}

/// Real outputs of three versions, cut at the end of each of their lines: what is left are whole lines.
#[test]
fn an_output_that_is_cut_at_a_lines_end_proves_nothing() {
    let tool = tool(&SPEC, "");
    for (exit, text) in [
        (0, include_str!("../../../fixtures/tsc/recorded-clean-ts4/stdout.txt")),
        (0, include_str!("../../../fixtures/tsc/recorded-clean-ts5/stdout.txt")),
        (0, include_str!("../../../fixtures/tsc/recorded-clean-ts7/stdout.txt")),
        (2, include_str!("../../../fixtures/tsc/recorded-errors-ts5/stdout.txt")),
        (1, include_str!("../../../fixtures/tsc/recorded-errors-ts7/stdout.txt")),
    ] {
        let complete = |text| {
            let raw = RawReport { exit: Some(exit), ..handed_in(text) };
            matches!(assess(&*tool, &raw, &origin()), Proof::Complete(_))
        };
        assert!(complete(text));
        for (end, _) in text.trim_end().match_indices('\n') {
            assert!(!complete(&text[..=end]), "{}", &text[..=end]);
        }
    }
}

#[test]
fn the_table_counts_every_listed_file() {
    let tool = tool(&SPEC, "");
    let reason = |files: &str| {
        let text = format!("/repo/a.ts\n/repo/data.json\n{files}\nTotal time: 0.1s\n");
        let raw = RawReport { exit: Some(0), ..handed_in(&text) };
        assess(&*tool, &raw, &origin()).reason().map(str::to_owned)
    };
    assert_eq!(reason("Files:   2"), None);
    assert!(reason("Files:   3").unwrap().contains("counts 3 files, but its list has 2"));
    assert!(reason("Files:").unwrap().contains("cut short"));
    assert!(reason("Lines:   9").unwrap().contains("cut short"));
}
