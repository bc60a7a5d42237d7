//! Where things live, and what the person configured: files ⇄ values. It dials nothing and draws nothing; names that
//! only a surface knows (themes, actions) are handed in.

mod change;
mod document;
mod edit;
mod fields;
mod file;
mod load;
mod mistake;
pub mod openssh;
mod paths;
mod resolve;
mod settings;
mod source;
mod store;

pub use edit::{BastionEdit, EditError, TunnelEdit};
pub use load::{Fingerprint, fingerprint, load, load_judged};
pub use mistake::{ConfigError, Mistake, Mistakes, nearest};
pub use paths::{Paths, PathsError};
pub use resolve::Surface;
pub use settings::Settings;
pub use store::{Store, Undone};

#[cfg(test)]
mod tests;
