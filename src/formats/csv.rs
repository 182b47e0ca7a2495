//! Rows of comma-separated values (RFC 4180), whole or not at all.

/// Every row with its cells, each row as long as the first.
///
/// # Errors
/// When the text is cut short, or a row has another number of cells.
pub(super) fn rows(text: &str) -> Result<Vec<Vec<String>>, String> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let (mut row, mut cell) = (Vec::new(), String::new());
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted && chars.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                let length = rows.first().map_or(row.len(), Vec::len);
                if row.len() != length {
                    return Err(format!(
                        "row {} has {} cells, the first has {length}",
                        rows.len() + 1,
                        row.len()
                    ));
                }
                rows.push(std::mem::take(&mut row));
            }
            char => cell.push(char),
        }
    }
    match quoted || !cell.is_empty() || !row.is_empty() {
        true => Err("its last row has no end, so it is cut short: download it again".to_owned()),
        false => Ok(rows),
    }
}
