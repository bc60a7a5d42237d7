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
    /// Another configuration is in force; with the tunnels that it no longer has.
    Changed { removed: Vec<Name>, first: bool },
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
                let removed: Vec<Name> = self
                    .settings
                    .tunnels
                    .keys()
                    .filter(|name| !settings.tunnels.contains_key(*name))
                    .cloned()
                    .collect();
                if look == Look::Doubtful && !removed.is_empty() && self.doubted.as_ref() != Some(&fingerprint) {
                    self.doubted = Some(fingerprint);
                    return News::None;
                }
                self.doubted = None;
                self.seen = Some(fingerprint);
                let first = !std::mem::replace(&mut self.loaded, true);
                let healed = self.error.take().is_some();
                if settings == self.settings && !first && !healed {
                    return News::None;
                }
                self.settings = settings;
                News::Changed { removed, first }
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
