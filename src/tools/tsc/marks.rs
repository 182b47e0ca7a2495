//! Comments in the source that keep errors out of tsc's output.
//!
//! Source: TypeScript handbook, "Type checking JavaScript files": `@ts-nocheck` for a file, `@ts-ignore` and `@ts-expect-error` for the
//! line that follows.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;

/// The most of a source file that is read, in bytes.
const LONGEST: u64 = 16 << 20;

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// Files with `@ts-nocheck`.
    files: u64,
    /// Lines with `@ts-ignore` or `@ts-expect-error`.
    lines: u64,
    /// Files with a component of Angular, whose template is none of tsc's.
    pub(super) components: Vec<String>,
}

/// Those in these files. A file that can't be read has none.
pub(super) fn in_files<'p>(paths: impl Iterator<Item = &'p str>) -> Marks {
    let mut marks = Marks::default();
    for path in paths {
        let mut text = Vec::new();
        if fs::File::open(path).and_then(|file| file.take(LONGEST).read_to_end(&mut text)).is_ok() {
            let text = String::from_utf8_lossy(&text);
            marks.count(&text);
            if has_component(&text) {
                marks.components.push(path.to_owned());
            }
        }
    }
    marks
}

/// Whether a source has a component of Angular ("Anatomy of components", angular.dev): every one has a template.
fn has_component(text: &str) -> bool {
    text.contains("@angular/core") && text.lines().any(|line| line.trim_start().starts_with("@Component("))
}

impl Marks {
    /// A mark begins a comment.
    fn count(&mut self, text: &str) {
        let comments = text.lines().filter_map(|line| {
            let at = line.find("//").into_iter().chain(line.find("/*")).min()?;
            Some(line[at..].trim_start_matches(['/', '*', ' ', '\t']))
        });
        let mut unchecked = false;
        for comment in comments {
            unchecked |= comment.starts_with("@ts-nocheck");
            self.lines +=
                u64::from(["@ts-ignore", "@ts-expect-error"].iter().any(|mark| comment.starts_with(mark)));
        }
        self.files += u64::from(unchecked);
    }

    pub(super) fn unread(&self) -> BTreeMap<&'static str, u64> {
        (self.files > 0).then_some(("@ts-nocheck", self.files)).into_iter().collect()
    }

    pub(super) fn notes(&self) -> Vec<String> {
        let words = match self.lines {
            0 => return Vec::new(),
            1 => "1 line is not checked: @ts-ignore, @ts-expect-error".to_owned(),
            n => format!("{n} lines are not checked: @ts-ignore, @ts-expect-error"),
        };
        vec![words]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_begin_a_comment() {
        let mut marks = Marks::default();
        marks.count(
            "// @ts-nocheck\nconst a = 1; // @ts-ignore why\n/* @ts-expect-error */\n{/* @ts-ignore */}\n",
        );
        marks.count("const text = '@ts-nocheck'\n// see @ts-ignore\n//@ts-ignore\n");
        assert_eq!(marks, Marks { files: 1, lines: 4, components: Vec::new() });
        assert_eq!(marks.unread(), BTreeMap::from([("@ts-nocheck", 1)]));
        assert_eq!(marks.notes(), ["4 lines are not checked: @ts-ignore, @ts-expect-error"]);
    }

    #[test]
    fn a_component_of_angular_has_a_template() {
        let component =
            "import { Component } from '@angular/core';\n  @Component({ template: '' })\nclass A {}\n";
        assert!(has_component(component));
        assert!(!has_component(&component.replace("@Component", "// @Component")));
        assert!(!has_component(
            "import { Component } from 'vue-class-component';\n@Component({})\nclass A {}\n"
        ));
        assert!(!has_component("import { Injectable } from '@angular/core';\n@Injectable()\nclass A {}\n"));
    }
}
