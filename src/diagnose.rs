//! Climbs the ladder once and says which rung broke, why, who must act and what mends it. It keeps nothing up, writes nothing
//! anywhere, and asks nobody but the world: what the engine knows is handed in.

pub mod check;
mod explain;
pub mod speak;

pub use explain::{LONGEST as LONGEST_TEXT, Match, explain};
