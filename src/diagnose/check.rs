//! The checks: evidence in, findings out. They ask nobody and read no clock.

pub mod speak;
