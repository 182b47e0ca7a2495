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
}

/// Those in these files. A file that can't be read has none.
pub(super) fn in_files<'p>(paths: impl Iterator<Item = &'p str>) -> Marks {
    let mut marks = Marks::default();
    for path in paths {
        let mut text = Vec::new();
        if fs::File::open(path).and_then(|file| file.take(LONGEST).read_to_end(&mut text)).is_ok() {
            marks.count(&String::from_utf8_lossy(&text));
        }
    }
    marks
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
        assert_eq!(marks, Marks { files: 1, lines: 4 });
        assert_eq!(marks.unread(), BTreeMap::from([("@ts-nocheck", 1)]));
        assert_eq!(marks.notes(), ["4 lines are not checked: @ts-ignore, @ts-expect-error"]);
    }
}
