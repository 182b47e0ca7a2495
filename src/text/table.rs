//! Tables for people: no borders, a line under the header, as wide as the terminal at most.

use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};

/// An empty table.
pub(crate) fn plain(width: u16) -> Table {
    let style = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
    let mut table = Table::new();
    table.load_style(style).set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    table
}

/// The table's text, without white space at the ends of its lines.
pub(crate) fn text(table: &Table) -> String {
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}
