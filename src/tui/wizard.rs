//! The wizard: a page a question, from the bastion to the connection string. This is its state, and each page as lines; what keys
//! do to it is `update`'s, where the lines stand is the screen's. It touches no file: drafts, keys and ports are the service's.

pub(crate) mod access;
pub(crate) mod bastion;
pub(crate) mod climb;
pub(crate) mod database;
pub(crate) mod done;
mod editing;
pub(crate) mod handoff;
pub(crate) mod local;

pub(crate) use editing::Edited;

use std::collections::VecDeque;

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::model::{Access, Draft, KeyType, Name, Page, Snapshot, Subject};
use crate::tui::input::Input;
use crate::tui::keys::bring;
use crate::tui::theme::Role;
use crate::tui::widget::form::{Form, Shown};
use crate::tui::widget::pane::Ink;
use crate::tui::widget::sheet::{ROOMY, Sheet, WIDEST, inner};
use crate::tui::widget::text;

/// A draft whose tunnel has no name yet.
const UNNAMED: &str = "unnamed";

/// The pages, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Bastion,
    Access,
    Database,
    Local,
    HandOff,
    Climb,
    Done,
}

impl Step {
    pub(crate) const ALL: [Self; 7] =
        [Self::Bastion, Self::Access, Self::Database, Self::Local, Self::HandOff, Self::Climb, Self::Done];

    /// A word for the row of pages.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Bastion => "bastion",
            Self::Access => "access",
            Self::Database => "database",
            Self::Local => "local",
            Self::HandOff => "hand-off",
            Self::Climb => "climb",
            Self::Done => "done",
        }
    }

    /// What it asks, and a line of help.
    pub(crate) fn question(self) -> (&'static str, &'static str) {
        match self {
            Self::Bastion => (
                "Through which server does the way lead?",
                "An SSH server, often called a bastion, that this machine reaches and that reaches the database.",
            ),
            Self::Access => (
                "What shall the login show?",
                "Its admin gets the public half on a later page; the private half never leaves this machine.",
            ),
            Self::Database => (
                "Which database, as the bastion sees it?",
                "Not as this machine sees it: the address that somebody logged in on the bastion would use.",
            ),
            Self::Local => (
                "How do you want to reach it here?",
                "Programs on this machine connect to the local port as if the database stood there.",
            ),
            Self::HandOff => (
                "Now the bastion's admin must let the key in.",
                "Send them this and go on when they say it is done: today, or another day. The draft waits.",
            ),
            Self::Climb => ("Does it hold?", "Every step of the way is tried once, from here to the database."),
            Self::Done => ("The tunnel is set up.", "Connect with any of these; they work while the tunnel is up."),
        }
    }

    pub(crate) fn page(self) -> Page {
        match self {
            Self::Bastion => Page::Bastion,
            Self::Access => Page::Access,
            Self::Database => Page::Database,
            Self::Local => Page::Local,
            Self::HandOff => Page::HandOff,
            Self::Climb | Self::Done => Page::Climb,
        }
    }

    pub(crate) fn of(page: Page) -> Self {
        match page {
            Page::Bastion => Self::Bastion,
            Page::Access => Self::Access,
            Page::Database => Self::Database,
            Page::Local => Self::Local,
            Page::HandOff => Self::HandOff,
            Page::Climb => Self::Climb,
        }
    }

    pub(crate) fn next(self) -> Self {
        let here = Self::ALL.iter().position(|step| *step == self).unwrap_or(0);
        Self::ALL.get(here + 1).copied().unwrap_or(self)
    }

    pub(crate) fn before(self) -> Option<Self> {
        let here = Self::ALL.iter().position(|step| *step == self)?;
        Self::ALL.get(here.checked_sub(1)?).copied()
    }
}

/// What a draft waits for, in a word or two.
pub(crate) fn waits_for(draft: &Draft) -> (&'static str, &'static str) {
    match draft.page {
        Page::HandOff | Page::Climb => ("waiting for admin", Step::of(draft.page).word()),
        page => ("draft", Step::of(page).word()),
    }
}

/// What the service was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wish {
    /// The draft kept, and then this.
    Save(After, Option<(Name, KeyType)>),
    /// What others must do.
    HandOff,
    /// A key looked at that is to be brought.
    LookKey,
    /// A key brought under this name.
    Import(Name),
    /// A key made for what is changed.
    Make(Name, KeyType),
    /// The local port looked at.
    Look(String),
    /// The host key pinned.
    Trust,
    /// The ladder climbed.
    Climb,
    /// The draft made a tunnel.
    Finish(Name),
    /// The tunnel brought up.
    Up,
    /// A tunnel changed; it is called this then.
    Change(Name),
}

/// What follows when the draft is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    Nothing,
    Show(Step),
    Quit,
}

/// The wizard as far as a person has come.
#[derive(Debug, Clone)]
pub(crate) struct Wizard {
    pub(crate) step: Step,
    /// The farthest page that was seen.
    pub(crate) reached: Step,
    /// The name under which the service keeps the draft.
    pub(crate) kept: Option<Name>,
    /// The name before, while a save is under way.
    pub(crate) was: Option<Name>,
    /// The key that was made for it.
    pub(crate) made: Option<(Name, KeyType)>,
    pub(crate) bastion: Form,
    pub(crate) access: Form,
    pub(crate) database: Form,
    pub(crate) local: Form,
    pub(crate) looked: local::Looked,
    /// What is known of a key that is to be brought.
    pub(crate) brought: bring::Looked,
    pub(crate) consent: climb::Consent,
    /// Requests without an answer, by number.
    pub(crate) asked: Vec<(u64, Wish)>,
    /// What was pressed while a page was being kept; it counts on the next one. Bounded.
    pub(crate) queued: VecDeque<Input>,
    /// What the service refused.
    pub(crate) refused: Option<String>,
    /// What others must do, as the service tells it.
    pub(crate) packet: Option<String>,
    /// What should be known of the last key or paste.
    pub(crate) remark: Option<String>,
    /// Something was typed that the service does not keep yet.
    pub(crate) unsaved: bool,
    /// The first line that shows, on pages that are read.
    pub(crate) first: usize,
    /// The tunnel that it became.
    pub(crate) tunnel: Option<Name>,
    /// The tunnel or the bastion that is changed instead of making one.
    pub(crate) edited: Option<Edited>,
}

impl Wizard {
    pub(crate) fn new(snapshot: &Snapshot) -> Self {
        let mut wizard = Self {
            step: Step::Bastion,
            reached: Step::Bastion,
            kept: None,
            was: None,
            made: None,
            bastion: bastion::form(),
            access: access::form(),
            database: database::form(),
            local: local::form(),
            looked: local::Looked::default(),
            brought: bring::Looked::default(),
            consent: climb::Consent::default(),
            asked: Vec::new(),
            queued: VecDeque::new(),
            refused: None,
            packet: None,
            remark: None,
            unsaved: false,
            first: 0,
            tunnel: None,
            edited: None,
        };
        wizard.judge(snapshot);
        wizard
    }

    /// As a draft was left.
    pub(crate) fn of(draft: &Draft, snapshot: &Snapshot) -> Self {
        let mut wizard = Self::new(snapshot);
        wizard.kept = Some(draft.name.clone());
        wizard.step = Step::of(draft.page);
        wizard.reached = wizard.step;
        bastion::offer(&mut wizard.bastion, snapshot);
        bastion::fill(&mut wizard.bastion, draft);
        database::fill(&mut wizard.database, draft);
        if wizard.reached >= Step::Local && !draft.name.as_str().starts_with(UNNAMED) {
            local::fill(&mut wizard.local, draft);
        }
        wizard.retype(draft);
        // What can be chosen depends on the bastion.
        bastion::offer(&mut wizard.bastion, snapshot);
        access::offer(&mut wizard.access, snapshot, &bastion::chosen(&wizard.bastion));
        access::fill(&mut wizard.access, draft);
        wizard.retype(draft);
        database::mark(&mut wizard.database);
        if let (Access::NewKey { name, kind }, true) = (&draft.access, draft.page >= Page::HandOff) {
            wizard.made = Some((name.clone(), *kind));
        }
        wizard.judge(snapshot);
        wizard
    }

    /// The name that is not taken by something else: the draft's, or that of the tunnel that is changed.
    pub(crate) fn own(&self) -> Option<&Name> {
        self.edited.as_ref().map(|edited| &edited.name).or(self.kept.as_ref())
    }

    fn forms(&self) -> [&Form; 4] {
        [&self.bastion, &self.access, &self.database, &self.local]
    }

    /// Puts what was typed back into its fields.
    fn retype(&mut self, draft: &Draft) {
        for form in [&mut self.bastion, &mut self.access, &mut self.database, &mut self.local] {
            for item in &mut form.items {
                if let Some(value) = draft.typed.get(item.label) {
                    item.set(value);
                    item.touched = !item.value().is_empty();
                }
            }
        }
    }

    /// The form on the page, if it is one.
    pub(crate) fn form(&self) -> Option<&Form> {
        self.form_of(self.step)
    }

    /// The form of a page, if it has one.
    pub(crate) fn form_of(&self, step: Step) -> Option<&Form> {
        match step {
            Step::Bastion => Some(&self.bastion),
            Step::Access => Some(&self.access),
            Step::Database => Some(&self.database),
            Step::Local => Some(&self.local),
            Step::HandOff | Step::Climb | Step::Done => None,
        }
    }

    pub(crate) fn form_mut(&mut self) -> Option<&mut Form> {
        match self.step {
            Step::Bastion => Some(&mut self.bastion),
            Step::Access => Some(&mut self.access),
            Step::Database => Some(&mut self.database),
            Step::Local => Some(&mut self.local),
            Step::HandOff | Step::Climb | Step::Done => None,
        }
    }

    /// Offers what there is now, and says what is wrong.
    pub(crate) fn judge(&mut self, snapshot: &Snapshot) {
        let own = self.edited.as_ref().filter(|edited| edited.is_bastion()).map(|edited| edited.name.clone());
        bastion::offer(&mut self.bastion, snapshot);
        if own.is_some() {
            bastion::alone(&mut self.bastion);
        }
        bastion::judge(&mut self.bastion, snapshot, own.as_ref());
        access::offer(&mut self.access, snapshot, &bastion::chosen(&self.bastion));
        access::judge(&mut self.access, snapshot, &self.brought);
        database::judge(&mut self.database);
        let own = self.own().cloned();
        local::judge(&mut self.local, snapshot, own.as_ref(), &self.looked);
        if let Some(listen) = self.edited.as_ref().and_then(|edited| edited.listen.as_ref())
            && let Some(item) = self.local.item_mut(local::LISTEN).filter(|item| item.value() == listen)
        {
            // As it is now it may stay.
            item.problem = None;
        }
    }

    /// The name that the draft is to have.
    fn name(&self, snapshot: &Snapshot) -> Option<Name> {
        let typed = local::chosen(&self.local).0.filter(|_| self.reached >= Step::Local);
        let wrong = self.local.item(local::NAME).is_none_or(|item| item.problem.is_some());
        let free = |name: &Name| {
            snapshot.drafts.iter().all(|draft| draft.name != *name)
                && snapshot.tunnels.iter().all(|tunnel| tunnel.name != *name)
        };
        typed.filter(|_| !wrong).or_else(|| self.kept.clone()).or_else(|| bastion::numbered(UNNAMED, free))
    }

    /// The name of the key that is to be made: the one that was, else the tunnel's own where it is free.
    pub(super) fn key_name(&self, tunnel: &Name, kind: KeyType, snapshot: &Snapshot) -> Name {
        if let Some((name, made)) = &self.made
            && *made == kind
        {
            return name.clone();
        }
        let promised = |name: &Name| {
            snapshot.drafts.iter().any(|draft| {
                self.kept.as_ref() != Some(&draft.name)
                    && matches!(&draft.access, Access::NewKey { name: other, .. } if other == name)
            })
        };
        let free = |name: &Name| snapshot.keys.iter().all(|key| key.name != *name) && !promised(name);
        bastion::numbered(tunnel.as_str(), free).unwrap_or_else(|| tunnel.clone())
    }

    /// The draft as far as it is answered, to be resumed on this page.
    pub(crate) fn draft(&self, snapshot: &Snapshot, page: Step) -> Option<Draft> {
        let mut draft = Draft::new(self.name(snapshot)?);
        let reached = self.reached.max(page);
        draft.page = page.max(self.reached).page();
        if self.bastion.is_whole() {
            draft.bastion = bastion::chosen(&self.bastion);
        }
        if reached > Step::Access && self.access.is_whole() {
            let kind = access::new_key(&self.access).unwrap_or(KeyType::Ed25519);
            draft.access = access::chosen(&self.access, &self.key_name(&draft.name, kind, snapshot));
        }
        if self.database.is_whole() {
            draft.database = database::chosen(&self.database);
        }
        (draft.user, draft.dbname) = database::words(&self.database);
        if self.local.is_whole() {
            (_, draft.listen, draft.tags, draft.autostart) = local::chosen(&self.local);
        }
        let values = self.forms().into_iter().flat_map(Form::values);
        draft.typed = values.map(|(label, value)| (label.to_owned(), value.to_owned())).collect();
        Some(draft)
    }

    /// What the climb is about.
    pub(crate) fn subject(&self) -> Option<Subject> {
        self.kept.clone().map(Subject::Draft)
    }

    pub(crate) fn is_waiting(&self) -> bool {
        self.asked.iter().any(|(_, wish)| {
            matches!(
                wish,
                Wish::Save(After::Show(_) | After::Quit, _)
                    | Wish::Trust
                    | Wish::Finish(_)
                    | Wish::Change(_)
                    | Wish::Import(_)
                    | Wish::Make(..)
            )
        })
    }
}

/// What a page is drawn from.
#[derive(Clone, Copy)]
pub(crate) struct Sight<'a> {
    pub(crate) ink: Ink<'a>,
    pub(crate) snapshot: &'a Snapshot,
    /// The service is gone.
    pub(crate) gone: bool,
}

/// Lays out the page.
pub(crate) fn sheet(sight: Sight<'_>, wizard: &Wizard, area: Rect) -> Sheet {
    let inner = inner(area);
    let (width, height) = (usize::from(inner.width).min(WIDEST), usize::from(inner.height));
    let roomy = height >= ROOMY;
    let theme = sight.ink.theme;
    let mut head = Vec::new();
    let (question, help) = wizard.step.question();
    if height >= 9 {
        head.push(way(sight.ink, wizard, width));
        if roomy {
            head.push(Line::default());
        }
    }
    head.extend(
        text::wrap(question, width).into_iter().take(2).map(|line| Line::styled(line, theme.style(Role::Title))),
    );
    if height >= 12 {
        head.extend(text::wrap(help, width).into_iter().map(|line| Line::styled(line, theme.style(Role::Muted))));
    }
    let gone = sight.gone.then(|| {
        "the service is gone: what is typed from now on is not kept; leave with ctrl-c and start adit again".to_owned()
    });
    for (words, role) in
        [(gone, Role::Failed), (wizard.refused.clone(), Role::InputError), (wizard.remark.clone(), Role::Unproven)]
    {
        let lines = text::wrap(&words.unwrap_or_default(), width);
        head.extend(lines.into_iter().map(|line| Line::styled(line, theme.style(role))));
    }
    if roomy {
        head.push(Line::default());
    }
    let rows: Vec<Shown> = match (wizard.form(), wizard.step) {
        (Some(form), _) => form.rows(sight.ink, width, roomy),
        (None, Step::HandOff) => handoff::lines(sight, wizard, width).into_iter().map(Shown::words).collect(),
        (None, Step::Done) => done::lines(sight, wizard, width).into_iter().map(Shown::words).collect(),
        (None, _) => Vec::new(),
    };
    let height = height.saturating_sub(head.len()).max(1);
    let first = match wizard.form() {
        Some(form) => form.window(&rows, height),
        None => wizard.first.min(rows.len().saturating_sub(height)),
    };
    Sheet { head, rows, first, height }
}

/// The row of pages, this one marked.
fn way(ink: Ink<'_>, wizard: &Wizard, width: usize) -> Line<'static> {
    let theme = ink.theme;
    let mut spans = Vec::new();
    let steps = wizard.edited.as_ref().map_or(&Step::ALL as &[Step], Edited::steps);
    let all: usize = steps.iter().map(|step| step.word().len() + 3).sum();
    for (index, step) in steps.iter().copied().enumerate() {
        if index > 0 {
            spans.push(Span::styled(if ink.ascii { " > " } else { " › " }, theme.style(Role::Muted)));
        }
        let role = match step {
            step if step == wizard.step => Role::TabActive,
            step if step <= wizard.reached => Role::Text,
            _ => Role::Muted,
        };
        let words = if all <= width || step == wizard.step { step.word().to_owned() } else { format!("{}", index + 1) };
        spans.push(Span::styled(words, theme.style(role)));
    }
    Line::from(spans)
}

/// What the page is called.
pub(crate) fn title(wizard: &Wizard) -> String {
    if let Some(edited) = &wizard.edited {
        let what = if edited.is_bastion() { "bastion " } else { "" };
        return format!(" Edit {what}{} ", edited.name);
    }
    match wizard.kept.as_ref().or(wizard.tunnel.as_ref()) {
        Some(name) if !name.as_str().starts_with(UNNAMED) => format!(" New tunnel {name} "),
        Some(_) | None => " New tunnel ".to_owned(),
    }
}

/// The keys of the page.
pub(crate) fn keys(sight: Sight<'_>, wizard: &Wizard) -> Vec<&'static str> {
    if wizard.is_waiting() {
        return vec!["one moment …"];
    }
    match wizard.step {
        step if wizard.edited.as_ref().is_some_and(|edited| edited.last() == step) => {
            vec!["enter changes it", "tab next field", "esc back"]
        }
        Step::Bastion if wizard.edited.is_some() => {
            vec!["enter goes on", "tab next field", "ctrl-s changes it", "esc leaves it as it is"]
        }
        _ if wizard.edited.is_some() => vec!["enter goes on", "tab next field", "ctrl-s changes it", "esc back"],
        Step::Bastion => vec!["enter goes on", "tab next field", "esc leaves, the draft stays"],
        Step::Access | Step::Database | Step::Local => vec!["enter goes on", "tab next field", "esc back"],
        Step::HandOff => {
            vec![
                "enter they have done it",
                "y copy for the admin",
                "s by platform",
                "Y all of it",
                "k the key",
                "esc back",
                "q later",
            ]
        }
        Step::Climb => climb::keys(sight.snapshot, wizard),
        Step::Done => vec!["y copy the url", "c copy the command", "enter to the tunnels"],
    }
}

/// The field, and the choice in it, at a cell.
pub(crate) fn place_at(sight: Sight<'_>, wizard: &Wizard, area: Rect, y: u16) -> Option<(usize, Option<usize>)> {
    sheet(sight, wizard, area).place_at(area, y)
}

/// The page in as few words as there are, for screens too small for more.
pub(crate) fn tiny(ink: Ink<'_>, wizard: &Wizard, width: usize) -> Vec<Line<'static>> {
    let mut lines = vec![Line::styled(text::cut(wizard.step.question().0, width), ink.theme.style(Role::Title))];
    if let Some(form) = wizard.form() {
        let label = form.focused();
        lines.push(Line::styled(
            text::cut(&format!("{label}: {}", form.shown(label)), width),
            ink.theme.style(Role::Text),
        ));
        let problem = form.item(label).and_then(|item| item.problem.clone());
        lines.extend(problem.map(|why| Line::styled(text::cut(&why, width), ink.theme.style(Role::InputError))));
    }
    lines
}

/// The name of a draft as the list shows it.
pub(crate) fn shown_name(draft: &Draft) -> &str {
    if draft.name.as_str().starts_with(UNNAMED) { "not named yet" } else { draft.name.as_str() }
}
