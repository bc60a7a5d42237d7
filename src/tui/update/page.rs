//! What the keys of a diagnosis do: climb, choose a rung, copy, save, compare.

use crate::model::{Admin, Rung, Subject};
use crate::service::Request;
use crate::tui::action::Action;
use crate::tui::app::{App, Link, Screen};
use crate::tui::effect::Effect;
use crate::tui::key::{Code, Key};
use crate::tui::overlay::Overlay;
use crate::tui::page::{self, Page};

/// Opens the page of what is selected and begins to climb.
pub(super) fn open(app: &mut App) -> Vec<Effect> {
    let subject = match app.screen {
        Screen::Tunnels => app.tunnel().map(|tunnel| Subject::Tunnel(tunnel.name.clone())),
        Screen::Bastions => app.bastion().map(|bastion| Subject::Bastion(bastion.name.clone())),
        Screen::Keys | Screen::Journal => None,
    };
    let Some(subject) = subject else { return Vec::new() };
    app.diagnosis = Some(Page::of(subject.clone()));
    climb(subject, None)
}

fn climb(subject: Subject, admin: Option<Admin>) -> Vec<Effect> {
    let about = format!("diagnose {subject}");
    vec![Effect::Request { request: Request::Diagnose { subject, admin }, about }]
}

/// Why an action of the page cannot be done now.
pub(super) fn obstacle(app: &App, action: Action) -> Option<&'static str> {
    let gone = app.link == Link::Gone;
    if action == Action::Again && gone {
        return Some("the service is gone");
    }
    if matches!(action, Action::Again | Action::Back) {
        return None;
    }
    let Some((open, shown)) = app.page().and_then(|open| Some((open, open.shown()?))) else {
        return Some("nothing is known yet");
    };
    let report = &shown.report;
    match action {
        Action::CopyAdvice => {
            let opened = open.rung();
            let cause = report.cause().filter(|cause| Some(cause.rung) == opened);
            if cause.is_some_and(|cause| !page::may_be_copied(cause)) {
                return Some("ask the bastion's admin first; enter shows the fingerprints");
            }
            open.commands().is_empty().then_some("there is no command to copy")
        }
        Action::SaveReport | Action::SaveRedacted if gone => Some("the service is gone"),
        Action::CopyReport | Action::CopyRedacted | Action::SaveReport | Action::SaveRedacted => {
            report.findings.is_empty().then_some("nothing is known yet")
        }
        Action::Compare if shown.before.is_none() => Some("there is no run before it to compare with"),
        Action::Compare if !report.finished => Some("wait until it has finished"),
        _ => None,
    }
}

/// Does what nothing is in the way of.
pub(super) fn perform(app: &mut App, action: Action) -> Vec<Effect> {
    let Some(open) = app.page() else { return Vec::new() };
    let (subject, admin) = (open.page.subject.clone(), open.page.admin.clone());
    let copied =
        |text: Option<String>, what: String| text.map(|text| Effect::Copy { text, what }).into_iter().collect();
    match action {
        Action::Again => {
            choose(app, None);
            climb(subject, admin)
        }
        Action::CopyReport => copied(open.report(), format!("the report of {subject}")),
        Action::CopyRedacted => copied(open.redacted(), format!("the redacted report of {subject}")),
        Action::SaveReport | Action::SaveRedacted => {
            let about = format!("save the report of {subject}");
            let request = Request::SaveReport { subject, redacted: action == Action::SaveRedacted };
            vec![Effect::Request { request, about }]
        }
        Action::CopyAdvice => copy_advice(app, 1),
        Action::Details => {
            if let Some((title, text)) = open.details() {
                app.overlays.push(Overlay::show(&title, text));
            }
            Vec::new()
        }
        Action::Compare => {
            let shown = open.changes();
            app.overlays.extend(shown.map(|text| Overlay::show("Since the run before", text)));
            Vec::new()
        }
        Action::NextRung | Action::PreviousRung => {
            step(app, action == Action::NextRung);
            Vec::new()
        }
        _ => {
            app.diagnosis = None;
            Vec::new()
        }
    }
}

/// The number on a key.
pub(super) fn number(key: Key) -> usize {
    match key.code {
        Code::Char(c) => c.to_digit(10).and_then(|digit| usize::try_from(digit).ok()).unwrap_or(1),
        _ => 1,
    }
}

/// Copies the command that has this number, from 1.
pub(super) fn copy_advice(app: &mut App, number: usize) -> Vec<Effect> {
    if let Some(why) = obstacle(app, Action::CopyAdvice) {
        app.say(format!("{}: {why}", Action::CopyAdvice.id()));
        return Vec::new();
    }
    let commands = app.page().map(|open| open.commands()).unwrap_or_default();
    let Some(text) = commands.into_iter().nth(number.saturating_sub(1)) else {
        app.say(format!("{}: no command has the number {number}", Action::CopyAdvice.id()));
        return Vec::new();
    };
    vec![Effect::Copy { what: format!("command {number}"), text }]
}

/// Opens a rung; none is the broken one again.
pub(super) fn choose(app: &mut App, rung: Option<Rung>) {
    if let Some(page) = &mut app.diagnosis {
        page.chosen = rung;
    }
}

/// Opens the rung above or below.
pub(super) fn step(app: &mut App, down: bool) {
    let there = app.page().and_then(|open| open.neighbour(down));
    if there.is_some() {
        choose(app, there);
    }
}
