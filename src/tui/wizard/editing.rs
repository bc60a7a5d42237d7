//! A tunnel or a bastion that is configured, on the pages of a new one: which pages it has, how they are filled, and what of them
//! was changed. What was not touched is left as it stands in the configuration.

use super::{Step, Wizard, access, bastion, database, local};
use crate::model::{Access, BastionStatus, ChosenBastion, Draft, Name, Snapshot, TunnelStatus};

/// What is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edited {
    pub(crate) name: Name,
    /// Where a tunnel listens now; a bastion listens nowhere.
    pub(crate) listen: Option<String>,
    /// What stood on the page of the login, by field.
    login: Vec<(&'static str, String)>,
}

impl Edited {
    pub(crate) fn is_bastion(&self) -> bool {
        self.listen.is_none()
    }

    /// The pages, in their order.
    pub(crate) fn steps(&self) -> &'static [Step] {
        if self.is_bastion() {
            &[Step::Bastion, Step::Access]
        } else {
            &[Step::Bastion, Step::Access, Step::Database, Step::Local]
        }
    }

    /// The last page: it changes what is changed.
    pub(crate) fn last(&self) -> Step {
        self.steps().last().copied().unwrap_or(Step::Local)
    }
}

fn typed(wizard: &Wizard) -> Vec<(&'static str, String)> {
    let of_login =
        wizard.access.values().filter(|(label, _)| [access::WITH, access::TYPE, access::FILE].contains(label));
    of_login.map(|(label, value)| (label, value.to_owned())).collect()
}

impl Wizard {
    /// The pages of a tunnel that is configured.
    pub(crate) fn editing(tunnel: &TunnelStatus, snapshot: &Snapshot) -> Self {
        let mut draft = Draft::new(tunnel.name.clone());
        draft.bastion = ChosenBastion::Known(tunnel.bastion.clone());
        draft.access = tunnel.identity.clone().map_or(Access::Bastions, Access::Identity);
        draft.database = Some(tunnel.database.clone());
        (draft.user, draft.dbname) = (tunnel.user.clone(), tunnel.dbname.clone());
        (draft.listen, draft.tags, draft.autostart) = (tunnel.listen.clone(), tunnel.tags.clone(), tunnel.autostart);
        let mut wizard = Self::new(snapshot);
        wizard.reached = Step::Local;
        bastion::fill(&mut wizard.bastion, &draft);
        database::fill(&mut wizard.database, &draft);
        database::mark(&mut wizard.database);
        local::fill(&mut wizard.local, &draft);
        let listen = Some(wizard.local.value(local::LISTEN).to_owned());
        wizard.edited = Some(Edited { name: tunnel.name.clone(), listen, login: Vec::new() });
        wizard.begin(&draft, snapshot);
        wizard
    }

    /// The pages of a bastion that is configured.
    pub(crate) fn editing_bastion(status: &BastionStatus, snapshot: &Snapshot) -> Self {
        let mut draft = Draft::new(status.name.clone());
        let (name, endpoint, user) = (status.name.clone(), status.endpoint.clone(), status.user.clone());
        draft.bastion = ChosenBastion::New { name, endpoint, user };
        draft.access = status.login.clone().map_or(Access::Open, Access::Identity);
        let mut wizard = Self::new(snapshot);
        wizard.reached = Step::Access;
        wizard.edited = Some(Edited { name: status.name.clone(), listen: None, login: Vec::new() });
        wizard.begin(&draft, snapshot);
        wizard
    }

    /// What can be chosen depends on the bastion, and on what the login shows now.
    fn begin(&mut self, draft: &Draft, snapshot: &Snapshot) {
        self.judge(snapshot);
        bastion::fill(&mut self.bastion, draft);
        self.judge(snapshot);
        access::fill(&mut self.access, draft);
        self.judge(snapshot);
        let login = typed(self);
        if let Some(edited) = &mut self.edited {
            edited.login = login;
        }
    }

    /// What is to be changed, as a draft: a login that was not touched is open in it.
    pub(crate) fn changes(&self, snapshot: &Snapshot) -> Option<Draft> {
        let edited = self.edited.as_ref()?;
        let mut draft = self.draft(snapshot, edited.last())?;
        if edited.is_bastion() {
            draft.name = edited.name.clone();
        } else {
            // Also one that other machines may use, where it stays as it was.
            draft.listen = self.local.value(local::LISTEN).parse().ok();
        }
        // The draft has no answer for the page that it ends on.
        let kind = access::new_key(&self.access).unwrap_or(crate::model::KeyType::Ed25519);
        draft.access = access::chosen(&self.access, &self.key_name(&draft.name, kind, snapshot));
        let new_bastion = !edited.is_bastion() && matches!(draft.bastion, ChosenBastion::New { .. });
        if typed(self) == edited.login && !new_bastion {
            draft.access = Access::Open;
        }
        draft.typed.clear();
        Some(draft)
    }
}
