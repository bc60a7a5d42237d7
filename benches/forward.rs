//! Product against `ssh -N -L`, measured in alternation.
fn main() {}
