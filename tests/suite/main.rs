//! The real binary against real servers.
fn main() {}
