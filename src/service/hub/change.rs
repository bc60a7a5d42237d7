//! Changes of the configuration by a word: another name, a second one like it, and back. What is asked a question a page is the
//! wizard's business.

use super::Hub;
use super::wizard::Refused;
use crate::config::{EditError, Store};
use crate::model::{Name, Phase, Subject};
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
        self.note("renamed", &format!("{} is called {to} from now on", subject.name()));
        self.look(Look::Certain).await;
        if runs {
            self.open_as(to).await;
        }
        self.read_lists().await;
        Ok(())
    }

    /// Adds a tunnel like another.
    pub(super) async fn copy_tunnel(&mut self, name: &Name, to: &Name) -> Result<(), Refused> {
        let (old, new) = (name.clone(), to.clone());
        self.store(move |store| store.copy_tunnel(&old, &new)).await?;
        self.note("added", &format!("the tunnel {to} was added, like {name}"));
        self.look(Look::Certain).await;
        self.read_lists().await;
        Ok(())
    }

    /// Undoes the last change, or does it again; says which it was, and whether it is done again.
    pub(super) async fn undo(&mut self) -> Result<(String, bool), Refused> {
        let undone = self.store(|store| store.undo()).await?;
        let what = if undone.again { "done again" } else { "undone" };
        self.note("undone", &format!("{what}: {}", undone.words));
        self.look(Look::Certain).await;
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

    /// The tunnel is up, or on its way.
    pub(super) fn runs(&self, name: &Name) -> bool {
        self.engine.statuses().iter().any(|s| s.tunnel.name == *name && s.tunnel.phase != Phase::Stopped)
    }

    /// Brings a tunnel up that ran under another name.
    pub(super) async fn open_as(&mut self, name: &Name) {
        self.open(std::slice::from_ref(name), true).await;
        self.want(std::slice::from_ref(name), &[]);
    }
}
