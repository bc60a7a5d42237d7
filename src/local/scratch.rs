//! A private folder that goes when its owner goes. What is in it is the owner's business.

use std::io;
use std::path::Path;

/// A folder of mode 0700 under the system's place for temporary files, removed on drop.
#[derive(Debug)]
pub struct Scratch(tempfile::TempDir);

impl Scratch {
    /// Makes one.
    ///
    /// # Errors
    /// When there is no room or no right to.
    pub fn new() -> io::Result<Self> {
        use std::os::unix::fs::PermissionsExt;
        let private = std::fs::Permissions::from_mode(0o700);
        tempfile::Builder::new().prefix("adit-").permissions(private).tempdir().map(Self)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}
