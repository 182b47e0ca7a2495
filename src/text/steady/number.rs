//! The numbers in a word that change from run to run.

/// Ports from here on are handed out by the system (Linux, `ip_local_port_range`).
const FIRST_FREE_PORT: u32 = 32_768;

const UNITS: [&str; 13] = [
    "ns",
    "us",
    "µs",
    "ms",
    "s",
    "sec",
    "secs",
    "second",
    "seconds",
    "millisecond",
    "milliseconds",
    "minute",
    "minutes",
];

/// Whether a word is a number and nothing else.
pub(super) fn is_whole(word: &str) -> bool {
    !word.is_empty() && digits(word) == word.len()
}

/// A word with `#` for each number that says nothing of the failure. `before` and `after` are the words around it.
pub(super) fn without(word: &str, before: &str, after: &str) -> String {
    let (before, after) = (end_of(before), beginning_of(after));
    let mut out = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let in_number = out.strip_suffix('.').is_some_and(|out| out.ends_with(|c: char| c.is_ascii_digit()));
        let begins = !in_number && !out.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '#');
        let length = match begins && first.is_ascii_alphanumeric() {
            true => unsteady(rest, end_of(&out), (before, after)),
            false => None,
        };
        match length {
            Some(length) => {
                out.push('#');
                rest = &rest[length..];
            }
            None => {
                out.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    out
}

/// The length of what is left out at the beginning of `rest`. `seen` is the word up to there.
fn unsteady(rest: &str, seen: &str, (before, after): (&str, &str)) -> Option<usize> {
    let found = uuid(rest).or_else(|| address(rest)).or_else(|| version(rest));
    let found = found.or_else(|| moment(rest, after)).or_else(|| duration(rest, after));
    found.or_else(|| place(rest, seen, before)).or_else(|| of_system(rest, seen, before))
}

/// How much of the text around a number is looked at, in bytes: a word may be as long as a report.
const NEAR: usize = 96;

fn end_of(text: &str) -> &str {
    let from = text.len().saturating_sub(NEAR);
    let from = (from..=text.len()).find(|from| text.is_char_boundary(*from));
    &text[from.unwrap_or(text.len())..]
}

fn beginning_of(text: &str) -> &str {
    let to = (0..=text.len().min(NEAR)).rev().find(|to| text.is_char_boundary(*to));
    &text[..to.unwrap_or(0)]
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// Whether no letter or digit follows.
fn ends(rest: &str) -> bool {
    !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// The digits of a pattern (`0` is a digit, `x` one in hexadecimal), and its length.
fn matches(rest: &str, pattern: &str) -> Option<usize> {
    let bytes = rest.as_bytes().get(..pattern.len())?;
    let fits = bytes.iter().zip(pattern.bytes()).all(|(byte, wanted)| match wanted {
        b'0' => byte.is_ascii_digit(),
        b'x' => byte.is_ascii_hexdigit(),
        wanted => *byte == wanted,
    });
    fits.then_some(pattern.len())
}

/// A random UUID (RFC 9562, version 4).
fn uuid(rest: &str) -> Option<usize> {
    matches(rest, "xxxxxxxx-xxxx-4xxx-xxxx-xxxxxxxxxxxx").filter(|length| ends(&rest[*length..]))
}

/// `0x7ffd01a2b3c4`. A shorter one is a value.
fn address(rest: &str) -> Option<usize> {
    let length = rest.strip_prefix("0x")?.bytes().take_while(u8::is_ascii_hexdigit).count();
    (length >= 8 && ends(&rest[2 + length..])).then_some(2 + length)
}

/// `1.2.3`, `v1.2.3`, `v1.2`. Four numbers may be an address of a host.
fn version(rest: &str) -> Option<usize> {
    let marked = rest.strip_prefix(['v', 'V']);
    let mut left = marked.unwrap_or(rest);
    let mut parts = 0;
    loop {
        let length = digits(left);
        if length == 0 {
            return None;
        }
        (left, parts) = (&left[length..], parts + 1);
        match left.strip_prefix('.').filter(|next| digits(next) > 0) {
            Some(next) => left = next,
            None => break,
        }
    }
    (parts == 3 || parts == 2 && marked.is_some()).then_some(())?;
    ends(left).then_some(rest.len() - left.len())
}

/// A time, or a date with one (ISO 8601). A date alone may be what the failure is about.
fn moment(rest: &str, after: &str) -> Option<usize> {
    let time = |text: &str| {
        let length = matches(text, "00:00:00")?;
        let fraction = text[length..].strip_prefix(['.', ',']).map_or(0, digits);
        Some(if fraction > 0 { length + 1 + fraction } else { length })
    };
    let Some(date) = matches(rest, "0000-00-00") else {
        return time(rest).filter(|length| ends(&rest[*length..]));
    };
    if let Some(clock) = rest[date..].strip_prefix(['T', 't']) {
        let end = date + 1 + time(clock)?;
        let zone = &rest[end..];
        let zone = match zone.as_bytes().first() {
            Some(b'Z' | b'z') => 1,
            Some(b'+' | b'-') => matches(&zone[1..], "00:00").map_or(0, |length| length + 1),
            _ => 0,
        };
        return Some(end + zone);
    }
    (rest.len() == date && time(after).is_some()).then_some(date)
}

/// `12ms`, `1.2s`, `12 ms`.
fn duration(rest: &str, after: &str) -> Option<usize> {
    let whole = digits(rest);
    let fraction = rest[whole..].strip_prefix('.').map_or(0, digits);
    let length = if fraction > 0 { whole + 1 + fraction } else { whole };
    let is_unit = |text: &str| UNITS.contains(&text);
    let unit = rest[length..].split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    if whole == 0 {
        None
    } else if is_unit(unit) && ends(&rest[length + unit.len()..]) {
        Some(length + unit.len())
    } else {
        let apart = rest.len() == length && is_unit(after.trim_end_matches(|c: char| !c.is_alphanumeric()));
        apart.then_some(length)
    }
}

/// A line or a column: `a.js:7`, `a.js:7:3`, `:7:3`, `a.ts(7,3)`, `(7:3)`, `line 7`.
fn place(rest: &str, seen: &str, before: &str) -> Option<usize> {
    let length = digits(rest);
    let next = &rest[length..];
    if length == 0 || !ends(next) {
        return None;
    }
    let second = |mark: char| next.strip_prefix(mark).map_or(0, digits);
    let said = match seen.trim_start_matches(|c: char| !c.is_alphanumeric()) {
        "" => before,
        seen => seen,
    };
    let said = said.trim_end_matches(|c: char| !c.is_alphanumeric());
    let said = said.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let is = |known: &str| said.eq_ignore_ascii_case(known);
    if ["line", "lines", "column", "columns", "col"].into_iter().any(is) {
        let more = second('-');
        return Some(if more > 0 { length + 1 + more } else { length });
    }
    if let Some(file) = seen.strip_suffix(':') {
        let columns = second(':') > 0 && !file.ends_with(|c: char| c.is_ascii_digit());
        let more = if columns { 1 + second(':') } else { 0 };
        return (columns || is_file(file)).then_some(length + more);
    }
    let file = seen.strip_suffix('(')?;
    let (comma, colon) = (second(','), second(':'));
    let end = length + if comma + colon > 0 { 1 + comma + colon } else { 0 };
    (rest[end..].starts_with(')') && (is_file(file) || colon > 0)).then_some(end)
}

/// A name with a short ending: `(a/b.py`. An address on the network is none.
fn is_file(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending).unwrap_or_default();
    let short = (1..=6).contains(&ending.len()) && ending.bytes().all(|byte| byte.is_ascii_alphanumeric());
    short && ending.starts_with(|c: char| c.is_ascii_alphabetic()) && !name.contains("://")
}

/// A process, or a port that the system handed out.
fn of_system(rest: &str, seen: &str, before: &str) -> Option<usize> {
    let length = digits(rest);
    let number: u32 = rest[..length].parse().ok().filter(|_| ends(&rest[length..]))?;
    let before = before.trim_end_matches([':', '=']);
    let is = |known: &str| before.eq_ignore_ascii_case(known) && seen.is_empty();
    let local = ["localhost:", "127.0.0.1:", "[::1]:", "0.0.0.0:"];
    let port = is("port") || local.iter().any(|host| seen.ends_with(host));
    (is("pid") || port && number >= FIRST_FREE_PORT).then_some(length)
}
