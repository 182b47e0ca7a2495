//! What a program in Python says when it crashes: a traceback, whose last line has the cause (docs.python.org, `traceback`).

/// The last line of the last traceback: `TypeError: unhashable type`.
pub(super) fn cause(log: &str) -> Option<&str> {
    let (_, traceback) = log.rsplit_once("Traceback (most recent call last):\n")?;
    traceback.lines().find(|line| line.starts_with(char::is_alphabetic)).map(str::trim_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_follows_the_frames() {
        let log = "Traceback (most recent call last):\n  File \"a.py\", line 1, in a\n    b()\n    ~^^\nKeyError: 'a'\n\n\
                   During handling of the above exception, another exception occurred:\n\n\
                   Traceback (most recent call last):\n  File \"a.py\", line 2, in <module>\n    c()\n\
                   x.Bad: two\nlines\nbye 1\n";
        assert_eq!(cause(log), Some("x.Bad: two"));
        assert_eq!(cause("Traceback (most recent call last):\n  File \"a.py\", line 1\n"), None);
        assert_eq!(cause("TypeError: a\n"), None);
    }
}
