//! Keys pressed on a screen with a real service in this process behind it.

use std::sync::Arc;

use adit::config::Paths;
use adit::service::{self, Client, Reply, Running};
use adit::tui::{Effect, Msg};
use tempfile::TempDir;

use crate::screens::stage::Stage;
use crate::support::soon;

/// A screen, and the service behind it.
pub(super) struct Walk {
    pub(super) stage: Stage,
    pub(super) client: Client,
    running: Running,
    /// Keys pressed; letters of text that was typed do not count.
    pub(super) keys: usize,
    /// What was copied.
    pub(super) copied: Vec<String>,
}

impl Walk {
    pub(super) async fn start(paths: &Paths) -> Self {
        let running = service::start(paths, None).await;
        let client = running.door().client().unwrap();
        let mut walk = Self { stage: Stage::new(100, 34), client, running, keys: 0, copied: Vec::new() };
        walk.settle().await;
        walk
    }

    /// Does what was asked for, as the runtime does, and takes the state there is.
    pub(super) async fn settle(&mut self) {
        loop {
            for effect in self.stage.asked() {
                match effect {
                    Effect::Ask { id, request } => {
                        let outcome = self.client.request(request).await.map_err(|error| error.to_string());
                        let now = Arc::clone(&self.client.snapshots().borrow());
                        self.stage.show(now);
                        self.stage.tell(Msg::Told { id, outcome });
                    }
                    Effect::Request { request, about } => {
                        if let Reply::Refused { message, .. } = self.client.request(request).await.unwrap() {
                            self.stage.tell(Msg::Refused { about, why: message });
                        }
                    }
                    Effect::Copy { text, .. } => self.copied.push(text),
                    _ => {}
                }
            }
            let now = Arc::clone(&self.client.snapshots().borrow());
            self.stage.show(now);
            let more = self.stage.asked();
            if more.is_empty() {
                return;
            }
            self.stage.put_back(more);
        }
    }

    pub(super) async fn press(&mut self, keys: &str) {
        self.keys += keys.split_whitespace().count();
        self.stage.press(keys);
        self.settle().await;
    }

    pub(super) async fn type_in(&mut self, text: &str) {
        self.stage.type_in(text);
        self.settle().await;
    }

    pub(super) async fn sees(&mut self, words: &str) {
        let mut snapshots = self.client.snapshots();
        let seen = tokio::time::timeout(soon(), async {
            while !self.stage.text().contains(words) {
                snapshots.changed().await.unwrap();
                self.settle().await;
            }
        });
        let seen = seen.await.is_ok();
        assert!(seen, "{words:?} is not seen:\n{}", self.stage.text());
    }

    pub(super) async fn end(mut self) {
        self.running.stop().cancel();
        assert!(self.running.ended().await);
    }
}

pub(super) fn home() -> (TempDir, Paths) {
    let folder = TempDir::new().unwrap();
    let mut paths = Paths::find(Some(folder.path())).unwrap();
    paths.user_home = None;
    (folder, paths)
}
