//! Thirty edits of the notes-app, as people and formatters make them.

use std::fs;

use crate::common::Project;

/// Which gates an edit may matter to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Touches {
    /// tsc and ESLint.
    Code,
    /// ESLint alone.
    Lint,
    /// Checkov.
    Terraform,
    /// Trivy.
    Dockerfile,
    /// gitleaks.
    Secrets,
}

/// One commit.
pub(crate) struct Edit {
    pub kind: &'static str,
    pub touches: Touches,
    pub make: fn(&Project),
}

const STORE: &str = "backend/src/store.ts";
const SERVER: &str = "backend/src/server.ts";
const PLANTED: &str = "backend/src/planted.ts";
const STORAGE: &str = "infra/storage.tf";
const DOCKERFILE: &str = "nginx/Dockerfile";
const KEYS: &str = "deploy/keys.ini";

/// More of what the notes-app has already: alike findings, in one file and on one line.
const PLANTED_TEXT: &str = "import { tok11, tok12 } from './names.js'

export function tok13(value: any) {
  if (value.length == 0 /* tok14 */) {
    return 'none'
  }
  const tok15: any = value, tok16: any = [value, 'a']
  return [tok15, tok16]
}

export function tok17() {
  const again: any = 0;
  return again;
}

export const tok18: number = 'eighteen'
export const tok19: number = 'nineteen'
";

/// A key as AWS makes them; put together here, so that nobody finds one in this file.
fn key(letters: &str) -> String {
    format!("{}{letters}", ["AK", "IA"].concat())
}

/// The notes-app before the first edit, each faulty line with a token of its own.
pub(crate) fn lay_out(project: &Project) {
    let at_end =
        |file: &str, line: &str, token: &str| replace(project, file, line, &format!("{line} // {token}"));
    at_end("backend/src/search.ts", "filter((word) => word != \"\");", "tok01");
    at_end(SERVER, "?? 3000;", "tok02");
    at_end(SERVER, "`listening on ${port}`));", "tok03");
    at_end(STORE, "readFileSync(this.file(), \"utf8\"));", "tok04");
    at_end(STORE, "catch (error) {}", "tok05");
    at_end(STORE, "note.tittle);", "tok06");
    replace(project, STORE, "const note = this.notes.get(id);", "const tok07 = this.notes.get(id);");
    replace(project, STORE, "_.merge(note, change)", "_.merge(tok07, change)");
    project.write("backend/src/names.ts", "export const tok11 = 1;\nexport const tok12 = 2;\n");
    project.write(PLANTED, PLANTED_TEXT);
    insert_above(project, DOCKERFILE, "# From", "# tok21\n");
    insert_above(project, DOCKERFILE, "EXPOSE", "ADD tok22.conf tok22/\nWORKDIR tok23\n");
    project.write(KEYS, format!("[notes]\ntok31 = {}\n", key("Q3EGVNU4X2MPLE7T")));
}

/// The history, oldest first.
pub(crate) const EDITS: [Edit; 30] = [
    code("lines inserted above", |p| {
        insert_above(p, STORE, "import", "// Notes in a file.\n\nimport 'node:os';\n")
    }),
    code("lines inserted above", |p| {
        insert_above(p, SERVER, "const port", "\n// Where it listens.\n");
        insert_above(p, "backend/src/search.ts", "const words", "const first = query[0];\nvoid first;\n");
        insert_above(p, PLANTED, "const tok15", "void value;\n");
    }),
    code("re-indented", |p| indent(p, STORE, "  ", "    ")),
    code("re-indented", |p| indent(p, STORE, "    ", "\t")),
    lint("re-indented", |p| indent(p, PLANTED, "  ", "\t")),
    code("code moved within the file", |p| {
        move_block(p, STORE, "/** Changes only", "\t}\n", "all(): Note[]")
    }),
    code("code moved within the file", |p| {
        move_block(p, PLANTED, "export const tok19", "\n", "export function tok13")
    }),
    lint("comments added", |p| {
        insert_above(p, PLANTED, "if (value", "// The empty one.\n");
        insert_above(p, PLANTED, "return [tok15", "/* Both.\n   of them */\n");
        insert_above(p, STORE, "private save", "/** Writes all of them. */\n");
    }),
    lint("alike finding added above", |p| {
        insert_above(
            p,
            PLANTED,
            "const tok15",
            "const tok41: any = value, tok42: any = 1;\nvoid [tok41, tok42];\n",
        )
    }),
    code("alike finding added above", |p| {
        insert_above(
            p,
            PLANTED,
            "import",
            "export const tok43: number = 'none'\nexport const tok44 = (a: any) => a == 0\n",
        )
    }),
    code("alike finding added below", |p| {
        append(p, PLANTED, "export const tok45: number = 'below'\nexport const tok46 = (a: any) => a == 1\n")
    }),
    code("alike finding removed", |p| remove_line(p, PLANTED, "export const tok43")),
    // Used now, its import is no finding any more, and its neighbour on the line is one still.
    lint("one of two on a line fixed", |p| append(p, PLANTED, "void tok11;\n")),
    code("re-formatted: quotes, semicolons, spaces", |p| {
        let text =
            p.read(PLANTED).replace('\'', "\"").replace(": any", " : any").replace("[value", "[ value");
        let with = |line: &str| match line.ends_with(['"', ']', '0']) {
            true => format!("{line};\n"),
            false => format!("{line}\n"),
        };
        p.write(PLANTED, text.lines().map(with).collect::<String>());
    }),
    lint("re-formatted: brackets", |p| {
        replace(p, PLANTED, "(value.length == 0 /* tok14 */) {", "((value.length == 0 /* tok14 */))\n{");
        replace(p, PLANTED, "tok13(value : any) {", "tok13(value : any)\n{");
    }),
    code("re-formatted: a line split", |p| {
        replace(p, PLANTED, "tok15 : any = value, tok16", "tok15 : any = value,\n    tok16");
        replace(
            p,
            STORE,
            "readFileSync(this.file(), \"utf8\")); // tok04",
            "\n  readFileSync(this.file(), \"utf8\"), // tok04\n);",
        );
        replace(p, STORE, "const saved: any = JSON.parse(", "const saved: any /* tok04 */ = JSON.parse(");
    }),
    lint("the line itself changed", |p| replace(p, PLANTED, "value.length == 0", "value.length == 1")),
    code("the line itself changed", |p| replace(p, SERVER, "?? 3000", "?? 8080")),
    code("file renamed", |p| {
        rename(p, "backend/src/search.ts", "backend/src/find.ts");
        replace(p, SERVER, "./search.js", "./find.js");
        replace(p, "backend/test/search.test.ts", "src/search.js", "src/find.js");
    }),
    code("folder moved", |p| {
        rename(p, PLANTED, "backend/src/lib/planted.ts");
        rename(p, "backend/src/names.ts", "backend/src/lib/names.ts");
    }),
    lint("the same line once more, above", |p| {
        let twin = "export function tok47() {\n  const again: any = 0;\n  return again;\n}\n\n";
        insert_above(p, "backend/src/lib/planted.ts", "export function tok17", twin);
    }),
    terraform("alike finding added above", |p| {
        let more = "# One more.\nresource \"aws_s3_bucket\" \"more\" {\n  bucket = \"more\"\n}\n\n";
        insert_above(p, STORAGE, "resource \"aws_s3_bucket\"", more);
    }),
    terraform("code moved within the file", |p| {
        move_block(p, "infra/service.tf", "resource \"aws_ecs_service\"", "\n}\n", "resource \"aws_ecr");
        indent(p, "infra/service.tf", "  ", "    ");
        insert_above(p, "infra/network.tf", "resource", "# Who may come in.\n\n");
    }),
    terraform("file renamed", |p| rename(p, STORAGE, "infra/buckets.tf")),
    dockerfile("alike finding added above", |p| {
        insert_above(p, DOCKERFILE, "ADD", "# More.\nADD tok24.conf tok24/\nWORKDIR tok25\n");
    }),
    dockerfile("alike finding removed", |p| remove_line(p, DOCKERFILE, "ADD tok24")),
    secrets("alike finding added above", |p| {
        let more = format!("tok32 = {}\n", key("K7WBZ5HD3RTY6CNA"));
        insert_above(p, KEYS, "tok31", &more);
    }),
    secrets("lines inserted above", |p| insert_above(p, KEYS, "[notes]", "; Not for production.\n\n")),
    secrets("file renamed", |p| rename(p, KEYS, "deploy/credentials.ini")),
    secrets("unrelated files", |p| {
        p.write("docs/notes.md", "# Notes\n");
        replace(p, "README.md", "# Notes", "# The notes");
    }),
];

const fn code(kind: &'static str, make: fn(&Project)) -> Edit {
    Edit { kind, touches: Touches::Code, make }
}

const fn lint(kind: &'static str, make: fn(&Project)) -> Edit {
    Edit { kind, touches: Touches::Lint, make }
}

const fn terraform(kind: &'static str, make: fn(&Project)) -> Edit {
    Edit { kind, touches: Touches::Terraform, make }
}

const fn dockerfile(kind: &'static str, make: fn(&Project)) -> Edit {
    Edit { kind, touches: Touches::Dockerfile, make }
}

const fn secrets(kind: &'static str, make: fn(&Project)) -> Edit {
    Edit { kind, touches: Touches::Secrets, make }
}

fn replace(project: &Project, file: &str, old: &str, new: &str) {
    let text = project.read(file);
    assert_eq!(text.matches(old).count(), 1, "{file}: {old}\n{text}");
    project.write(file, text.replace(old, new));
}

/// Puts lines above the first line that holds `mark`.
fn insert_above(project: &Project, file: &str, mark: &str, lines: &str) {
    let mut text = project.read(file);
    let at = line_of(&text, mark);
    text.insert_str(at, lines);
    project.write(file, text);
}

fn append(project: &Project, file: &str, lines: &str) {
    project.write(file, project.read(file) + lines);
}

fn remove_line(project: &Project, file: &str, mark: &str) {
    let text = project.read(file);
    let at = line_of(&text, mark);
    let end = at + text[at..].find('\n').unwrap() + 1;
    project.write(file, format!("{}{}", &text[..at], &text[end..]));
}

/// Moves what stands from the line with `from` up to the next `end` above the line with `to`.
fn move_block(project: &Project, file: &str, from: &str, end: &str, to: &str) {
    let text = project.read(file);
    let start = line_of(&text, from);
    let end = start + text[start..].find(end).unwrap() + end.len();
    let rest = format!("{}{}", &text[..start], &text[end..]);
    let at = line_of(&rest, to);
    project.write(file, format!("{}{}{}", &rest[..at], &text[start..end], &rest[at..]));
}

/// Indents with another step.
fn indent(project: &Project, file: &str, old: &str, new: &str) {
    let text = project.read(file);
    let lines = text.lines().map(|line| {
        let rest = line.trim_start_matches(old);
        let steps = (line.len() - rest.len()) / old.len();
        format!("{}{rest}\n", new.repeat(steps))
    });
    project.write(file, lines.collect::<String>());
}

fn rename(project: &Project, from: &str, to: &str) {
    let (from, to) = (project.root().join(from), project.root().join(to));
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::rename(from, to).unwrap();
}

/// Where the first line with `mark` begins.
fn line_of(text: &str, mark: &str) -> usize {
    let at = text.find(mark).unwrap_or_else(|| panic!("{mark} is not in:\n{text}"));
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}
