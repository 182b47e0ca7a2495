//! Archives of images that are compressed: `docker save | gzip`. Trivy reads those of gzip, Syft none, so all get the archive itself.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

const GZIP: &str = "gzip";

/// How a file is compressed, and the command that unpacks it: by its first bytes, whatever its name is.
pub(super) fn form(path: &Path) -> Option<(&'static str, &'static str)> {
    const FORMS: [(&[u8], &str, &str); 4] = [
        (&[0x1f, 0x8b], GZIP, "gunzip"),
        (b"BZh", "bzip2", "bunzip2"),
        (&[0xfd, b'7', b'z', b'X', b'Z', 0], "xz", "unxz"),
        (&[0x28, 0xb5, 0x2f, 0xfd], "zstd", "unzstd"),
    ];
    let mut start = [0; 6];
    let read = File::open(path).and_then(|mut file| file.read(&mut start)).ok()?;
    let is_it = |(magic, _, _): &&(&[u8], &str, &str)| start[..read].starts_with(magic);
    FORMS.iter().find(is_it).map(|(_, form, command)| (*form, *command))
}

/// Writes the content of a file of gzip to another one. Says whether it was such a file.
///
/// # Errors
/// If it is cut or damaged, or there is no room.
pub(super) fn unpack(path: &Path, to: &Path) -> io::Result<bool> {
    if !path.is_file() || form(path).is_none_or(|(form, _)| form != GZIP) {
        return Ok(false);
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut content = MultiGzDecoder::new(BufReader::new(File::open(path)?));
    io::copy(&mut content, &mut File::create(to)?)?;
    Ok(true)
}
