//! What the hub shows: everything a viewer may know as one value, and the journal. It changes nothing but the numbers of
//! questions.

use tokio::sync::oneshot;

use super::Hub;
use crate::engine::Status;
use crate::model::journal::Entry;
use crate::model::{Name, Question, ServiceStatus, Snapshot, TunnelStatus};
use crate::service::protocol::Reply;

/// A journal of this many bytes fits one frame with room to spare.
const JOURNAL_BYTES: usize = 512 << 10;

/// Entries of the journal that every snapshot carries.
const SHOWN: usize = 100;

impl Hub {
    pub(super) fn snapshot(&mut self, statuses: Vec<Status>) -> Snapshot {
        let mut asked: Vec<(Name, Question)> = Vec::new();
        let mut running = std::collections::BTreeMap::new();
        for status in statuses {
            let name = status.tunnel.name.clone();
            asked.extend(status.question.map(|question| (name.clone(), question)));
            running.insert(name, status.tunnel);
        }
        let questions = self.questions.gather(asked.into_iter());
        let settings = self.in_force.settings();
        let tunnels = settings.tunnels.values().map(|tunnel| {
            let mut status = running.remove(&tunnel.name).unwrap_or_else(|| TunnelStatus::stopped(tunnel));
            let pending = questions.iter().find(|pending| pending.tunnels.contains(&tunnel.name));
            status.question = pending.map(|pending| pending.id);
            status.warnings = settings.warnings_of(tunnel);
            status
        });
        let tunnels = tunnels.collect();
        Snapshot {
            service: Some(ServiceStatus {
                pid: std::process::id(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                socket: self.paths.socket.display().to_string(),
            }),
            tunnels,
            changes: self.engine.recent(),
            questions,
            bastions: self.lists.bastions.clone(),
            keys: self.lists.keys.clone(),
            drafts: self.drafts.all().to_vec(),
            journal: self.journal.entries().skip(self.journal.len().saturating_sub(SHOWN)).cloned().collect(),
            journal_missed: self.journal.missed() + self.journal.len().saturating_sub(SHOWN) as u64,
            reports: self.diagnoses.shown(),
            preferences: settings.preferences.clone(),
            config_error: self.in_force.error().map(str::to_owned),
        }
    }

    /// The newest entries that fit a frame.
    pub(super) fn history(&mut self, to: oneshot::Sender<Reply>) {
        let all: Vec<&Entry> = self.journal.entries().collect();
        let mut room = JOURNAL_BYTES;
        let fits = all.iter().rev().take_while(|entry| {
            // Escaping doubles a text at most: it has no control characters.
            let size = entry.message.len() * 2 + 200;
            room = room.saturating_sub(size);
            room > 0
        });
        let skip = all.len() - fits.count();
        let entries: Vec<Entry> = all.into_iter().skip(skip).cloned().collect();
        let missed = self.journal.missed() + skip as u64;
        self.reply(to, Reply::Journal { entries, missed });
    }
}
