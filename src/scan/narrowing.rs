//! Arguments of the user that hide something: what a scanner then does not look at, or does not report, nobody judges.

/// The most letters of an argument that a note quotes.
const QUOTED: usize = 100;

/// Those of `args` that set one of these options, as they are written. Their long names may be cut short, as argparse allows.
pub(crate) fn narrowing(args: &[String], options: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (n, arg) in args.iter().enumerate() {
        let (name, value) =
            arg.split_once('=').map_or((arg.as_str(), None), |(name, value)| (name, Some(value)));
        if value == Some("false") || !options.iter().any(|option| sets(name, option)) {
            continue;
        }
        let behind = args[n + 1..].iter().take_while(|next| value.is_none() && !next.starts_with('-'));
        let words: Vec<&str> = [arg].into_iter().chain(behind).map(String::as_str).collect();
        found.push(words.join(" ").chars().take(QUOTED).collect());
    }
    found
}

/// Whether an argument is this option.
fn sets(name: &str, option: &str) -> bool {
    const LEAST: usize = "--abc".len();
    match option.starts_with("--") {
        true => name == option || name.len() >= LEAST && option.starts_with(name),
        // `-sHIGH`
        false => !name.starts_with("--") && name.starts_with(option),
    }
}

/// What the record says of it.
pub(crate) fn note(args: &[String], options: &[&str]) -> Option<String> {
    let found = narrowing(args, options);
    (!found.is_empty()).then(|| format!("`args` narrow what it looks at or reports: {}", found.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: [&str; 4] = ["--severity", "-s", "--ignore-unfixed", "--skip-check"];

    fn of(args: &[&str]) -> Vec<String> {
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        narrowing(&args, &OPTIONS)
    }

    #[test]
    fn an_option_is_found_in_every_form() {
        for form in
            [&["--severity", "HIGH"][..], &["--severity=HIGH"], &["-s", "HIGH"], &["-sHIGH"], &["-s=HIGH"]]
        {
            assert_eq!(of(form), [form.join(" ")]);
        }
        assert_eq!(
            of(&["--ignore-unfixed", "--debug", "--skip-ch", "A", "B"]),
            ["--ignore-unfixed", "--skip-ch A B"]
        );
        assert_eq!(of(&["--ignore-unfixed=true"]).len(), 1);
        for none in [
            &["--ignore-unfixed=false"][..],
            &["--severities"],
            &["--scanners", "vuln"],
            &["--", "HIGH"],
            &["--se-x"],
            &["severity"],
            &[],
        ] {
            assert_eq!(of(none), [""; 0], "{none:?}");
        }
        assert!(of(&["--severity", &"x".repeat(9999)])[0].len() <= QUOTED);
    }

    #[test]
    fn the_note_names_all_of_them() {
        let args = ["--severity", "HIGH", "-q", "--ignore-unfixed"].map(str::to_owned);
        let says = "`args` narrow what it looks at or reports: --severity HIGH, --ignore-unfixed";
        assert_eq!(note(&args, &OPTIONS).as_deref(), Some(says));
        assert_eq!(note(&args[2..3], &OPTIONS), None);
    }
}
