//! run.json: the record itself.

use std::io::{self, Write};

use crate::model::run::Run;

use super::Options;

pub(super) fn render(run: &Run, _: &Options, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, run)?;
    out.write_all(b"\n")
}
