//! The pages of a new tunnel, as a draft has them.

use std::sync::Arc;

use adit::model::{
    Access, ChosenBastion, Database, Draft, Endpoint, Finding, KeyStatus, KeyType, Kind, Page, Report, Rung, Snapshot,
    Subject, Verdict,
};
use adit::service::Reply;
use adit::tui::{Effect, Msg};

use super::made::{self, every_state, name};
use super::stage::Stage;
use super::{SIZES, sheet};

/// A key of adit's own.
pub(crate) fn key(text: &str) -> KeyStatus {
    let mut key = every_state().keys[0].clone();
    (key.name, key.used_by, key.tunnels) = (name(text), Vec::new(), Vec::new());
    key.public_key =
        format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK0wmN/Cr3JXqmLW7u+g9pTh+wyqDHpSQEIQczXkVx9q adit:{text}");
    key
}

/// A draft with everything answered, left at this page.
pub(crate) fn draft(text: &str, page: Page) -> Draft {
    let mut draft = Draft::new(name(text));
    draft.page = page;
    draft.bastion = ChosenBastion::New {
        name: name("bastion"),
        endpoint: Endpoint::new("bastion.example.com".parse().unwrap(), 22.try_into().unwrap()),
        user: "adit".to_owned(),
    };
    draft.access = Access::NewKey { name: name(text), kind: KeyType::Ed25519 };
    let (host, port) = ("10.0.1.12".parse().unwrap(), 5432.try_into().unwrap());
    draft.database = Some(Database { kind: Kind::Postgres, host, port });
    (draft.user, draft.dbname) = (Some("app".to_owned()), Some(text.to_owned()));
    draft.tags = vec![name("eu")];
    draft
}

/// Tunnels in every state, and two that are not made yet.
pub(crate) fn with_drafts() -> Arc<Snapshot> {
    let mut snapshot = Snapshot::clone(&every_state());
    snapshot.drafts = vec![draft("ledger", Page::HandOff), Draft::new(name("unnamed"))];
    Arc::new(snapshot)
}

/// One draft, left at this page, and its key.
fn left_at(page: Page) -> Arc<Snapshot> {
    let snapshot = Snapshot { drafts: vec![draft("orders", page)], keys: vec![key("orders")], ..Snapshot::default() };
    Arc::new(snapshot)
}

/// A climb of it.
fn climbed(findings: Vec<Finding>, finished: bool) -> Arc<Snapshot> {
    let mut snapshot = Snapshot::clone(&left_at(Page::Climb));
    let report = Report {
        subject: Subject::Draft(name("orders")),
        bastion: name("bastion"),
        finished,
        findings,
        seen_from: None,
    };
    snapshot.reports = super::reports::shown(report, None).reports.clone();
    Arc::new(snapshot)
}

fn resumed(page: &str, snapshot: &Arc<Snapshot>, act: impl Fn(&mut Stage)) {
    for (width, height) in SIZES {
        let mut stage = Stage::new(width, height);
        stage.show(Arc::clone(snapshot));
        stage.press("enter");
        act(&mut stage);
        sheet::compare(&format!("wizard-{page}-{width}x{height}"), &stage.buffer());
    }
}

fn pass(rung: Rung, words: &str) -> Finding {
    Finding::new(rung, "x", Verdict::Pass, words)
}

fn way() -> Vec<Finding> {
    vec![
        pass(Rung::Bind, "a free port is chosen at first use"),
        pass(Rung::Resolve, "bastion.example.com is 198.51.100.4"),
        pass(Rung::Reach, "198.51.100.4:22 accepts"),
        pass(Rung::Greet, "OpenSSH_9.6p1, curve25519-sha256, aes256-gcm@openssh.com"),
    ]
}

fn unknown() -> Vec<Finding> {
    let words =
        format!("the host key of bastion.example.com:22 is not known yet: ssh-ed25519 {}", made::shown_fingerprint());
    let mut findings = way();
    findings
        .push(Finding::new(Rung::Trust, "host_key", Verdict::Fail, words).because(adit::model::Code::HostKeyUnknown));
    findings
}

fn whole() -> Vec<Finding> {
    let mut findings = way();
    findings.extend([
        pass(Rung::Trust, "the host key is known"),
        pass(Rung::Prove, "adit is let in with key orders"),
        pass(Rung::Open, "10.0.1.12:5432 opens"),
        pass(Rung::Speak, "PostgreSQL answers, offers TLS"),
    ]);
    findings
}

#[test]
fn every_page() {
    let nothing = Arc::new(Snapshot::default());
    super::same("wizard-bastion", &nothing, |stage| stage.press("n"));
    super::same("wizard-bastion-wrong", &nothing, |stage| {
        stage.press("n");
        stage.type_in("bastion.example.com/db");
        stage.press("tab ctrl-u");
        stage.type_in("65536");
        stage.press("enter");
    });
    super::same("wizard-bastion-list", &every_state(), |stage| stage.press("n"));
    super::same("wizard-access-list", &every_state(), |stage| {
        stage.press("n enter");
        let asked = stage.asked();
        let [Effect::Ask { id, .. }] = asked[..] else { panic!("{asked:?}") };
        stage.tell(Msg::Told { id, outcome: Ok(Reply::Done) });
    });
    resumed("access", &left_at(Page::Access), |_| {});
    resumed("database", &left_at(Page::Database), |stage| {
        stage.press("tab ctrl-u");
        stage.type_in("localhost");
    });
    resumed("local", &left_at(Page::Local), |_| {});
    resumed("handoff", &left_at(Page::HandOff), |_| {});
    resumed("climb", &climbed(way(), false), |_| {});
    resumed("climb-unknown", &climbed(unknown(), true), |stage| {
        stage.type_in("y");
        stage.press("enter");
    });
    resumed("climb-broken", &climbed(super::reports::failing().findings, true), |_| {});
    resumed("climb-whole", &climbed(whole(), true), |_| {});
    super::same("edit", &every_state(), |stage| {
        stage.press("e enter enter enter");
    });
    super::same("edit-access", &every_state(), |stage| stage.press("e enter"));
    super::same("edit-bastion", &every_state(), |stage| stage.press("2 e"));
    super::same("remove", &every_state(), |stage| stage.press("x"));
    super::same("drafts", &with_drafts(), |stage| stage.press("G k"));
    super::same("drop-draft", &with_drafts(), |stage| stage.press("G k x"));
}

/// The last page: the tunnel is up.
fn done(stage: &mut Stage) {
    stage.press("enter");
    let asked = stage.asked();
    let Some(Effect::Ask { id, .. }) = asked.last() else { panic!("{asked:?}") };
    let id = *id;
    stage.change(|snapshot| {
        snapshot.drafts.clear();
        let mut up = made::up("orders", "postgres", "10.0.1.12", 15432);
        (up.user, up.dbname) = (Some("app".to_owned()), Some("orders".to_owned()));
        snapshot.tunnels.push(up);
    });
    stage.tell(Msg::Told { id, outcome: Ok(Reply::Done) });
}

#[test]
fn the_end() {
    resumed("done", &climbed(whole(), true), done);
}

#[test]
fn small_screens_stay_usable() {
    for (width, height) in [(40, 10), (40, 8), (30, 4), (60, 17)] {
        for (page, label) in [(Page::Bastion, "bastion"), (Page::Database, "database"), (Page::HandOff, "handoff")] {
            let mut stage = Stage::new(80, 24);
            stage.show(left_at(page));
            stage.press("enter");
            stage.resize(width, height);
            sheet::compare(&format!("small-wizard-{label}-{width}x{height}"), &stage.buffer());
        }
    }
}

#[test]
fn no_size_breaks_a_page() {
    let mut sizes: Vec<(u16, u16)> = (0..=12).flat_map(|width| (0..=12).map(move |height| (width, height))).collect();
    sizes.extend([(40, 8), (40, 10), (80, 24), (500, 200), (500, 1), (1, 200)]);
    let pages = [Page::Bastion, Page::Access, Page::Database, Page::Local, Page::HandOff];
    let mut scenes: Vec<Arc<Snapshot>> = pages.into_iter().map(left_at).collect();
    scenes.extend([climbed(unknown(), true), climbed(whole(), true), climbed(Vec::new(), false)]);
    for snapshot in scenes {
        let mut stage = Stage::new(80, 24);
        stage.show(snapshot);
        stage.press("enter");
        for (width, height) in &sizes {
            stage.resize(*width, *height);
            let _drawn = stage.buffer();
            stage.press("tab");
        }
    }
}
