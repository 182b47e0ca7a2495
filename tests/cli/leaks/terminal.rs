//! What is printed beside reports: mistakes in gates.toml and the floor, wrong words of a command line, plans, progress.

use crate::common::{Project, Ran};

/// A value that may stand in an id, an option or a path.
fn secret(name: &str) -> String {
    ["hun", "ter2-", name, "-Qz7x9"].concat()
}

/// A webhook's address that no scanner's rule matches.
fn webhook() -> String {
    ["https://hooks.chat", ".example/services/T01/B01/", &secret("webhook")].concat()
}

/// Runs it with `DB_PASSWORD` and `CHAT_URL` set. Neither value may be printed, in any mode of colour.
fn hidden(project: &Project, args: &[&str], code: i32) -> Ran {
    let password = secret("database");
    for colour in ["0", "1"] {
        let mut command = project.command(args);
        command.env("DB_PASSWORD", &password).env("SLACK_WEBHOOK", webhook()).env("CLICOLOR_FORCE", colour);
        let ran = Ran::to_end(&mut command);
        assert_eq!(ran.code, code, "{args:?} {}", ran.all());
        for value in [password.as_str(), &webhook(), &webhook()[30..]] {
            assert!(!ran.all().contains(value), "{args:?} {}", ran.all());
        }
        if colour == "1" {
            return ran;
        }
    }
    unreachable!()
}

#[test]
fn mistakes_in_gates_toml_show_no_secret() {
    let (password, webhook) = (secret("database"), webhook());
    let literal = secret("literal");
    for (line, words) in [
        (format!("[[notice]]\nurl = '{webhook}'\n"), "must be the name of a variable"),
        // An address of which only the key says what it is.
        (
            format!("[[notice]]\nurl = 'https://chat.example/in/{literal}-1'\n"),
            "must be the name of a variable",
        ),
        (format!("mode = '{password}'\n"), "is not a value of `mode`"),
        (format!("colour = '{password}' # {password}\n"), "`colour` is not a key"),
        (format!("'{password}' = 1\n"), "is not a key"),
        (format!("mode = '{password}\n"), "mistake"),
        (format!("[defaults]\ntimeout = \"{}\"\n", password.replace('-', "\\u002d")), "must be a duration"),
        (format!("[defaults]\ntimeout = '5 parsecs' # {webhook}\n"), "must be a duration"),
        (
            format!(
                "[[gate]]\nid = 'a'\ntool = 'command'\nrun = ['true']\nenv = {{ DB_PASSWORD = '{literal}', B = 1 }}\n"
            ),
            "`B` must be",
        ),
        (
            format!(
                "[[gate]]\nid = 'a'\ntool = 'command'\nrun = ['true', '--token={literal}']\nenv = {{ B = 1 }}\n[[gate]]\nid = 'b'\ntool = 'command'\nrun = '--token={literal}'\n"
            ),
            "`B` must be",
        ),
    ] {
        let project = Project::with_gates(&format!("version = 1\n{line}"));
        for command in ["run", "plan", "doctor", "judge"] {
            let args: &[&str] =
                if command == "judge" { &["judge", "--report", "sarif=a"] } else { &[command] };
            let ran = hidden(&project, args, 2);
            assert!(ran.stderr.contains(words) && ran.stderr.contains("REDACTED"), "{line} {}", ran.all());
            assert!(!ran.all().contains(&literal), "{line} {}", ran.all());
        }
    }
}

#[test]
fn the_floor_shows_no_secret() {
    let password = secret("database");
    let gate = |options: &str| format!("[[gate]]\nid = 'a'\ntool = 'command'\nrun = ['true', '{options}']\n");
    let project = Project::with_gates(&format!("version = 1\n{}", gate(&format!("--password={password}"))));
    // A breach with a place, one without, and a mistake in the floor itself.
    project.write("floor.toml", format!("version = 1\n{}required = true\n", gate("--password=")));
    project.write("other.toml", format!("version = 1\n[[gate]]\ntool = 'command'\nid = '{password}'\n"));
    project.write("wrong.toml", format!("version = 1\n'{password}' = 1\n"));
    for (floor, words) in
        [("floor.toml", "different"), ("other.toml", "there is no gate"), ("wrong.toml", "key")]
    {
        for command in ["run", "plan"] {
            let ran = hidden(&project, &[command, "--require", floor], 2);
            assert!(ran.stderr.contains(words) && ran.stderr.contains("REDACTED"), "{floor} {}", ran.all());
        }
    }
}

#[test]
fn a_wrong_command_line_shows_no_secret() {
    let project = Project::with_gates("version = 1\n[[gate]]\nid = 'a'\ntool = 'command'\nrun = ['true']\n");
    let password = secret("database");
    for args in [
        &["run", &format!("--{password}")][..],
        &["run", &format!("--{password}=1")],
        &["run", "--mode", &password],
        &["run", "--format", &format!("sarif,{password}")],
        &["run", "--only", &password],
        &["run", "--profile", &password],
        &["run", "--jobs", &webhook()],
        &["run", "--config", &password],
        &[&password],
        &["judge", "--report", &password],
        &["report", "--from", &password],
        &["explain", &password, "--from", &password],
    ] {
        let ran = hidden(&project, args, 2);
        assert!(ran.stderr.contains("REDACTED"), "{args:?} {}", ran.all());
    }
    // The help shows the values of variables.
    let mut command = project.command(&["run", "--help"]);
    command.env("DB_PASSWORD", &password).env("PORTCULLIS_PROFILE", &password);
    let ran = Ran::to_end(&mut command);
    assert_eq!(ran.code, 0);
    assert!(ran.stdout.contains("REDACTED") && !ran.all().contains(&password), "{}", ran.all());
}

#[test]
fn a_secret_of_which_clap_quotes_a_part_is_not_shown() {
    let project = Project::new();
    let (one, two) = (secret("one"), secret("two"));
    let mut command = project.command(&["run", &format!("--{one}={two}")]);
    let ran = Ran::to_end(command.env("DB_PASSWORD", format!("{one}={two}")));
    assert!(ran.code == 2 && !ran.all().contains(&one), "{}", ran.all());
}

#[test]
fn plan_doctor_and_progress_show_no_secret() {
    let (password, chat) = (secret("database"), secret("chat"));
    let address = format!("https://chat.example/in/{chat}");
    let project = Project::with_gates(&format!(
        "version = 1\n[[notice]]\nurl = '$CHAT_URL'\nwhen = 'stopped'\n\
         [[gate]]\nid = 'id-{password}'\ntool = 'command'\nrun = ['true', '{}', '{address}']\n\
         [[gate]]\nid = 'b'\ntool = 'command'\nrun = ['./{password}']\n",
        webhook()
    ));
    for command in ["plan", "doctor", "run"] {
        let mut command = project.command(&[command]);
        command.env("DB_PASSWORD", &password).env("CHAT_URL", &address);
        let ran = Ran::to_end(&mut command);
        assert!(ran.all().contains("REDACTED"), "{}", ran.all());
        for value in [&password, &chat, &webhook()] {
            assert!(!ran.all().replace(['\n', ' ', '|'], "").contains(value.as_str()), "{}", ran.all());
        }
    }
}
