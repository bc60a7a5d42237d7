//! Climbs the ladder once and says which rung broke, why, who must act and what mends it. It keeps nothing up, writes nothing
//! anywhere, and asks nobody but the world: what the engine knows is handed in.

pub mod check;
mod explain;
mod live;
mod plan;
mod probe;
mod run;
pub mod speak;

pub use explain::{LONGEST as LONGEST_TEXT, Match, explain};
pub use live::{Live, Means, Passphrases, holding};
pub use plan::{Aim, Plan};
pub use probe::{
    Bound, Eyes, Greeted, Holding, Inside, Login, Look, Methods, Named, Offered, Opened, Probe, Reached, Seen, Trusted,
};
pub use run::run;
