//! Signals by their names.

const SIGNALS: [(i32, &str); 10] = [
    (1, "SIGHUP"),
    (2, "SIGINT"),
    (4, "SIGILL"),
    (6, "SIGABRT"),
    (7, "SIGBUS"),
    (8, "SIGFPE"),
    (9, "SIGKILL"),
    (11, "SIGSEGV"),
    (13, "SIGPIPE"),
    (15, "SIGTERM"),
];

/// A signal as people know it: `SIGTERM`, `signal 42`.
pub(crate) fn signal_name(signal: i32) -> String {
    let known = SIGNALS.iter().find(|(number, _)| *number == signal);
    known.map_or_else(|| format!("signal {signal}"), |(_, name)| (*name).to_owned())
}

/// The reverse of [`signal_name`].
pub(crate) fn signal_number(name: &str) -> Option<i32> {
    let known = SIGNALS.iter().find(|(_, known)| *known == name).map(|(number, _)| *number);
    known.or_else(|| name.strip_prefix("signal ")?.parse().ok())
}
