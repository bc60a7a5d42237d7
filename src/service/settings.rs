//! The configuration in force: the last one that loaded. It notices changes on disk and turns tunnels into plans; what runs is
//! the engine's business.

use std::collections::BTreeMap;

use crate::config::{self, Fingerprint, Paths, Settings};
use crate::engine::Plan;
use crate::model::{Hop, Name, Route, Tunnel};

/// How a look at the files should take what it finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Someone says that it is as it should be.
    Certain,
    /// It may be half written: editors that write in place leave a short file for a moment.
    Doubtful,
}

/// What a look brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    /// What is in force stays.
    None,
    /// Another configuration is in force.
    Changed {
        /// Tunnels that it no longer has.
        removed: Vec<Name>,
        /// Tunnels that it has anew.
        added: Vec<Name>,
        /// The first one of this service that says anything.
        first: bool,
    },
    /// The files have mistakes; the last good configuration stays in force.
    Broken(String),
}

/// The configuration in force.
#[derive(Debug)]
pub(super) struct InForce {
    paths: Paths,
    settings: Settings,
    error: Option<String>,
    loaded: bool,
    seen: Option<Fingerprint>,
    /// Files that would take tunnels away, seen once.
    doubted: Option<Fingerprint>,
}

impl InForce {
    /// Nothing yet.
    pub(super) fn new(paths: &Paths) -> Self {
        Self {
            paths: paths.clone(),
            settings: Settings::default(),
            error: None,
            loaded: false,
            seen: None,
            doubted: None,
        }
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Why the files on disk are not in force.
    pub(super) fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// Looks at the files, and loads them if they differ from those seen last.
    pub(super) async fn look(&mut self, look: Look) -> News {
        let paths = self.paths.clone();
        let seen = self.seen.clone();
        let found = tokio::task::spawn_blocking(move || {
            // The fingerprint first: what changes after it is seen at the next look.
            let fingerprint = config::fingerprint(&paths);
            if seen.as_ref() == Some(&fingerprint) {
                return None;
            }
            let gone = !paths.config.exists();
            Some((fingerprint, gone, config::load(&paths)))
        });
        match found.await {
            Ok(Some((fingerprint, gone, loaded))) => {
                let loaded = loaded.map_err(|error| error.to_string());
                self.take(look, fingerprint, gone, loaded)
            }
            Ok(None) => News::None,
            // The task's panic is in the log; the next look tries again.
            Err(_) => News::None,
        }
    }

    fn take(&mut self, look: Look, fingerprint: Fingerprint, gone: bool, loaded: Result<Settings, String>) -> News {
        let loaded = loaded.and_then(|settings| {
            // Nothing that we write removes the file, so this is an accident, or an editor between two steps.
            if gone && settings.tunnels.len() < self.settings.tunnels.len() {
                return Err(format!("{} is gone; what it said stays in force", self.paths.config.display()));
            }
            Ok(settings)
        });
        match loaded {
            Ok(settings) => {
                let only = |one: &Settings, other: &Settings| -> Vec<Name> {
                    one.tunnels.keys().filter(|name| !other.tunnels.contains_key(*name)).cloned().collect()
                };
                let (removed, added) = (only(&self.settings, &settings), only(&settings, &self.settings));
                if look == Look::Doubtful && !removed.is_empty() && self.doubted.as_ref() != Some(&fingerprint) {
                    self.doubted = Some(fingerprint);
                    return News::None;
                }
                self.doubted = None;
                self.seen = Some(fingerprint);
                // A file that an editor has just emptied is not what this service is to start with.
                let says_something = gone || !settings.bastions.is_empty();
                let first = says_something && !std::mem::replace(&mut self.loaded, true);
                let healed = self.error.take().is_some();
                if settings == self.settings && !first && !healed {
                    return News::None;
                }
                self.settings = settings;
                News::Changed { removed, added, first }
            }
            Err(error) => {
                self.seen = Some(fingerprint);
                if self.error.as_ref() == Some(&error) {
                    return News::None;
                }
                self.error = Some(error.clone());
                News::Broken(error)
            }
        }
    }

    /// Plans of all tunnels that have a port.
    pub(super) fn plans(&self) -> BTreeMap<Name, Plan> {
        self.settings.tunnels.values().filter_map(|tunnel| Some((tunnel.name.clone(), self.plan(tunnel)?))).collect()
    }

    fn plan(&self, tunnel: &Tunnel) -> Option<Plan> {
        let bastion = self.settings.bastions.get(&tunnel.bastion)?;
        Some(Plan {
            tunnel: tunnel.clone(),
            listen: tunnel.listen.clone()?,
            route: Route::direct(Hop::through(bastion, tunnel.identity.as_ref())),
            sharing: bastion.sharing,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> (tempfile::TempDir, InForce, Settings) {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::from(&|_| None, crate::local::process::own_uid(), Some(home.path())).unwrap();
        let bastion = "[bastions.b]\nhost = \"h\"\nuser = \"u\"\nkey = \"k\"\n";
        std::fs::write(&paths.config, format!("{bastion}{text}")).unwrap();
        let loaded = config::load(&paths).unwrap();
        (home, InForce::new(&paths), loaded)
    }

    const ONE: &str = "[tunnels.orders]\nbastion = \"b\"\ndatabase = \"postgres\"\nhost = \"db\"\n";

    #[test]
    fn a_file_that_takes_tunnels_away_is_looked_at_twice() {
        let (_home, mut in_force, loaded) = settings(ONE);
        let look = Fingerprint::default;
        let first = in_force.take(Look::Doubtful, look(), false, Ok(loaded.clone()));
        let orders: Name = "orders".parse().unwrap();
        let appeared = News::Changed { removed: Vec::new(), added: vec![orders.clone()], first: true };
        assert_eq!(first, appeared);
        assert_eq!(in_force.take(Look::Doubtful, look(), false, Ok(Settings::default())), News::None);
        assert_eq!(in_force.settings().tunnels.len(), 1);
        let second = in_force.take(Look::Doubtful, look(), false, Ok(Settings::default()));
        let left = News::Changed { removed: vec![orders], added: Vec::new(), first: false };
        assert_eq!(second, left);
        in_force.take(Look::Certain, look(), false, Ok(loaded));
        let certain = in_force.take(Look::Certain, look(), false, Ok(Settings::default()));
        assert_eq!(certain, left);
    }

    #[test]
    fn an_emptied_file_is_not_the_first_configuration() {
        let (_home, mut in_force, loaded) = settings(ONE);
        in_force.take(Look::Doubtful, Fingerprint::default(), false, Ok(Settings::default()));
        let news = in_force.take(Look::Doubtful, Fingerprint::default(), false, Ok(loaded));
        assert!(matches!(news, News::Changed { first: true, .. }));
    }

    #[test]
    fn mistakes_and_missing_files_leave_what_is_in_force() {
        let (_home, mut in_force, loaded) = settings(ONE);
        in_force.take(Look::Certain, Fingerprint::default(), false, Ok(loaded.clone()));
        let broken = || Err("line 1: no".to_owned());
        let news = in_force.take(Look::Certain, Fingerprint::default(), false, broken());
        assert_eq!(news, News::Broken("line 1: no".to_owned()));
        assert_eq!(in_force.take(Look::Certain, Fingerprint::default(), false, broken()), News::None);
        let gone = in_force.take(Look::Certain, Fingerprint::default(), true, Ok(Settings::default()));
        assert!(matches!(gone, News::Broken(why) if why.contains("is gone")));
        assert_eq!(in_force.settings().tunnels.len(), 1);
        let healed = in_force.take(Look::Certain, Fingerprint::default(), false, Ok(loaded));
        assert_eq!(healed, News::Changed { removed: Vec::new(), added: Vec::new(), first: false });
        assert!(in_force.error().is_none());
    }

    #[test]
    fn only_tunnels_with_a_port_have_a_plan() {
        let (_home, mut in_force, loaded) = settings(&format!("{ONE}key = \"own\"\n"));
        in_force.take(Look::Certain, Fingerprint::default(), false, Ok(loaded));
        assert!(in_force.plans().is_empty());
        let (_home, mut in_force, loaded) = settings(&format!("{ONE}key = \"own\"\nlisten = \"15432\"\n"));
        in_force.take(Look::Certain, Fingerprint::default(), false, Ok(loaded));
        let plans = in_force.plans();
        assert_eq!(plans.values().map(|plan| plan.route.last.identity.to_string()).collect::<Vec<_>>(), ["key own"]);
    }
}
