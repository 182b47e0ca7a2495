//! What the variables in a build may stand for, as far as the same file says it: assignments, `for` loops, variables of make, keys of a matrix and
//! of `env`, defaults of inputs. Which of them counts, and when, does not matter: a Dockerfile that may be built is one.

use std::collections::BTreeMap;

use crate::inputs::dotenv::Values;
use crate::inputs::shell::{ToldBuild, at_top};

/// More are not tried.
const MOST: usize = 200;

/// The values that a text may give to the variables of these builds.
pub(in crate::inputs) fn possible(builds: &[ToldBuild], text: &str) -> BTreeMap<String, Vec<String>> {
    let names = builds.iter().flat_map(|build| fields(build).into_iter().flat_map(names));
    let mut found = BTreeMap::new();
    for name in names.take(MOST) {
        found.entry(name).or_insert_with_key(|name| values(name, text));
    }
    found.retain(|_, values| !values.is_empty());
    found
}

/// The build with each set of values. Lists of one length belong together, as the entries of a matrix do.
pub(super) fn ways(build: &ToldBuild, possible: &BTreeMap<String, Vec<String>>) -> Vec<ToldBuild> {
    let mut sets: Vec<BTreeMap<String, String>> = vec![BTreeMap::new()];
    let mut used: Vec<String> = fields(build).into_iter().flat_map(names).collect();
    used.sort();
    used.dedup();
    let lists: Vec<(&String, &Vec<String>)> =
        used.iter().filter_map(|name| Some((name, possible.get(name)?))).collect();
    let length = lists.first().map_or(0, |(_, values)| values.len());
    if length > 0 && lists.iter().all(|(_, values)| values.len() == length) {
        let set =
            |n: usize| lists.iter().map(|(name, values)| ((*name).clone(), values[n].clone())).collect();
        sets = (0..length.min(MOST)).map(set).collect();
    } else {
        for (name, values) in lists {
            let with = |set: &BTreeMap<String, String>| {
                let set = set.clone();
                values.iter().map(move |value| {
                    let mut set = set.clone();
                    set.insert(name.clone(), value.clone());
                    set
                })
            };
            sets = sets.iter().flat_map(with).take(MOST).collect();
        }
    }
    let with = |set: &BTreeMap<String, String>| ToldBuild {
        file: build.file.as_deref().map(|text| filled(text, set)),
        context: build.context.as_deref().map(|text| filled(text, set)),
        target: build.target.as_deref().map(|text| filled(text, set)),
        cwd: filled(&build.cwd, set),
        ..build.clone()
    };
    sets.iter().map(with).collect()
}

fn fields(build: &ToldBuild) -> Vec<&str> {
    let texts = [&build.file, &build.context, &build.target].into_iter().flatten().map(String::as_str);
    texts.chain([build.cwd.as_str()]).collect()
}

fn names(text: &str) -> Vec<String> {
    references(text).into_iter().map(|reference| reference.name.to_owned()).collect()
}

/// A variable in a text.
struct Reference<'t> {
    from: usize,
    to: usize,
    name: &'t str,
}

/// `$A`, `${A}`, `$(A)`, `${{ matrix.a }}`. What has a default of its own, or is the top of a checkout, is none.
fn references(text: &str) -> Vec<Reference<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(from) = text[at..].find('$').map(|found| at + found) {
        let after = &text[from + 1..];
        let inside = [("{{", "}}"), ("{", "}"), ("(", ")")].iter().find_map(|(open, close)| {
            let (inside, _) = after.strip_prefix(open)?.split_once(close)?;
            Some((inside, open.len() + inside.len() + close.len()))
        });
        let (inside, length) = inside.unwrap_or_else(|| {
            let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
            (&after[..end], end)
        });
        let to = from + 1 + length;
        let name = inside.trim().rsplit('.').next().unwrap_or_default();
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if begins && name.chars().all(is_name) && at_top(&text[from..]).is_none() {
            found.push(Reference { from, to, name });
        }
        at = to.max(from + 1);
    }
    found
}

fn filled(text: &str, set: &BTreeMap<String, String>) -> String {
    let (mut whole, mut at) = (String::new(), 0);
    for Reference { from, to, name } in references(text) {
        let Some(value) = set.get(name) else { continue };
        whole.push_str(&text[at..from]);
        whole.push_str(value);
        at = to;
    }
    whole + &text[at..]
}

/// What a text gives to a variable or key of this name.
fn values(name: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(name) {
        let is_part = |c: char| c.is_alphanumeric() || ['_', '-', '.', '$', '{', '('].contains(&c);
        let after = text[at + name.len()..].trim_start_matches(['"', '\'']);
        let before = &text[..at];
        // `{file: a}` is a map in one line, `${file}` is not.
        let in_braces = before.ends_with('{') && !before.ends_with("${") && !before.ends_with("{{");
        if (before.ends_with(is_part) && !in_braces) || found.len() >= MOST {
            continue;
        }
        let after = after.trim_start_matches([' ', '\t']);
        if let Some(list) = after.strip_prefix("in ").filter(|_| before.trim_end().ends_with("for")) {
            let list = list.split([';', '\n']).next().unwrap_or_default();
            found.extend(list.split_whitespace().map(str::to_owned));
            continue;
        }
        let marks = [":=", "?=", "=", ":"];
        let Some(value) = marks.iter().find_map(|mark| after.strip_prefix(mark)) else { continue };
        let line = value.split('\n').next().unwrap_or_default();
        match line.trim() {
            "" => found.extend(below(value)),
            line if line.starts_with('[') => {
                let list = line[1..].split(']').next().unwrap_or_default();
                found.extend(list.split(',').map(plain));
            }
            line => found.push(plain(line)),
        }
    }
    // One that another variable decides is known only by its default.
    let known = found.iter().filter_map(|value| {
        let value = default_of_argument(value).unwrap_or(value);
        Values::default().expanded(value)
    });
    known.filter(|value| !value.is_empty()).collect()
}

/// The default of an argument of a script: `b` in `${1:-b}`.
fn default_of_argument(value: &str) -> Option<&str> {
    let (number, default) = value.strip_prefix("${")?.strip_suffix('}')?.split_once('-')?;
    number.trim_end_matches(':').chars().all(|c| c.is_ascii_digit()).then_some(default)
}

/// The entries of a list below a key, or its `default` or `value`.
fn below(text: &str) -> Vec<String> {
    let lines = text.lines().skip(1).map(str::trim).filter(|line| !line.is_empty());
    let lines: Vec<&str> = lines.take(MOST).collect();
    let items: Vec<String> = lines
        .iter()
        .map_while(|line| line.strip_prefix("- "))
        .filter(|item| !item.contains(": "))
        .map(plain)
        .collect();
    if !items.is_empty() {
        return items;
    }
    let is_told = |line: &&&str| line.starts_with("default:") || line.starts_with("value:");
    let told = lines.iter().take(6).find(is_told).and_then(|line| line.split_once(':'));
    told.map(|(_, value)| plain(value)).into_iter().collect()
}

/// A value without quotes, and without what follows it on its line.
fn plain(text: &str) -> String {
    let text = text.trim();
    let quoted = ['"', '\''].iter().find_map(|quote| text.strip_prefix(*quote)?.split(*quote).next());
    let ends = [' ', '\t', ',', ';', '\r'];
    let word = || text.split(ends).next().unwrap_or_default();
    let word = quoted.unwrap_or_else(word);
    // The end of a map in one line.
    let open = word.matches('{').count();
    let closed = word.matches('}').count();
    if closed > open { word.trim_end_matches('}').to_owned() } else { word.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_what_its_variables_may_be() {
        for (text, file, expected) in [
            ("F := t/img\nimg:\n\tdocker build -f $(F) t\n", "$(F)", "t/img"),
            ("F=a/img; docker build -f \"$F\" a", "$F", "a/img"),
            ("export F=\"a b/img\"\n", "${F}", "a b/img"),
            ("for f in a/img b/img; do docker build -f $f .; done", "$f", "a/img b/img"),
            ("F=${1:-a/img}\n", "$F", "a/img"),
            (
                "matrix:\n  include:\n  - file: a/img\n    x: 1\n  - file: b/img\nwith: {file: '${{ matrix.file }}'}\n",
                "${{ matrix.file }}",
                "a/img b/img",
            ),
            ("matrix: {file: [a/img, 'b/img']}\n", "${{ matrix.file }}", "a/img b/img"),
            ("matrix:\n  file:\n  - a/img\n  - b/img\n", "${{matrix.file}}", "a/img b/img"),
            ("inputs:\n  file:\n    required: false\n    default: a/img\n", "${{ inputs.file }}", "a/img"),
            ("variables:\n  F: a/img\n", "x/$F", "x/a/img"),
            ("G=a/img\n", "$F", "$F"),
            ("F=$(date)\n", "$F", "$F"),
            ("pwd: x\n", "$(pwd)/a", "$(pwd)/a"),
        ] {
            let build = ToldBuild { file: Some(file.to_owned()), ..ToldBuild::default() };
            let possible = possible(std::slice::from_ref(&build), text);
            let files: Vec<String> = ways(&build, &possible).into_iter().filter_map(|way| way.file).collect();
            assert_eq!(files.join(" "), expected, "{text}");
        }
    }

    #[test]
    fn lists_of_one_length_belong_together() {
        let text = "include:\n- file: img1\n  context: a\n- file: img2\n  context: b\n";
        let told = |key: &str| Some(format!("${{{{ matrix.{key} }}}}"));
        let build = ToldBuild { file: told("file"), context: told("context"), ..ToldBuild::default() };
        let ways = ways(&build, &possible(std::slice::from_ref(&build), text));
        let shown = |way: ToldBuild| format!("{} {}", way.file.unwrap(), way.context.unwrap());
        assert_eq!(ways.into_iter().map(shown).collect::<Vec<_>>(), ["img1 a", "img2 b"]);
    }
}
