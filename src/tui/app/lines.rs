//! The lines of the lists: what the filter lets through, in which order, and which one is selected.

use super::{App, Grouping, Screen};
use crate::model::journal::Entry;
use crate::model::{BastionStatus, Draft, KeyStatus, Subject, TunnelStatus};
use crate::tui::widget::badge::State;
use crate::tui::wizard;

/// One line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Row {
    /// A heading, which cannot be selected.
    Heading(String),
    /// A line, by its number among those that can.
    Line(usize),
}

impl App {
    /// The tunnels that the filter lets through.
    pub(crate) fn tunnels(&self) -> Vec<&TunnelStatus> {
        let filter = self.filter();
        let fits = |tunnel: &&TunnelStatus| {
            filter.split_whitespace().all(|word| match word.strip_prefix('#') {
                Some(tag) => tunnel.tags.iter().any(|other| other.as_str().starts_with(tag)),
                None => {
                    let word = word.to_lowercase();
                    let has = |text: &str| text.to_lowercase().contains(&word);
                    has(tunnel.name.as_str())
                        || has(tunnel.database.kind.as_str())
                        || has(tunnel.bastion.as_str())
                        || has(&tunnel.database.endpoint().to_string())
                        || has(State::of(tunnel).word())
                }
            })
        };
        let mut tunnels: Vec<&TunnelStatus> = self.snapshot.tunnels.iter().filter(fits).collect();
        self.arrange(&mut tunnels);
        tunnels
    }

    /// What stands in the list on screen, line by line, headings and all.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let lines = self.line_names().len();
        if self.screen != Screen::Tunnels || self.grouping == Grouping::None {
            return (0..lines).map(Row::Line).collect();
        }
        let mut rows = Vec::with_capacity(lines + 8);
        let mut last = None;
        let tunnels = self.tunnels();
        for (index, tunnel) in tunnels.iter().enumerate() {
            let heading = self.grouping.heading(tunnel);
            if heading != last {
                rows.extend(heading.clone().map(Row::Heading));
                last = heading;
            }
            rows.push(Row::Line(index));
        }
        if lines > tunnels.len() {
            rows.push(Row::Heading("drafts".to_owned()));
            rows.extend((tunnels.len()..lines).map(Row::Line));
        }
        rows
    }

    /// The tunnels in the making that the filter lets through; they stand below the tunnels.
    pub(crate) fn drafts(&self) -> Vec<&Draft> {
        let filter = self.filter().to_lowercase();
        let fits = |draft: &&Draft| {
            let (state, page) = wizard::waits_for(draft);
            filter.split_whitespace().all(|word| match word.strip_prefix('#') {
                Some(tag) => draft.tags.iter().any(|other| other.as_str().starts_with(tag)),
                None => {
                    draft.name.as_str().contains(word)
                        || state.contains(word)
                        || page.contains(word)
                        || "draft".contains(word)
                        || draft.database.as_ref().is_some_and(|database| database.kind.as_str().contains(word))
                }
            })
        };
        self.snapshot.drafts.iter().filter(fits).collect()
    }

    /// The bastions that the filter lets through.
    pub(crate) fn bastions(&self) -> Vec<&BastionStatus> {
        let filter = self.filter().to_lowercase();
        let fits = |b: &&BastionStatus| {
            filter.split_whitespace().all(|w| b.name.as_str().contains(w) || b.endpoint.to_string().contains(w))
        };
        self.snapshot.bastions.iter().filter(fits).collect()
    }

    /// The keys that the filter lets through.
    pub(crate) fn keys(&self) -> Vec<&KeyStatus> {
        let filter = self.filter().to_lowercase();
        let fits =
            |k: &&KeyStatus| filter.split_whitespace().all(|w| k.name.as_str().contains(w) || k.key_type.contains(w));
        self.snapshot.keys.iter().filter(fits).collect()
    }

    /// The lines of the journal that the filter lets through, each as (moment, tunnel, event, message).
    pub(crate) fn journal(&self) -> Vec<&Entry> {
        let filter = self.filter().to_lowercase();
        let fits = |entry: &&Entry| {
            filter.split_whitespace().all(|word| {
                if let Some(name) = word.strip_prefix('@') {
                    return entry.tunnel.as_ref().is_some_and(|own| own.as_str() == name);
                }
                entry.tunnel.as_ref().is_some_and(|name| name.as_str().contains(word))
                    || entry.event.contains(word)
                    || entry.message.to_lowercase().contains(word)
            })
        };
        self.snapshot.journal.iter().filter(fits).collect()
    }

    /// The names of the lines on screen.
    pub(crate) fn line_names(&self) -> Vec<String> {
        match self.screen {
            Screen::Tunnels => {
                let drafts = self.drafts().into_iter().map(|draft| Subject::Draft(draft.name.clone()).to_string());
                self.tunnels().iter().map(|tunnel| tunnel.name.to_string()).chain(drafts).collect()
            }
            Screen::Bastions => self.bastions().iter().map(|bastion| bastion.name.to_string()).collect(),
            Screen::Keys => self.keys().iter().map(|key| key.name.to_string()).collect(),
            Screen::Journal => (0..self.journal().len()).map(|line| line.to_string()).collect(),
        }
    }

    /// The selected line.
    pub(crate) fn selected(&self) -> Option<usize> {
        let names = self.line_names();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        match self.list() {
            Some(list) if list.selection.is_made() => list.selection.index(&names),
            // The journal stays at its end: what happened last.
            _ if self.screen == Screen::Journal => names.len().checked_sub(1),
            _ => (!names.is_empty()).then_some(0),
        }
    }

    /// The selected bastion.
    pub(crate) fn bastion(&self) -> Option<&BastionStatus> {
        self.selected().and_then(|index| self.bastions().get(index).copied())
    }

    /// The selected tunnel.
    pub(crate) fn tunnel(&self) -> Option<&TunnelStatus> {
        self.selected().and_then(|index| self.tunnels().get(index).copied())
    }

    /// The selected tunnel in the making.
    pub(crate) fn draft(&self) -> Option<&Draft> {
        let index = self.selected()?.checked_sub(self.tunnels().len())?;
        self.drafts().get(index).copied().filter(|_| self.screen == Screen::Tunnels)
    }
}
