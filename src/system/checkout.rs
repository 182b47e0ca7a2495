//! Files of the checkout.

use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// A larger file is not read: it is generated.
const MOST_BYTES: u64 = 4 << 20;

/// A checkout. Its files are read by their paths relative to its top folder.
#[derive(Debug)]
pub(crate) struct Checkout {
    /// Absolute, without symbolic links; `None` if there is no checkout.
    root: Option<PathBuf>,
}

impl Checkout {
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.canonicalize().ok() }
    }

    /// The content of a file; `None` if it does not exist, is not a file, is outside the checkout, or is
    /// larger than 4 MiB.
    pub(crate) fn file(&self, path: &str) -> Option<Vec<u8>> {
        let root = self.root.as_deref()?;
        let path = Path::new(path);
        if !path.components().all(|part| matches!(part, Component::Normal(_))) {
            return None;
        }
        // A link may lead out of the checkout, and opening a pipe may never end.
        let real = root.join(path).canonicalize().ok()?;
        let meta = real.metadata().ok()?;
        if !real.starts_with(root) || !meta.is_file() || meta.len() > MOST_BYTES {
            return None;
        }
        let mut bytes = Vec::new();
        File::open(real).ok()?.take(MOST_BYTES).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn nothing_outside_the_checkout_is_read() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "top secret\n").unwrap();
        let folder = outside.path().join("repo");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("own"), "mine").unwrap();
        std::os::unix::fs::symlink("../secret", folder.join("link")).unwrap();
        make_pipe(&folder.join("pipe"));
        let checkout = Checkout::new(&folder);
        let absolute = outside.path().join("secret").to_string_lossy().into_owned();
        for path in ["link", "../secret", &absolute, "pipe", ".", ""] {
            assert_eq!(checkout.file(path), None, "{path}");
        }
        assert_eq!(checkout.file("own").as_deref(), Some(&b"mine"[..]));
    }

    #[test]
    fn a_large_or_missing_file_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("large"), "x\n".repeat(3 << 20)).unwrap();
        assert_eq!(Checkout::new(folder.path()).file("large"), None);
        assert_eq!(Checkout::new(Path::new("/nowhere")).file("large"), None);
    }

    #[allow(clippy::disallowed_methods, reason = "to make a pipe that nothing writes to")]
    fn make_pipe(path: &Path) {
        assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    }
}
