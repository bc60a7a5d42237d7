//! The small parts that screens are made of.

pub(crate) mod badge;
pub(crate) mod field;
pub(crate) mod form;
pub(crate) mod ladder;
pub(crate) mod list;
pub(crate) mod pane;
pub(crate) mod paste;
pub(crate) mod sheet;
pub(crate) mod spark;
pub(crate) mod text;
