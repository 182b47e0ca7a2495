//! How large a file becomes once it is compressed, known while it is being written.

use std::cell::Cell;
use std::io::{self, Write};

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// Writes through, and counts what the fastest compression makes of it; any other makes less.
pub(super) struct Gauge<'a> {
    out: &'a mut dyn Write,
    packer: DeflateEncoder<Counter<'a>>,
}

/// Counts bytes and keeps none.
struct Counter<'a>(&'a Cell<u64>);

impl<'a> Gauge<'a> {
    /// `packed` has the size so far, some blocks late.
    pub(super) fn new(out: &'a mut dyn Write, packed: &'a Cell<u64>) -> Self {
        Gauge { out, packer: DeflateEncoder::new(Counter(packed), Compression::fast()) }
    }
}

impl Write for Gauge<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.packer.write_all(&bytes[..written])?;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Write for Counter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.set(self.0.get() + bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
