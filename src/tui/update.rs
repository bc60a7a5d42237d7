//! (App, Msg) → effects. Routing and the actions; no IO, no clock, no terminal.

mod page;
mod wizard;

use std::sync::Arc;

use jiff::Timestamp;

use super::action::{Action, Scope};
use super::app::{App, Link, Screen};
use super::effect::Effect;
use super::input::Input;
use super::key::{Code, Key};
use super::layout::{self, Hit};
use super::msg::Msg;
use super::overlay::{self, Outcome, Overlay};
use super::widget::list::{Move, Selection};
use crate::model::recipe::{Format, Recipe};
use crate::model::{Code as Cause, Name, Phase, Snapshot, TunnelStatus};
use crate::service::{Reply, Request};

/// A message that passes stays this long.
const TOAST_SECONDS: i64 = 4;

/// Takes one message and says what is to be done.
pub fn update(app: &mut App, msg: Msg, now: Timestamp) -> Vec<Effect> {
    app.now = now;
    match msg {
        Msg::Input(input) => take_input(app, input),
        Msg::Snapshot(snapshot) => take_snapshot(app, snapshot),
        Msg::Refused { about, why } => {
            app.complain(format!("{about}: {why}"));
            Vec::new()
        }
        Msg::Replied { about, reply } => take_reply(app, &about, reply),
        Msg::Told { id, outcome } => wizard::told(app, id, outcome),
        Msg::Gone => {
            app.link = Link::Gone;
            app.complain("the service is gone; what is shown is what was last known. Leave and start adit again");
            Vec::new()
        }
        Msg::Copied { what, outcome } => {
            match outcome {
                Ok(way) => app.say(format!("copied {way}: {what}")),
                Err(text) => app.overlays.push(Overlay::show(&format!("Copy {what}"), text)),
            }
            Vec::new()
        }
        Msg::ClientEnded(outcome) => {
            if let Err(why) = outcome {
                app.complain(why);
            }
            Vec::new()
        }
        Msg::Tick => {
            pass_toast(app);
            app.wait();
            wizard::keep_up(app)
        }
    }
}

fn pass_toast(app: &mut App) {
    let over =
        |toast: &super::app::Toast| !toast.error && app.now.duration_since(toast.since).as_secs() >= TOAST_SECONDS;
    if app.toast.as_ref().is_some_and(over) {
        app.toast = None;
    }
}

fn take_snapshot(app: &mut App, snapshot: Arc<Snapshot>) -> Vec<Effect> {
    // Where traffic flows there is a newer state more often than a tick.
    pass_toast(app);
    app.take(snapshot);
    let pending = &app.snapshot.questions;
    let open = |overlay: &Overlay| overlay.question().is_none_or(|id| pending.iter().any(|p| p.id == id));
    app.overlays.retain(open);
    if app.overlays.is_empty() {
        // A question opens by itself, once, when it comes from something the person just did here; others show as "needs you".
        let mine = |pending: &&crate::model::Pending| pending.tunnels.iter().any(|name| app.acted.contains(name));
        let new = app.snapshot.questions.iter().filter(mine).find(|p| !app.put_off.contains(&p.id)).cloned();
        if let Some(pending) = new {
            app.overlays.push(Overlay::ask(pending));
        }
    }
    wizard::keep_up(app)
}

fn take_input(app: &mut App, input: Input) -> Vec<Effect> {
    match input {
        Input::Paste(_) | Input::Click(..) | Input::Scroll(..) if app.wizard.is_some() && app.overlays.is_empty() => {
            wizard::input(app, input)
        }
        Input::Key(key) => take_key(app, key),
        Input::Paste(text) => {
            if let Some(overlay) = app.overlays.last_mut() {
                if overlay.paste(&text) {
                    return explain(app);
                }
            } else if app.list().is_some_and(|list| list.filtering) {
                app.list_mut().filter.paste(&text);
            }
            Vec::new()
        }
        Input::Resize(width, height) => {
            app.size = (width, height);
            Vec::new()
        }
        Input::Click(x, y) => click(app, x, y),
        Input::Scroll(_, _, lines) => {
            if app.diagnosis.is_some() {
                page::step(app, lines > 0);
            } else {
                go(app, Move::By(isize::from(lines)));
            }
            Vec::new()
        }
        Input::Redraw => Vec::new(),
        Input::Suspend => vec![Effect::Suspend],
        Input::Closed => vec![Effect::Quit],
    }
}

/// Takes what a request brought.
fn take_reply(app: &mut App, about: &str, reply: Reply) -> Vec<Effect> {
    match reply {
        Reply::Explained { matches } => {
            // Whoever asked may have closed it meanwhile.
            if let Some(overlay) = app.overlays.iter_mut().rev().find(|overlay| overlay.pasted().is_some()) {
                overlay.learn(matches);
            }
        }
        Reply::Saved { path } => {
            app.overlays.push(Overlay::show("Saved", format!("{path}\n\nYou alone can read it.")));
        }
        Reply::Refused { message, .. } => app.complain(format!("{about}: {message}")),
        Reply::Done
        | Reply::Status { .. }
        | Reply::Journal { .. }
        | Reply::HandOff { .. }
        | Reply::Key { .. }
        | Reply::KeyLook { .. } => {}
    }
    Vec::new()
}

/// Asks what the pasted text on top means.
fn explain(app: &App) -> Vec<Effect> {
    let text = app.overlays.last().and_then(Overlay::pasted).map(str::to_owned);
    let ask = |text| Effect::Request { request: Request::Explain { text }, about: "explain".to_owned() };
    text.map(ask).into_iter().collect()
}

fn take_key(app: &mut App, key: Key) -> Vec<Effect> {
    let complaint = app.toast.take_if(|toast| toast.error).is_some();
    if key == Key::ctrl('c') {
        return wizard::quit(app).unwrap_or_else(|| vec![Effect::Quit]);
    }
    let text_is_shown = matches!(app.overlays.last(), Some(Overlay::Shown(_)));
    if text_is_shown && app.keymap.action(&[Scope::Global], key) == Some(Action::Mouse) {
        // Text to be copied by hand is selected by the terminal, which has the mouse only where we do not.
        return perform(app, Action::Mouse);
    }
    if let Some(overlay) = app.overlays.pop() {
        return take_outcome(app, overlay::key(overlay, key));
    }
    if app.wizard.is_some() {
        return if key == Key::ctrl('z') { vec![Effect::Suspend] } else { wizard::input(app, Input::Key(key)) };
    }
    if app.list().is_some_and(|list| list.filtering) {
        return filter_key(app, key);
    }
    match app.keymap.action(app.scopes(), key) {
        Some(Action::CopyAdvice) => page::copy_advice(app, page::number(key)),
        Some(action) => perform(app, action),
        None => {
            if key.code == Code::Esc && !complaint && !app.filter().is_empty() {
                app.list_mut().filter.take();
            }
            Vec::new()
        }
    }
}

fn take_outcome(app: &mut App, outcome: Outcome) -> Vec<Effect> {
    match outcome {
        Outcome::Stay(overlay) => {
            app.overlays.push(overlay);
            Vec::new()
        }
        Outcome::Close => Vec::new(),
        Outcome::PutOff(id) => {
            app.put_off.push(id);
            app.say("put off; a asks again");
            Vec::new()
        }
        Outcome::Answered(id, answer) => {
            // Until the service has taken the answer the question must not open again.
            app.put_off.push(id);
            vec![Effect::Request { request: Request::Answer { id, answer }, about: "answer".to_owned() }]
        }
        Outcome::Run(action) => perform(app, action),
        Outcome::Do(request, about) => vec![Effect::Request { request, about }],
        Outcome::Explain(overlay) => {
            app.overlays.push(overlay);
            explain(app)
        }
        Outcome::Copied(overlay, text) => {
            app.overlays.push(overlay);
            vec![Effect::Copy { text, what: "the command".to_owned() }]
        }
    }
}

fn filter_key(app: &mut App, key: Key) -> Vec<Effect> {
    match key.code {
        Code::Esc => {
            let list = app.list_mut();
            list.filter.take();
            list.filtering = false;
        }
        Code::Enter => app.list_mut().filtering = false,
        Code::Up => go(app, Move::By(-1)),
        Code::Down => go(app, Move::By(1)),
        _ => {
            app.list_mut().filter.key(key);
        }
    }
    Vec::new()
}

fn click(app: &mut App, x: u16, y: u16) -> Vec<Effect> {
    if !app.overlays.is_empty() {
        return Vec::new();
    }
    match layout::hit(app, x, y) {
        Some(Hit::Rung(rung)) => page::choose(app, Some(rung)),
        Some(Hit::Tab(screen)) => app.screen = screen,
        Some(Hit::Line(line)) => {
            let names = app.line_names();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            app.list_mut().selection.set(line, &names);
        }
        None => {}
    }
    Vec::new()
}

fn go(app: &mut App, to: Move) {
    let names = app.line_names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    if let Some(here) = app.selected() {
        app.list_mut().selection.set(here, &names);
    }
    app.list_mut().selection.go(to, &names);
    if app.screen == Screen::Journal && app.selected() == names.len().checked_sub(1) {
        // At the end it follows what happens.
        app.list_mut().selection = Selection::default();
    }
}

/// Why an action cannot be done now; nothing when it can.
pub(crate) fn obstacle(app: &App, action: Action) -> Option<&'static str> {
    let tunnel = app.tunnel();
    if action.scope() != Scope::Global && !app.scopes().contains(&action.scope()) {
        return Some("belongs to another screen");
    }
    match action {
        Action::Toggle | Action::Restart if app.link == Link::Gone => Some("the service is gone"),
        Action::Toggle | Action::Restart | Action::Copy if tunnel.is_none() => Some("no tunnel is selected"),
        Action::Copy if tunnel.is_some_and(|tunnel| tunnel.listen.is_none()) => {
            Some("its local port is chosen when it first comes up")
        }
        Action::CopyFix => match tunnel {
            None => Some("no tunnel is selected"),
            Some(tunnel) if fix(tunnel).is_none() => Some("there is no command to copy"),
            // One key must not lead around a changed host key.
            Some(tunnel) if has_changed_key(tunnel) => Some("ask the bastion's admin first; a shows the fingerprints"),
            Some(_) => None,
        },
        Action::Answer => match tunnel {
            None => Some("no tunnel is selected"),
            Some(tunnel) if asked(app, tunnel).is_some() || has_changed_key(tunnel) => None,
            Some(_) => Some("nothing is asked"),
        },
        Action::New | Action::Drop | Action::Edit | Action::Remove | Action::RemoveBastion
            if app.link == Link::Gone =>
        {
            Some("the service is gone")
        }
        Action::Edit | Action::Remove if tunnel.is_none() => Some("no tunnel is selected"),
        Action::RemoveBastion => match app.bastion() {
            None => Some("no bastion is selected"),
            Some(bastion) if !bastion.tunnels.is_empty() => Some("tunnels go through it"),
            Some(_) => None,
        },
        Action::Resume | Action::Drop if app.draft().is_none() => Some("no draft is selected"),
        Action::OpenClient => match tunnel {
            None => Some("no tunnel is selected"),
            Some(tunnel) if tunnel.phase != Phase::Up => Some("the tunnel is not up"),
            Some(tunnel) if client_command(tunnel).is_none() => Some("no client is known for this kind"),
            Some(_) => None,
        },
        Action::Diagnose | Action::DiagnoseBastion if app.link == Link::Gone => Some("the service is gone"),
        Action::Diagnose if tunnel.is_none() => Some("no tunnel is selected"),
        Action::DiagnoseBastion if app.bastion().is_none() => Some("no bastion is selected"),
        action if action.scope() == Scope::Diagnosis => page::obstacle(app, action),
        Action::CopyBastion => match app.bastion() {
            Some(bastion) if bastion.host_key.is_some() => None,
            Some(_) => Some("its host key is not known yet"),
            None => Some("no bastion is selected"),
        },
        Action::CopyKey if app.keys().is_empty() => Some("no key is selected"),
        _ => None,
    }
}

fn asked(app: &App, tunnel: &TunnelStatus) -> Option<u64> {
    tunnel.question.filter(|id| app.snapshot.questions.iter().any(|pending| pending.id == *id))
}

/// The command that mends its fault.
fn fix(tunnel: &TunnelStatus) -> Option<String> {
    tunnel.fault.as_ref()?.advice.iter().find_map(|advice| advice.command.clone())
}

fn has_changed_key(tunnel: &TunnelStatus) -> bool {
    let code = tunnel.fault.as_ref().map(|fault| fault.code);
    matches!(code, Some(Cause::HostKeyChanged | Cause::HostKeyRevoked))
}

/// Does an action, or says why not.
pub(crate) fn perform(app: &mut App, action: Action) -> Vec<Effect> {
    if let Some(why) = obstacle(app, action) {
        app.say(format!("{}: {why}", action.id()));
        return Vec::new();
    }
    match action {
        Action::Toggle | Action::Restart | Action::OpenClient | Action::Copy | Action::CopyFix | Action::Answer => {
            on_tunnel(app, action)
        }
        Action::New | Action::Resume | Action::Drop | Action::Edit | Action::Remove | Action::RemoveBastion => {
            on_configuration(app, action)
        }
        Action::CopyBastion | Action::CopyKey => copy_line(app, action).into_iter().collect(),
        Action::Diagnose | Action::DiagnoseBastion => page::open(app),
        Action::Details
        | Action::CopyAdvice
        | Action::Again
        | Action::CopyReport
        | Action::CopyRedacted
        | Action::SaveReport
        | Action::SaveRedacted
        | Action::Compare
        | Action::NextRung
        | Action::PreviousRung
        | Action::Back => page::perform(app, action),
        Action::Explain => open(app, Overlay::explain()),
        Action::Filter => {
            app.list_mut().filtering = true;
            Vec::new()
        }
        Action::Theme => {
            app.theme = app.themes.after(app.theme.id());
            app.say(match app.themes.left_out {
                0 => format!("theme {}", app.theme.name()),
                n => format!("theme {}; {n} more need a terminal with more than 16 colours", app.theme.name()),
            });
            Vec::new()
        }
        Action::Mouse => {
            app.mouse = !app.mouse;
            app.say(if app.mouse { "mouse on" } else { "mouse off: the terminal selects text" });
            vec![Effect::Mouse(app.mouse)]
        }
        Action::Palette => open(app, Overlay::palette()),
        Action::Help => open(app, Overlay::help()),
        Action::Suspend => vec![Effect::Suspend],
        Action::Quit => vec![Effect::Quit],
        Action::Down | Action::Up | Action::First | Action::Last | Action::HalfDown | Action::HalfUp => {
            let half = isize::try_from(layout::list_height(app) / 2).unwrap_or(1).max(1);
            go(
                app,
                match action {
                    Action::Down => Move::By(1),
                    Action::Up => Move::By(-1),
                    Action::First => Move::First,
                    Action::Last => Move::Last,
                    Action::HalfDown => Move::By(half),
                    _ => Move::By(-half),
                },
            );
            Vec::new()
        }
        Action::Tunnels => show(app, Screen::Tunnels),
        Action::Bastions => show(app, Screen::Bastions),
        Action::Keys => show(app, Screen::Keys),
        Action::Journal => show(app, Screen::Journal),
        Action::NextScreen => step_screen(app, 1),
        Action::PreviousScreen => step_screen(app, Screen::ALL.len() - 1),
    }
}

/// The line that is copied of a bastion or a key.
fn copy_line(app: &App, action: Action) -> Option<Effect> {
    if action == Action::CopyBastion {
        let bastion = app.bastion()?;
        let text = bastion.host_key.as_ref()?.fingerprint.clone();
        return Some(Effect::Copy { text, what: format!("the fingerprint of {}", bastion.name) });
    }
    let key = app.selected().and_then(|index| app.keys().get(index).copied())?;
    Some(Effect::Copy { text: key.public_key.clone(), what: format!("the public key {}", key.name) })
}

/// Makes, changes and removes what is configured, or is to be.
fn on_configuration(app: &mut App, action: Action) -> Vec<Effect> {
    match (action, app.draft().cloned(), app.tunnel().cloned(), app.bastion().cloned()) {
        (Action::Resume, Some(draft), ..) => wizard::resume(app, &draft),
        (Action::Drop, Some(draft), ..) => open(app, wizard::ask_to_drop(&draft)),
        (Action::Edit, _, Some(tunnel), _) => wizard::edit(app, &tunnel),
        (Action::Remove, _, Some(tunnel), _) => open(app, wizard::ask_to_remove(&tunnel)),
        (Action::RemoveBastion, _, _, Some(bastion)) => open(app, wizard::ask_to_remove_bastion(&bastion)),
        _ => wizard::open(app),
    }
}

fn open(app: &mut App, overlay: Overlay) -> Vec<Effect> {
    app.overlays.push(overlay);
    Vec::new()
}

fn show(app: &mut App, screen: Screen) -> Vec<Effect> {
    app.diagnosis = None;
    app.screen = screen;
    Vec::new()
}

fn step_screen(app: &mut App, by: usize) -> Vec<Effect> {
    let here = Screen::ALL.iter().position(|screen| *screen == app.screen).unwrap_or(0);
    app.diagnosis = None;
    if let Some(screen) = Screen::ALL.iter().cycle().nth(here + by) {
        app.screen = *screen;
    }
    Vec::new()
}

fn on_tunnel(app: &mut App, action: Action) -> Vec<Effect> {
    let Some(tunnel) = app.tunnel().cloned() else { return Vec::new() };
    let name = tunnel.name.clone();
    if matches!(action, Action::Toggle | Action::Restart) && !app.acted.contains(&name) {
        app.acted.push(name.clone());
    }
    match action {
        Action::Toggle if tunnel.phase == Phase::Stopped => {
            ask(Request::Up { names: vec![name.clone()] }, "bring up", &name)
        }
        Action::Toggle => ask(Request::Down { names: vec![name.clone()], now: false }, "take down", &name),
        Action::Restart => ask(Request::Restart { names: vec![name.clone()] }, "restart", &name),
        Action::OpenClient => {
            client_command(&tunnel).map(|command| Effect::RunClient { command }).into_iter().collect()
        }
        Action::Copy => copy(&tunnel),
        Action::CopyFix => fix(&tunnel)
            .map(|text| Effect::Copy { text, what: format!("the command that mends {name}") })
            .into_iter()
            .collect(),
        _ => {
            let pending =
                asked(app, &tunnel).and_then(|id| app.snapshot.questions.iter().find(|p| p.id == id).cloned());
            match (pending, &tunnel.fault) {
                (Some(pending), _) => open(app, Overlay::ask(pending)),
                (None, Some(fault)) => {
                    let mut text = format!("{}\n", fault.message);
                    for advice in &fault.advice {
                        text.push_str(&format!("\n{}\n", advice.text));
                        text.extend(advice.command.iter().map(|command| format!("  {command}\n")));
                    }
                    open(app, Overlay::show("This host key is not the one that is known", text))
                }
                (None, None) => Vec::new(),
            }
        }
    }
}

fn ask(request: Request, verb: &str, name: &Name) -> Vec<Effect> {
    vec![Effect::Request { request, about: format!("{verb} {name}") }]
}

fn copy(tunnel: &TunnelStatus) -> Vec<Effect> {
    let what = format!("the connection string of {}", tunnel.name);
    connection_string(tunnel).map(|text| Effect::Copy { text, what }).into_iter().collect()
}

/// What a program connects with.
pub(crate) fn connection_string(tunnel: &TunnelStatus) -> Option<String> {
    let listen = tunnel.listen.as_ref()?;
    Recipe::of(&tunnel.as_configured(), listen).plain(Format::Url).ok()
}

/// The command line of the database's own client.
pub(crate) fn client_command(tunnel: &TunnelStatus) -> Option<String> {
    let listen = tunnel.listen.as_ref()?;
    let configured = tunnel.as_configured();
    let format = Format::client(tunnel.database.kind)?;
    Recipe::of(&configured, listen).plain(format).ok()
}
