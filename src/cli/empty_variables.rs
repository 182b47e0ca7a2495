//! Variables of options that are set and empty.

use clap::error::ErrorKind;
use clap::{Command, Error};

use crate::system::variables;

/// Refuses a variable of this command that is set and empty, as CI files leave them. Clap would name only the option.
pub(crate) fn refuse(command: &Command) -> Result<(), Error> {
    let words: Vec<String> =
        std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    if words.iter().any(|word| word == "--help" || word == "-h") {
        return Ok(());
    }
    let mut chosen = command.clone();
    for word in &words {
        match chosen.find_subcommand(word) {
            Some(next) => chosen = next.clone(),
            None => break,
        }
    }
    for argument in chosen.get_arguments() {
        let flag = argument.get_long().map(|long| format!("--{long}"));
        let given = |flag: &String| words.iter().any(|word| word.split('=').next() == Some(flag));
        let name = argument.get_env().map(|name| name.to_string_lossy().into_owned());
        let (Some(flag), Some(name)) = (flag, name) else { continue };
        if !given(&flag) && variables::get(&name).is_some_and(|value| value.is_empty()) {
            let words = format!("{name} is set, and empty: give it a value as for {flag}, or unset it\n");
            return Err(Error::raw(ErrorKind::InvalidValue, words));
        }
    }
    Ok(())
}
