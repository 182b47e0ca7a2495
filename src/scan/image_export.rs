//! An image of the run as a file: scanners read the very image that was built, by its id, and not what its
//! tag means by then.

use crate::scan::container_engine::ContainerEngine;
use crate::scan::invocation::Invocation;
use crate::text::shared::Text;

/// An image of the run as a file. All scanners of the image read the same file.
#[derive(Clone, Debug)]
pub struct ImageExport {
    /// The name that its build gives it: `notes-backend:3f2a91c`.
    pub reference: String,
    /// Its other names. The file has none of them.
    pub names: Vec<Text>,
    /// The engine that has the image.
    pub engine: ContainerEngine,
    /// How the engine is started, without arguments.
    pub invocation: Invocation,
    /// The file, as written in arguments.
    pub file: String,
}
