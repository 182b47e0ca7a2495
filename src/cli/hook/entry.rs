//! The entry that a hook manager keeps, and its way into the manager's file. The file is changed as text: its
//! order, its comments and the entries of others stay.

use std::path::Path;

use serde_json::Value;

use super::manager::{ENTRY, Manager};

const BEGIN: &str = "# portcullis: begin";
const END: &str = "# portcullis: end";

/// The flags of every run of the hook, as words of a shell.
pub(super) struct Command<'a> {
    pub flags: &'a str,
}

impl Command<'_> {
    /// The command with git's arguments as the manager writes them. `list`: it gets git's list of refs.
    fn with(&self, list: bool, arguments: &str) -> String {
        let list = if list { " --refs-from-git" } else { "" };
        let arguments = if arguments.is_empty() { String::new() } else { format!(" -- {arguments}") };
        format!("{ENTRY}{}{list}{arguments}", self.flags)
    }

    /// For a shell script in which other commands follow: they get the list of refs, too.
    fn in_script(&self) -> String {
        let command = self.with(true, "\"$@\"");
        format!(
            "{BEGIN} (`portcullis hook uninstall` removes it)\n\
             refs=$(cat)\n\
             printf '%s\\n' \"$refs\" | {command} || exit $?\n\
             if [ -n \"$refs\" ]; then\n\
             exec <<PORTCULLIS_REFS\n\
             $refs\n\
             PORTCULLIS_REFS\n\
             fi\n\
             {END}\n"
        )
    }

    /// What stands in the manager's file.
    pub(super) fn entry(&self, manager: Manager, file: &Path) -> String {
        match manager {
            Manager::Git | Manager::Husky8 | Manager::Husky9 => self.in_script(),
            Manager::Lefthook => format!("pre-push:\n  commands:\n{}", self.of_lefthook("    ")),
            Manager::Prek if is(file, "toml") => self.of_prek(),
            Manager::PreCommit | Manager::Prek => format!("repos:\n{}", self.of_pre_commit("  ")),
            Manager::SimpleGitHooks => {
                format!(
                    "\"simple-git-hooks\": {{\n  \"pre-push\": {}\n}}\n",
                    quoted(&self.with(true, "\"$@\""))
                )
            }
        }
    }

    /// The manager's file with the entry; `None` if it has a form in which nobody should guess.
    pub(super) fn insert(&self, manager: Manager, file: &Path, text: &str) -> Option<String> {
        match manager {
            Manager::Git => None,
            Manager::Husky8 | Manager::Husky9 => Some(self.add_to_script(manager, &without(text))),
            Manager::Lefthook if is(file, "yml") || is(file, "yaml") => self.add_to_lefthook(text),
            Manager::Prek if is(file, "toml") => {
                let inline = text.lines().any(|line| line.trim_start().starts_with("repos"));
                (!inline).then(|| format!("{}{}", ended(text), self.of_prek()))
            }
            Manager::PreCommit | Manager::Prek => self.add_to_pre_commit(text),
            Manager::SimpleGitHooks if is(file, "json") => self.add_to_json(text),
            Manager::Lefthook | Manager::SimpleGitHooks => None,
        }
    }

    /// Before every other command, which might read the list of refs.
    fn add_to_script(&self, manager: Manager, text: &str) -> String {
        let start = match (text.is_empty(), manager) {
            (false, _) => "",
            (true, Manager::Husky8) => "#!/usr/bin/env sh\n. \"$(dirname -- \"$0\")/_/husky.sh\"\n",
            (true, _) => "#!/bin/sh\n",
        };
        let text = format!("{start}{text}");
        let sources = |line: &str| line.starts_with(". ") && line.contains("husky.sh");
        let is_head = |line: &str| is_blank(line) || sources(line);
        let head = text.lines().take_while(|line| is_head(line));
        let head = head.enumerate().filter(|(_, line)| line.starts_with("#!") || sources(line)).last();
        let head = head.map_or(0, |(last, _)| last + 1);
        let (before, after) = split_lines(&text, head);
        format!("{before}{}{after}", self.in_script())
    }

    fn of_lefthook(&self, indent: &str) -> String {
        let run = quoted(&self.with(true, "'{1}'"));
        format!("{indent}portcullis:\n{indent}  run: {run}\n{indent}  use_stdin: true\n")
    }

    fn add_to_lefthook(&self, text: &str) -> Option<String> {
        let lines: Vec<&str> = text.lines().collect();
        if lines.iter().any(|line| line.starts_with('{')) {
            return None;
        }
        let Some(hook) = lines.iter().position(|line| key(line) == Some(("", "pre-push"))) else {
            // A key of the top that is written in another way must not be there twice.
            let twice = lines.iter().any(|line| line.contains("pre-push"));
            return (!twice)
                .then(|| format!("{}{}", ended(text), self.entry(Manager::Lefthook, Path::new(""))));
        };
        let inside = |line: &&&str| line.trim().is_empty() || line.starts_with([' ', '#']);
        let body: Vec<&str> = lines[hook + 1..].iter().take_while(inside).copied().collect();
        let indent = body.iter().find(|line| !is_blank(line)).map_or("  ", |line| indent_of(line));
        let child = |name: &str| body.iter().position(|line| key(line) == Some((indent, name)));
        let deeper = |at: usize| {
            let next = body[at + 1..].iter().find(|line| !is_blank(line)).map(|line| indent_of(line));
            next.filter(|next| next.len() >= indent.len())
        };
        let (at, new) = if let Some(at) = child("commands") {
            (at + 1, self.of_lefthook(deeper(at).filter(|next| next.len() > indent.len())?))
        } else if let Some(at) = child("jobs") {
            let item = deeper(at)?;
            let run = quoted(&self.with(true, "'{1}'"));
            (at + 1, format!("{item}- name: portcullis\n{item}  run: {run}\n{item}  use_stdin: true\n"))
        } else if body
            .iter()
            .any(|line| indent_of(line) == indent && line.trim_start().starts_with(['"', '\'', '<']))
        {
            return None;
        } else {
            (0, format!("{indent}commands:\n{}", self.of_lefthook(&format!("{indent}{indent}"))))
        };
        let (before, after) = split_lines(text, hook + 1 + at);
        Some(format!("{}{new}{after}", ended(before)))
    }

    fn of_pre_commit(&self, indent: &str) -> String {
        let entry = quoted(&self.with(false, ""));
        let lines = [
            "- repo: local",
            "  hooks:",
            "    - id: portcullis",
            "      name: portcullis",
            &format!("      entry: {entry}"),
            "      language: system",
            "      stages: [pre-push]",
            "      always_run: true",
            "      pass_filenames: false",
        ];
        lines.map(|line| format!("{indent}{line}\n")).concat()
    }

    fn add_to_pre_commit(&self, text: &str) -> Option<String> {
        if text.trim().is_empty() {
            return Some(self.entry(Manager::PreCommit, Path::new("")));
        }
        let lines: Vec<&str> = text.lines().collect();
        let at = lines.iter().position(|line| line.starts_with("repos:"))?;
        let (before, after) = split_lines(text, at);
        let (own, after) = split_lines(after, 1);
        match own["repos:".len()..].split('#').next().unwrap_or_default().trim() {
            "[]" => Some(format!("{before}repos:\n{}{after}", self.of_pre_commit("  "))),
            "" => {
                let item = after.lines().find(|line| !is_blank(line))?;
                let indent = indent_of(item);
                let new = self.of_pre_commit(indent);
                item.trim_start().starts_with("- ").then(|| format!("{before}{}{new}{after}", ended(own)))
            }
            _ => None,
        }
    }

    fn of_prek(&self) -> String {
        let entry = quoted(&self.with(false, ""));
        format!(
            "\n[[repos]]\nrepo = \"local\"\n\n[[repos.hooks]]\nid = \"portcullis\"\nname = \"portcullis\"\nentry = {entry}\n\
             language = \"system\"\nstages = [\"pre-push\"]\nalways_run = true\npass_filenames = false\n"
        )
    }

    /// Into the `simple-git-hooks` of a package.json, or into a file that is nothing else.
    fn add_to_json(&self, text: &str) -> Option<String> {
        let before: Value = serde_json::from_str(text).ok()?;
        let whole = before.get("simple-git-hooks").is_none();
        let hooks = if whole { &before } else { before.get("simple-git-hooks")? };
        let start = if whole { 0 } else { text.find("\"simple-git-hooks\"")? };
        let open = start + text[start..].find('{')? + 1;
        let (wanted, new) = match hooks.get("pre-push") {
            None => {
                let wanted = self.with(true, "\"$@\"");
                let comma = if hooks.as_object()?.is_empty() { "" } else { "," };
                let next = text[open..].find(|c: char| !c.is_whitespace()).unwrap_or(0);
                let space = if comma.is_empty() { "" } else { &text[open..open + next] };
                let new = format!(
                    "{}{space}\"pre-push\": {}{comma}{}",
                    &text[..open],
                    quoted(&wanted),
                    &text[open..]
                );
                (wanted, new)
            }
            Some(there) => {
                let wanted = format!("{}{}", self.in_script(), there.as_str()?);
                let at = open + text[open..].find("\"pre-push\"")? + "\"pre-push\"".len();
                let value = at + text[at..].find('"')?;
                let mut stream = serde_json::Deserializer::from_str(&text[value..]).into_iter::<Value>();
                stream.next()?.ok().filter(|token| token == there)?;
                let end = value + stream.byte_offset();
                let new = format!("{}{}{}", &text[..value], quoted(&wanted), &text[end..]);
                (wanted, new)
            }
        };
        // Nothing else has changed.
        let mut expected = before;
        let hooks = if whole { &mut expected } else { expected.get_mut("simple-git-hooks")? };
        hooks.as_object_mut()?.insert("pre-push".to_owned(), Value::String(wanted));
        (serde_json::from_str::<Value>(&new).ok()? == expected).then_some(new)
    }
}

/// A script without the entry.
pub(super) fn without(text: &str) -> String {
    let Some(start) = text.find(BEGIN) else { return text.to_owned() };
    let Some(end) = text[start..].find(END).map(|end| start + end + END.len()) else {
        return text.to_owned();
    };
    format!("{}{}", &text[..start], text[end..].strip_prefix('\n').unwrap_or(&text[end..]))
}

/// A string of JSON, which is one of YAML and of TOML, too.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn is(file: &Path, ending: &str) -> bool {
    file.extension().is_some_and(|extension| extension == ending)
}

/// The text with a line end.
fn ended(text: &str) -> String {
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("{text}{end}")
}

fn split_lines(text: &str, lines: usize) -> (&str, &str) {
    let at = text.split_inclusive('\n').take(lines).map(str::len).sum();
    text.split_at(at)
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty() || line.trim_start().starts_with('#')
}

fn indent_of(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches(' ').len()]
}

/// The indentation and the name of a key that has its content on the next lines.
fn key(line: &str) -> Option<(&str, &str)> {
    let name = line.split(" #").next()?.trim_end().strip_suffix(':')?;
    Some((indent_of(line), name.trim_start_matches(' ')))
}
