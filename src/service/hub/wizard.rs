//! What the wizard asks for: drafts kept and finished, keys made for them, a host key pinned with a person's consent, a local
//! port looked at. It asks no question by itself.

use tokio::sync::oneshot;

use super::Hub;
use crate::config::{BastionEdit, EditError, Store, TunnelEdit};
use crate::diagnose::{Holding, holding};
use crate::model::{Access, ChosenBastion, Draft, Endpoint, Hop, Identity, Listen, Name, Page, Subject};
use crate::service::examine;
use crate::service::protocol::Reply;
use crate::service::settings::Look;
use crate::ssh::{self, Judgement, KeyError, Keystore, World};

/// Why something was not done: an exit code and a sentence.
pub(super) type Refused = (u8, String);

fn failed(error: impl std::fmt::Display) -> Refused {
    (1, error.to_string())
}

impl Hub {
    /// Keeps a draft, and makes the key that it asks for once its own name is settled, for the key is named after it. The reply
    /// comes when the key is there.
    pub(super) async fn save_draft(&mut self, draft: Draft, was: Option<&Name>, to: oneshot::Sender<Reply>) {
        if let Err((code, message)) = self.keep(&draft, was).await {
            return self.reply(to, Reply::Refused { code, message });
        }
        let Access::NewKey { name, kind } = draft.access else { return self.reply(to, Reply::Done) };
        if draft.page < Page::HandOff {
            return self.reply(to, Reply::Done);
        }
        let (keys, late) = (Keystore::new(self.paths.keys.clone()), self.closed.0.clone());
        tokio::spawn(async move {
            // An RSA key takes its seconds.
            let made = tokio::task::spawn_blocking(move || keys.make(&name, kind, None, None)).await;
            let reply = match made {
                // Going back and forth in the wizard comes by here again.
                Ok(Ok(_) | Err(KeyError::Exists { .. })) => Reply::Done,
                Ok(Err(error)) => Reply::Refused { code: 1, message: error.to_string() },
                Err(_) => Reply::Refused { code: 1, message: "making the key failed; the log says why".to_owned() },
            };
            // The hub is gone, and the person with it.
            let _ = late.send((to, reply)).await;
        });
    }

    async fn keep(&mut self, draft: &Draft, was: Option<&Name>) -> Result<(), Refused> {
        self.look(Look::Certain).await;
        let settings = self.in_force.settings();
        if settings.tunnels.contains_key(&draft.name) {
            return Err((2, format!("there is a tunnel {} already; choose another name", draft.name)));
        }
        match &draft.bastion {
            ChosenBastion::New { name, .. } if settings.bastions.contains_key(name) => {
                return Err((2, format!("there is a bastion {name} already; choose it, or another name")));
            }
            ChosenBastion::Known(name) if !settings.bastions.contains_key(name) => {
                return Err((3, format!("there is no bastion {name} any more; choose another one")));
            }
            ChosenBastion::New { .. } | ChosenBastion::Known(_) | ChosenBastion::Open => {}
        }
        let other = was.is_none_or(|was| *was != draft.name) && self.drafts.find(&draft.name).is_some();
        if other && was.is_some() {
            return Err((2, format!("there is a draft {} already; choose another name", draft.name)));
        }
        if let Access::NewKey { name, .. } = &draft.access
            && draft.page >= Page::HandOff
            && !self.drafts.find(was.unwrap_or(&draft.name)).is_some_and(|before| before.has_key(name))
            && Keystore::new(self.paths.keys.clone()).path(name).exists()
        {
            return Err((2, format!("there is a key {name} already, of something else; choose it, or another name")));
        }
        self.dirty = true;
        self.drafts.save(draft.clone(), was).map_err(failed)
    }

    /// Forgets a draft. A key that was made for it stays: it may have been handed to the admin.
    pub(super) fn drop_draft(&mut self, name: &Name) -> Result<(), Refused> {
        if self.drafts.find(name).is_none() {
            return Err((3, format!("there is no draft {name}")));
        }
        self.dirty = true;
        self.drafts.remove(name).map_err(failed)?;
        self.note("draft", &format!("the draft {name} was dropped"));
        Ok(())
    }

    /// Writes a draft into the configuration and forgets it.
    pub(super) async fn finish_draft(&mut self, name: &Name) -> Result<(), Refused> {
        let draft = self.drafts.find(name).cloned().ok_or_else(|| (3, format!("there is no draft {name}")))?;
        if let Some(page) = draft.open_questions().first() {
            return Err((
                2,
                format!("the draft {name} is not whole yet: the page {page:?} is not answered").to_lowercase(),
            ));
        }
        let store = Store::new(&self.paths).as_one(format!("added {name}"));
        let written = tokio::task::spawn_blocking(move || write(&store, &draft)).await;
        written
            .map_err(|_| (1, "writing failed; the log says why".to_owned()))?
            .map_err(|error| (2, error.to_string()))?;
        self.dirty = true;
        // What is in the configuration must not come back as a draft; a file that stays is told.
        let removed = self.drafts.remove(name);
        self.note("draft", &format!("the tunnel {name} was set up"));
        self.look(Look::Certain).await;
        removed.map_err(failed)
    }

    /// Changes a tunnel; one that runs under another name from then on is brought up again under it.
    pub(super) async fn edit_tunnel(&mut self, name: &Name, draft: Draft, to: oneshot::Sender<Reply>) {
        let (old, new) = (name.clone(), draft.name.clone());
        let words = if old == new { format!("changed {old}") } else { format!("changed {old}, now {new}") };
        let store = Store::new(&self.paths).as_one(words);
        let runs = self.runs(name);
        let written = tokio::task::spawn_blocking(move || rewrite(&store, &old, &draft)).await;
        let done = match written {
            Ok(written) => written.map_err(|error| (2, error.to_string())),
            Err(_) => Err((1, "writing failed; the log says why".to_owned())),
        };
        if let Err((code, message)) = done {
            return self.reply(to, Reply::Refused { code, message });
        }
        self.dirty = true;
        self.note_of(Some(&new), "edited", &format!("the tunnel {new} was changed"));
        self.look(Look::Certain).await;
        if runs && new != *name {
            self.open_as(&new).await;
        }
        self.reply(to, Reply::Done);
    }

    /// Changes a bastion; its tunnels follow.
    pub(super) async fn edit_bastion(&mut self, name: &Name, draft: Draft) -> Result<(), Refused> {
        let ChosenBastion::New { name: new, endpoint, user } = &draft.bastion else {
            return Err((2, format!("the bastion {name} needs a host and an account")));
        };
        let mut edit = BastionEdit {
            host: Some(endpoint.host.to_string()),
            port: Some(endpoint.port.get()),
            user: Some(user.clone()),
            ..BastionEdit::default()
        };
        (edit.key, edit.identity_file, edit.agent) = split(draft.identity());
        let (old, new) = (name.clone(), new.clone());
        let words = if old == new {
            format!("changed the bastion {old}")
        } else {
            format!("changed the bastion {old}, now {new}")
        };
        let store = Store::new(&self.paths).as_one(words);
        let to = new.clone();
        let written = tokio::task::spawn_blocking(move || {
            if to != old {
                store.rename_bastion(&old, &to)?;
            }
            store.edit_bastion(&to, &edit).inspect_err(|_| {
                if to != old {
                    // Renamed a moment ago; nobody has seen it.
                    let _ = store.rename_bastion(&to, &old);
                }
            })
        });
        written
            .await
            .map_err(|_| (1, "writing failed; the log says why".to_owned()))?
            .map_err(|error| (2, error.to_string()))?;
        self.dirty = true;
        self.note("edited", &format!("the bastion {new} was changed"));
        if new != *name {
            self.lead_drafts(name, &new);
        }
        // What was refused before may be let in now.
        self.pool.forgive();
        self.look(Look::Certain).await;
        self.read_lists().await;
        Ok(())
    }

    /// Removes a tunnel or a bastion. What runs is closed when the configuration no longer has it.
    pub(super) async fn remove(&mut self, subject: &Subject) -> Result<(), Refused> {
        let (store, named) = (Store::new(&self.paths), subject.clone());
        let removed = tokio::task::spawn_blocking(move || match &named {
            Subject::Tunnel(name) => store.remove_tunnel(name),
            Subject::Bastion(name) => store.remove_bastion(name),
            Subject::Draft(name) => Err(EditError::Invalid(format!("{name} is a draft"))),
        });
        removed
            .await
            .map_err(|_| (1, "writing failed; the log says why".to_owned()))?
            .map_err(|error| (2, error.to_string()))?;
        self.dirty = true;
        let words = match subject {
            Subject::Tunnel(name) | Subject::Draft(name) => format!("the tunnel {name} was removed"),
            Subject::Bastion(name) => format!("the bastion {name} was removed"),
        };
        self.note("removed", &words);
        self.look(Look::Certain).await;
        self.read_lists().await;
        Ok(())
    }

    /// Pins the host key with this fingerprint, if the bastion shows it and nothing speaks against it.
    pub(super) fn trust_host(&mut self, subject: &Subject, fingerprint: String, to: oneshot::Sender<Reply>) {
        let Some(hop) = self.hop_of(subject) else {
            let message = format!("nothing is known of {subject}");
            return self.reply(to, Reply::Refused { code: 3, message });
        };
        let world = World::new(&self.paths.keys, &self.paths.known_hosts, self.paths.user_home.as_deref());
        let late = self.closed.0.clone();
        tokio::spawn(async move {
            let reply = match pin(&hop, &world, &fingerprint).await {
                Ok(()) => Reply::Done,
                Err((code, message)) => Reply::Refused { code, message },
            };
            // The hub is gone; the key is pinned all the same.
            let _ = late.send((to, reply)).await;
        });
    }

    fn hop_of(&self, subject: &Subject) -> Option<Hop> {
        let settings = self.in_force.settings();
        let plan = match subject {
            Subject::Draft(name) => examine::draft_plan(settings, &self.paths, self.drafts.find(name)?, None),
            Subject::Tunnel(_) | Subject::Bastion(_) => examine::plan(settings, &self.paths, subject, None, None),
        };
        Some(plan?.route.last)
    }

    /// Whether a tunnel could listen there, in words where it could not.
    pub(super) fn check_listen(&self, listen: &Listen, but: Option<&Name>) -> Option<String> {
        let settings = self.in_force.settings();
        let other = settings
            .tunnels
            .values()
            .find(|tunnel| tunnel.listen.as_ref() == Some(listen) && but.is_none_or(|but| tunnel.name != *but));
        if let Some(other) = other {
            return Some(format!("{listen} belongs to {}", other.name));
        }
        match holding(Some(listen), false) {
            Holding::Free | Holding::Ours | Holding::Unchosen => None,
            Holding::Taken { holder, free } => {
                let who =
                    holder.map_or_else(|| "another process".to_owned(), |(pid, program)| format!("{program} ({pid})"));
                let instead = free.map(|free| format!("; {free} is free")).unwrap_or_default();
                Some(format!("{listen} is held by {who}{instead}"))
            }
            Holding::Forbidden => Some(format!("this user may not listen on {listen}")),
            Holding::NotLocal => Some(format!("{listen} is not an address of this machine")),
            Holding::Failed { why } => Some(format!("cannot listen on {listen}: {why}")),
        }
    }
}

async fn pin(hop: &Hop, world: &World, fingerprint: &str) -> Result<(), Refused> {
    let keys = ssh::survey(hop, world).await.map_err(failed)?;
    let endpoint: &Endpoint = &hop.endpoint;
    if keys.iter().any(|key| matches!(key.judgement, Judgement::Changed { .. } | Judgement::Revoked { .. })) {
        return Err((1, format!("{endpoint} is known under another key; nothing is pinned")));
    }
    let Some(key) = keys.iter().find(|key| key.fingerprint == fingerprint) else {
        return Err((1, format!("{endpoint} shows no key with the fingerprint {fingerprint}; nothing is pinned")));
    };
    ssh::pin_shown(world, endpoint, &[key]).map_err(failed)
}

/// Adds the bastion where it is new; says which.
fn add_bastion(store: &Store, draft: &Draft) -> Result<Option<Name>, EditError> {
    let Some(bastion) = draft.new_bastion() else { return Ok(None) };
    let mut edit = BastionEdit {
        host: Some(bastion.endpoint.host.to_string()),
        port: Some(bastion.endpoint.port.get()),
        user: Some(bastion.user.clone()),
        ..BastionEdit::default()
    };
    (edit.key, edit.identity_file, edit.agent) = split(draft.identity());
    store.add_bastion(&bastion.name, &edit)?;
    Ok(Some(bastion.name))
}

/// Adds the bastion where it is new, then the tunnel; takes the bastion back where the tunnel cannot be added.
fn write(store: &Store, draft: &Draft) -> Result<(), EditError> {
    let added = add_bastion(store, draft)?;
    let Some(tunnel) = draft.tunnel() else { return Ok(()) };
    let mut edit = TunnelEdit {
        bastion: Some(tunnel.bastion.clone()),
        database: Some(tunnel.database.kind),
        host: Some(tunnel.database.host.to_string()),
        port: Some(tunnel.database.port.get()),
        listen: tunnel.listen.as_ref().map(ToString::to_string),
        user: tunnel.user.clone(),
        dbname: tunnel.dbname.clone(),
        autostart: tunnel.autostart.then_some(true),
        tags: tunnel.tags.clone(),
        ..TunnelEdit::default()
    };
    (edit.key, edit.identity_file, edit.agent) = split(tunnel.identity.clone());
    store.add_tunnel(&tunnel.name, &edit).inspect_err(|_| {
        // Added a moment ago; nothing can use it yet.
        let _ = added.as_ref().map(|name| store.remove_bastion(name));
    })
}

/// Changes a tunnel, and its name; takes the name back where the rest cannot be changed.
fn rewrite(store: &Store, name: &Name, draft: &Draft) -> Result<(), EditError> {
    let Some(database) = &draft.database else {
        return Err(EditError::Invalid(format!("the tunnel {name} needs a database")));
    };
    let mut optional = vec!["listen", "user", "dbname", "autostart", "tags"];
    // A new bastion takes the login itself, and so does one whose login is good enough.
    let new = draft.new_bastion();
    let login = if new.is_some() { None } else { draft.identity() };
    if new.is_some() || draft.access == Access::Bastions {
        optional.extend(["key", "identity_file", "agent"]);
    }
    let mut edit = TunnelEdit {
        bastion: draft.bastion_name().cloned(),
        database: Some(database.kind),
        host: Some(database.host.to_string()),
        port: Some(database.port.get()),
        listen: draft.listen.as_ref().map(ToString::to_string),
        user: draft.user.clone(),
        dbname: draft.dbname.clone(),
        autostart: draft.autostart.then_some(true),
        tags: draft.tags.clone(),
        unset: optional.into_iter().map(str::to_owned).collect(),
        ..TunnelEdit::default()
    };
    (edit.key, edit.identity_file, edit.agent) = split(login);
    let added = add_bastion(store, draft)?;
    if draft.name != *name {
        store.rename_tunnel(name, &draft.name).inspect_err(|_| {
            let _ = added.as_ref().map(|name| store.remove_bastion(name));
        })?;
    }
    store.edit_tunnel(&draft.name, &edit).inspect_err(|_| {
        if draft.name != *name {
            // Renamed a moment ago; nobody has seen it.
            let _ = store.rename_tunnel(&draft.name, name);
        }
        let _ = added.as_ref().map(|name| store.remove_bastion(name));
    })
}

type Forms = (Option<Name>, Option<std::path::PathBuf>, Option<crate::model::AgentSocket>);

fn split(identity: Option<Identity>) -> Forms {
    match identity {
        None => (None, None, None),
        Some(Identity::Key(name)) => (Some(name), None, None),
        Some(Identity::File(path)) => (None, Some(path), None),
        Some(Identity::Agent(socket)) => (None, None, Some(socket)),
    }
}
