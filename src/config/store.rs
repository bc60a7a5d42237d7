//! Edits of the configuration by the program: under a lock, on what is on disk now, atomic, with one backup, and only if the
//! result loads. It changes no more than it was asked to.

use super::edit::{BastionEdit, EditError, TunnelEdit};
use super::paths::Paths;
use crate::model::{Listen, Name};

/// The one writer of configuration files. Each call is an edit of its own (blocking: locks and disk).
#[derive(Debug, Clone)]
pub struct Store {
    paths: Paths,
}

macro_rules! soon {
    ($self:ident) => {{
        let _ = &$self.paths;
        Err(EditError::Invalid("under construction".to_owned()))
    }};
}

impl Store {
    /// A writer for these places; touches nothing yet.
    #[must_use]
    pub fn new(paths: &Paths) -> Self {
        Self { paths: paths.clone() }
    }

    /// Adds a bastion.
    pub fn add_bastion(&self, _name: &Name, _edit: &BastionEdit) -> Result<(), EditError> {
        soon!(self)
    }

    /// Changes a bastion.
    pub fn edit_bastion(&self, _name: &Name, _edit: &BastionEdit) -> Result<(), EditError> {
        soon!(self)
    }

    /// Renames a bastion, also where tunnels name it.
    pub fn rename_bastion(&self, _old: &Name, _new: &Name) -> Result<(), EditError> {
        soon!(self)
    }

    /// Removes a bastion that no tunnel goes through.
    pub fn remove_bastion(&self, _name: &Name) -> Result<(), EditError> {
        soon!(self)
    }

    /// Adds a tunnel.
    pub fn add_tunnel(&self, _name: &Name, _edit: &TunnelEdit) -> Result<(), EditError> {
        soon!(self)
    }

    /// Changes a tunnel.
    pub fn edit_tunnel(&self, _name: &Name, _edit: &TunnelEdit) -> Result<(), EditError> {
        soon!(self)
    }

    /// Renames a tunnel.
    pub fn rename_tunnel(&self, _old: &Name, _new: &Name) -> Result<(), EditError> {
        soon!(self)
    }

    /// Removes a tunnel.
    pub fn remove_tunnel(&self, _name: &Name) -> Result<(), EditError> {
        soon!(self)
    }

    /// Where a tunnel listens; where nothing is configured, a free port from 15000 to 29999 is chosen and written.
    pub fn assign_port(&self, _name: &Name) -> Result<Listen, EditError> {
        soon!(self)
    }
}
