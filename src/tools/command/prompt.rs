//! Programs that ask a question where nobody answers: `next lint` without a configuration asks which one to write, lints
//! nothing, and its exit code depends on its version.

use crate::text::sanitise::without_colour;

/// A question comes last: a program that goes on after it has its answer.
const LAST: usize = 8;

/// Signs that a line waits for an answer, or that the lines after it are a choice: of inquirer, prompts and enquirer (npm), npm
/// itself, and programs of Unix.
const SIGNS: [&str; 9] = [
    "❯",
    "›",
    "(y/n)",
    "[y/n]",
    "(yes/no)",
    "ok to proceed? (y)",
    "press any key",
    "press enter",
    "use arrow-keys",
];

/// The question that the output ends with.
pub(super) fn question(output: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(output);
    // What a prompt does to the cursor.
    let hides_cursor = text.contains("\u{1b}[?25l");
    let text = without_colour(&text).into_owned();
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(LAST)..];
    let has_sign = |line: &str| {
        let line = line.to_lowercase();
        SIGNS.iter().any(|sign| line.contains(sign))
    };
    let at =
        last.iter().rposition(|line| line.contains('?') && (line.starts_with("? ") || has_sign(line)))?;
    let waits = hides_cursor || last[at..].iter().any(|line| has_sign(line));
    waits.then(|| last[at].trim_start_matches("? ").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded with `next lint </dev/null` of Next.js 15.5.6 in a project without a configuration of ESLint.
    const NEXT: &str = include_str!("../../../fixtures/command/recorded-next-lint-asks/stdout.txt");

    #[test]
    fn a_question_at_the_end_is_found() {
        for (output, asks) in [
            (NEXT, "How would you like to configure ESLint?"),
            (
                "Need to install the following packages:\neslint@9.0.0\nOk to proceed? (y) \n",
                "Ok to proceed? (y)",
            ),
            ("Do you want to continue? [Y/n] ", "Do you want to continue? [Y/n]"),
            ("? Which linter do you want?\n❯ eslint\n  biome\n", "Which linter do you want?"),
        ] {
            let found = question(output.as_bytes()).unwrap_or_else(|| panic!("{output}"));
            assert!(found.starts_with(asks), "{found}");
        }
    }

    #[test]
    fn other_output_asks_nothing() {
        for output in [
            "",
            "all files pass\n",
            "? 3 todo\n4 passed\n",
            "Did you forget to run npm ci?\n",
            "? Which linter do you want?\n❯ eslint\n1\n2\n3\n4\n5\n6\n7\n8\nno problems\n",
        ] {
            assert_eq!(question(output.as_bytes()), None, "{output}");
        }
    }
}
