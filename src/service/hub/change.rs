//! Changes of the configuration by a word: another name, a second one like it, and back. What is asked a question a page is the
//! wizard's business.

use std::collections::BTreeMap;

use super::Hub;
use super::wizard::Refused;
use crate::config::{EditError, Store};
use crate::model::{ChosenBastion, Draft, Name, Phase, Subject};
use crate::service::settings::Look;

impl Hub {
    /// Gives a tunnel or a bastion another name. A tunnel that runs is brought up again under it.
    pub(super) async fn rename(&mut self, subject: &Subject, to: &Name) -> Result<(), Refused> {
        let runs = matches!(subject, Subject::Tunnel(name) if self.runs(name));
        let (named, new) = (subject.clone(), to.clone());
        self.store(move |store| match &named {
            Subject::Tunnel(name) => store.rename_tunnel(name, &new),
            Subject::Bastion(name) => store.rename_bastion(name, &new),
            Subject::Draft(name) => Err(EditError::Invalid(format!("{name} is a draft; its own pages name it"))),
        })
        .await?;
        let tunnel = matches!(subject, Subject::Tunnel(_)).then_some(to);
        self.note_of(tunnel, "renamed", &format!("{} is called {to} from now on", subject.name()));
        self.look(Look::Certain).await;
        if runs {
            self.open_as(to).await;
        }
        if let Subject::Bastion(name) = subject {
            self.lead_drafts(name, to);
        }
        self.read_lists().await;
        Ok(())
    }

    /// Adds a tunnel like another.
    pub(super) async fn copy_tunnel(&mut self, name: &Name, to: &Name) -> Result<(), Refused> {
        let (old, new) = (name.clone(), to.clone());
        self.store(move |store| store.copy_tunnel(&old, &new)).await?;
        self.note_of(Some(to), "added", &format!("the tunnel {to} was added, like {name}"));
        self.look(Look::Certain).await;
        self.read_lists().await;
        Ok(())
    }

    /// Undoes the last change, or does it again; says which it was, and whether it is done again. What has another name after
    /// it is treated as where it is renamed.
    pub(super) async fn undo(&mut self) -> Result<(String, bool), Refused> {
        // What was edited by hand and not seen yet is none of it.
        self.look(Look::Certain).await;
        let before = self.in_force.settings().clone();
        let running: Vec<Name> = before.tunnels.keys().filter(|name| self.runs(name)).cloned().collect();
        let undone = self.store(|store| store.undo()).await?;
        let what = if undone.again { "done again" } else { "undone" };
        self.look(Look::Certain).await;
        let after = self.in_force.settings();
        let tunnel = renamed(&before.tunnels, &after.tunnels);
        let bastion = renamed(&before.bastions, &after.bastions);
        let touched = only_other(&before.tunnels, &after.tunnels);
        self.note_of(touched.as_ref(), "undone", &format!("{what}: {}", undone.words));
        if let Some((_, new)) = tunnel.filter(|(old, _)| running.contains(old)) {
            self.open_as(&new).await;
        }
        if let Some((old, new)) = bastion {
            self.lead_drafts(&old, &new);
        }
        self.read_lists().await;
        Ok((undone.words, undone.again))
    }

    /// Edits the files, on a thread that may block.
    async fn store<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&Store) -> Result<T, EditError> + Send + 'static,
    ) -> Result<T, Refused> {
        let store = Store::new(&self.paths);
        self.dirty = true;
        let done = tokio::task::spawn_blocking(move || work(&store)).await;
        let done = done.map_err(|_| (1, "writing failed; the log says why".to_owned()))?;
        done.map_err(|error| {
            let unknown = matches!(error, EditError::Unknown { .. } | EditError::UnknownBastion { .. });
            (if unknown { 3 } else { 2 }, error.to_string())
        })
    }

    /// Leads drafts that go through a bastion to the name that it has now.
    pub(super) fn lead_drafts(&mut self, old: &Name, new: &Name) {
        let through = |draft: &&Draft| draft.bastion == ChosenBastion::Known(old.clone());
        let drafts: Vec<Draft> = self.drafts.all().iter().filter(through).cloned().collect();
        for mut draft in drafts {
            draft.bastion = ChosenBastion::Known(new.clone());
            let name = draft.name.clone();
            if let Err(error) = self.drafts.save(draft, None) {
                self.note("draft", &format!("the draft {name} still names the bastion {old}, now {new}: {error}"));
            }
        }
    }

    /// The tunnel is up, or on its way there. One that closes was taken down.
    pub(super) fn runs(&self, name: &Name) -> bool {
        self.engine.statuses().iter().any(|s| s.tunnel.name == *name && is_on(s.tunnel.phase))
    }

    /// Brings a tunnel up that ran under another name.
    pub(super) async fn open_as(&mut self, name: &Name) {
        self.open(std::slice::from_ref(name), true).await;
        self.want(std::slice::from_ref(name), &[]);
    }
}

/// Somebody wants it up.
fn is_on(phase: Phase) -> bool {
    match phase {
        Phase::Connecting | Phase::Up | Phase::Waiting => true,
        Phase::Stopped | Phase::Closing => false,
    }
}

/// The one name that went and the one that came instead.
fn renamed<T>(before: &BTreeMap<Name, T>, after: &BTreeMap<Name, T>) -> Option<(Name, Name)> {
    let only = |these: &BTreeMap<Name, T>, others: &BTreeMap<Name, T>| {
        let mut names = these.keys().filter(|name| !others.contains_key(*name));
        names.next().filter(|_| names.next().is_none()).cloned()
    };
    Some((only(before, after)?, only(after, before)?))
}

/// The one tunnel of those that are there now which is other than before.
fn only_other<T: PartialEq>(before: &BTreeMap<Name, T>, after: &BTreeMap<Name, T>) -> Option<Name> {
    let mut others = after.iter().filter(|(name, it)| before.get(*name) != Some(*it));
    others.next().filter(|_| others.next().is_none()).map(|(name, _)| name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_closes_is_not_on() {
        assert!([Phase::Connecting, Phase::Up, Phase::Waiting].into_iter().all(is_on));
        assert!(![Phase::Stopped, Phase::Closing].into_iter().any(is_on));
    }

    #[test]
    fn one_name_for_another_is_a_renaming_and_nothing_else_is() {
        let names = |words: &str| -> BTreeMap<Name, ()> {
            words.split_whitespace().map(|word| (word.parse().unwrap(), ())).collect()
        };
        let told = |before: &str, after: &str| renamed(&names(before), &names(after));
        assert_eq!(told("a b", "a c"), Some(("b".parse().unwrap(), "c".parse().unwrap())));
        for (before, after) in [("a b", "a b"), ("a b", "a"), ("a", "a b"), ("a b", "c d"), ("a b c", "a d")] {
            assert_eq!(told(before, after), None, "{before} -> {after}");
        }
    }
}
