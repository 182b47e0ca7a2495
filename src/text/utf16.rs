//! UTF-16 with a byte order mark, as Windows shells write with `>`.

/// Why a text is not UTF-16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// It ends in half a character.
    Cut,
    /// It goes on in another encoding.
    Mixed,
}

/// The text, if it begins with a byte order mark of UTF-16.
pub(crate) fn decode(bytes: &[u8]) -> Option<Result<String, Broken>> {
    let (units, half) = units(bytes)?;
    let last = units.clone().last();
    if half || last.is_some_and(|unit| (0xd800..0xdc00).contains(&unit)) {
        return Some(Err(Broken::Cut));
    }
    let text: Result<String, _> = char::decode_utf16(units).collect();
    Some(text.map_err(|_| Broken::Mixed))
}

/// The same; what is no character becomes `U+FFFD`.
pub(crate) fn decode_lossily(bytes: &[u8]) -> Option<String> {
    let (units, _) = units(bytes)?;
    Some(char::decode_utf16(units).map(|one| one.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
}

/// The units after the mark, and whether half a unit is left.
fn units(bytes: &[u8]) -> Option<(impl Iterator<Item = u16> + Clone, bool)> {
    let (rest, little) = match bytes {
        [0xff, 0xfe, rest @ ..] => (rest, true),
        [0xfe, 0xff, rest @ ..] => (rest, false),
        _ => return None,
    };
    let (pairs, half) = rest.as_chunks::<2>();
    let unit = move |pair: &[u8; 2]| match little {
        true => u16::from_le_bytes(*pair),
        false => u16::from_be_bytes(*pair),
    };
    Some((pairs.iter().map(unit), !half.is_empty()))
}
