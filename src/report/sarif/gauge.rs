//! Measures the compressed size of a file while it is being written.

use std::cell::Cell;
use std::io::{self, BufWriter, Write};

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// How many bytes are packed at once.
const PIECE: usize = 16 << 10;

/// Passes bytes on, and counts their size under the fastest compression. Any other compresses better.
pub(super) struct Gauge<'a> {
    out: &'a mut dyn Write,
    /// Buffered: a report is written in very small pieces, and for each call the encoder clears a buffer of 32 KiB.
    packer: BufWriter<DeflateEncoder<Counter<'a>>>,
}

/// Counts bytes and keeps none.
struct Counter<'a>(&'a Cell<u64>);

impl<'a> Gauge<'a> {
    /// `packed` receives the size so far, some blocks late.
    pub(super) fn new(out: &'a mut dyn Write, packed: &'a Cell<u64>) -> Self {
        let packer = DeflateEncoder::new(Counter(packed), Compression::fast());
        Gauge { out, packer: BufWriter::with_capacity(PIECE, packer) }
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
