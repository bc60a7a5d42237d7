//! What the system lets one process have. It only asks for what is on offer.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Lets this process open as many files as it may: each connection through a tunnel is one, and the customary 1024 is a guard
/// for programs that use select(2). Where the system refuses, things stay as they were.
pub fn allow_many_files() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // macOS offers "unlimited" and takes no more than OPEN_MAX (setrlimit(2)).
    let wanted = if cfg!(target_os = "macos") { Some(maximum.unwrap_or(u64::MAX).min(10_240)) } else { maximum };
    if current != wanted {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: wanted, maximum });
    }
}
