//! (App, Msg) → effects. Routing and the actions; no IO, no clock, no terminal.

mod bastions;
mod copy;
mod global;
mod journal;
mod keys;
mod list;
mod many;
mod names;
mod page;
mod removal;
mod setup;
mod theme;
mod tunnels;
mod wizard;

use std::sync::Arc;

use jiff::Timestamp;
use ratatui::layout::Rect;

use super::action::{Action, Scope};
use super::app::{App, Link, Screen};
use super::effect::Effect;
use super::input::Input;
use super::key::{Code, Key};
use super::layout::{self, Hit};
use super::msg::Msg;
use super::overlay::{self, Outcome, Overlay};
use super::widget::list::Move;
use crate::model::Snapshot;
use crate::service::{Reply, Request};

pub(crate) use theme::{begin, waits};
pub(crate) use tunnels::{client_command, connection_string};

/// A message that passes stays this long.
const TOAST_SECONDS: i64 = 4;

/// Takes one message and says what is to be done.
pub fn update(app: &mut App, msg: Msg, now: Timestamp) -> Vec<Effect> {
    app.now = now;
    match msg {
        Msg::Input(input) => {
            match input {
                Input::Focus(seen) => app.notices.look(seen),
                Input::Key(_) | Input::Paste(_) | Input::Click(..) | Input::Scroll(..) => app.notices.touch(now),
                Input::Resize(..) | Input::Ground(_) | Input::Redraw | Input::Suspend | Input::Closed => {}
            }
            take_input(app, input)
        }
        Msg::Snapshot(snapshot) => take_snapshot(app, snapshot),
        Msg::Refused { about, why } => {
            app.complain(format!("{about}: {why}"));
            Vec::new()
        }
        Msg::Replied { about, reply } => take_reply(app, &about, reply),
        Msg::Told { id, outcome } if keys::expects(app, id) => keys::told(app, id, outcome),
        Msg::Told { id, outcome } => {
            setup::told(app, id, outcome).unwrap_or_else(|outcome| wizard::told(app, id, outcome))
        }
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
            let mut effects = wizard::keep_up(app);
            effects.extend(tell(app));
            effects
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
    list::follow_undoing(app);
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
    keys::keep_up(app);
    app.notices.take(&app.snapshot.tunnels, app.now);
    let mut effects = theme::follow(app);
    effects.extend(wizard::keep_up(app));
    effects.extend(tell(app));
    effects
}

/// What is to be told to a person who looks elsewhere.
fn tell(app: &mut App) -> Option<Effect> {
    app.notices.told(app.now).map(|words| Effect::Notify { words })
}

fn take_input(app: &mut App, input: Input) -> Vec<Effect> {
    match input {
        Input::Paste(_) | Input::Click(..) | Input::Scroll(..)
            if app.setup.page.is_some() && app.overlays.is_empty() =>
        {
            setup::input(app, input)
        }
        Input::Paste(_) | Input::Click(..) | Input::Scroll(..) if app.wizard.is_some() && app.overlays.is_empty() => {
            wizard::input(app, input)
        }
        Input::Paste(_) | Input::Click(..) | Input::Scroll(..)
            if app.keyring.page.is_some() && app.overlays.is_empty() =>
        {
            keys::input(app, input)
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
            if let Some(overlay) = app.overlays.pop() {
                let key = Key::plain(if lines > 0 { Code::Down } else { Code::Up });
                return take_outcome(app, overlay::key(overlay, key));
            }
            if app.diagnosis.is_some() {
                page::step(app, lines > 0);
            } else {
                list::go(app, Move::By(isize::from(lines)));
            }
            Vec::new()
        }
        Input::Ground(ground) => {
            theme::answered(app, ground);
            Vec::new()
        }
        Input::Redraw | Input::Focus(_) => Vec::new(),
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
        Reply::Done => app.say(format!("done: {about}; u undoes it")),
        Reply::Undone { words, again } => {
            app.say(if again { format!("done again: {words}") } else { format!("undone: {words}; u does it again") });
            list::follow_undoing(app);
        }
        Reply::Status { .. }
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
    // The person has gone on.
    app.undoing = None;
    if key == Key::ctrl('c') {
        return wizard::quit(app).unwrap_or_else(|| vec![Effect::Quit]);
    }
    let text_is_shown = matches!(app.overlays.last(), Some(Overlay::Shown(_)));
    if text_is_shown && app.keymap.action(&[Scope::Global], key) == Some(Action::Mouse) {
        // Text to be copied by hand is selected by the terminal, which has the mouse only where we do not.
        return perform(app, Action::Mouse);
    }
    let hidden =
        |app: &App| app.overlays.last().is_some_and(|top| layout::is_tiny(app) || !overlay::is_readable(app.size, top));
    if key.code != Code::Esc && hidden(app) {
        app.say("enlarge the window: what is asked does not fit; esc leaves it");
        return Vec::new();
    }
    if let Some(overlay) = app.overlays.pop() {
        return take_outcome(app, overlay::key(overlay, key));
    }
    if let Some(effects) = setup::type_in(app, key) {
        return effects;
    }
    if app.wizard.is_some() && app.setup.page.is_none() {
        return if key == Key::ctrl('z') { vec![Effect::Suspend] } else { wizard::input(app, Input::Key(key)) };
    }
    if app.keyring.filling().is_some() {
        return if key == Key::ctrl('z') { vec![Effect::Suspend] } else { keys::input(app, Input::Key(key)) };
    }
    if app.setup.page.is_none() && app.list().is_some_and(|list| list.filtering) {
        return list::filter_key(app, key);
    }
    match app.keymap.action(app.scopes(), key) {
        Some(Action::CopyAdvice) => page::copy_advice(app, page::number(key)),
        Some(Action::SetupCopyNumber) => setup::copy_number(app, key),
        Some(action) => perform(app, action),
        None => {
            if key.code == Code::Esc && !complaint {
                if app.screen == Screen::Tunnels && !app.marked.is_empty() {
                    app.marked.clear();
                } else if !app.filter().is_empty() {
                    app.list_mut().filter.take();
                }
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
            let key = app.keymap.key(Action::Answer).map(|key| key.to_string()).unwrap_or_default();
            app.say(format!("put off; {key} asks again"));
            Vec::new()
        }
        Outcome::Answered(id, answer) => {
            // Until the service has taken the answer the question must not open again.
            app.put_off.push(id);
            vec![Effect::Request { request: Request::Answer { id, answer }, about: "answer".to_owned() }]
        }
        Outcome::Run(action) => perform(app, action),
        Outcome::Preview(overlay, name) => {
            theme::show(app, &name);
            app.overlays.push(overlay);
            Vec::new()
        }
        Outcome::Theme(name, true) => theme::keep(app, name),
        Outcome::Theme(name, false) => {
            theme::show(app, &name);
            Vec::new()
        }
        Outcome::Do(Request::Key { ask }, _) => keys::send(app, ask),
        Outcome::Do(asked, about) => {
            many::note(app, &asked);
            setup::remember(app, &asked);
            if let Request::Rename { to, .. } | Request::Copy { to, .. } = &asked {
                // It stands there as soon as it is done.
                app.list_mut().selection.name(to.to_string());
            }
            request(asked, about)
        }
        Outcome::Copy(text, what) => vec![Effect::Copy { text, what }],
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

fn click(app: &mut App, x: u16, y: u16) -> Vec<Effect> {
    if let Some(overlay) = app.overlays.pop() {
        let area = Rect::new(0, 0, app.size.0, app.size.1);
        let sight = overlay::Sight { ink: app.ink(), keymap: &app.keymap, obstacle: &|action| obstacle(app, action) };
        let outcome = match overlay::line_at(sight, area, &overlay, (x, y)) {
            Some(line) => overlay::click(overlay, area, line),
            None => Outcome::Stay(overlay),
        };
        return take_outcome(app, outcome);
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

/// Why an action cannot be done now; nothing when it can.
pub(crate) fn obstacle(app: &App, action: Action) -> Option<&'static str> {
    if action.scope() != Scope::Global && !app.scopes().contains(&action.scope()) {
        return Some("belongs to another screen");
    }
    if setup::owns(action) {
        return setup::obstacle(app, action);
    }
    match action.scope() {
        Scope::Tunnels | Scope::Drafts => tunnels::obstacle(app, action),
        Scope::Bastions => bastions::obstacle(app, action),
        Scope::Journal => journal::obstacle(app),
        Scope::Keys | Scope::Key | Scope::Rotation => keys::obstacle(app, action),
        Scope::Setup => setup::obstacle(app, action),
        Scope::Diagnosis => page::obstacle(app, action),
        Scope::List => list::obstacle(app, action),
        Scope::Global => None,
    }
}

/// Does an action, or says why not.
pub(crate) fn perform(app: &mut App, action: Action) -> Vec<Effect> {
    if let Some(why) = obstacle(app, action) {
        app.say(format!("{}: {why}", action.id()));
        return Vec::new();
    }
    if setup::owns(action) {
        return setup::perform(app, action);
    }
    match action.scope() {
        Scope::Tunnels | Scope::Drafts => tunnels::perform(app, action),
        Scope::Bastions => bastions::perform(app, action),
        Scope::Journal => journal::perform(app, action),
        Scope::Keys | Scope::Key | Scope::Rotation => keys::perform(app, action),
        Scope::Setup => setup::perform(app, action),
        Scope::Diagnosis => page::perform(app, action),
        Scope::List => list::perform(app, action),
        Scope::Global => global::perform(app, action),
    }
}

fn open(app: &mut App, overlay: Overlay) -> Vec<Effect> {
    app.overlays.push(overlay);
    Vec::new()
}

/// It changes the configuration by a key or two, so that its end is worth a word: and how to undo it.
pub(crate) fn is_told(request: &Request) -> bool {
    matches!(request, Request::Remove { .. } | Request::Rename { .. } | Request::Copy { .. } | Request::Prefer { .. })
}

fn request(request: Request, about: String) -> Vec<Effect> {
    vec![Effect::Request { request, about }]
}

/// Text for the clipboard, where there is some.
fn copied(text: Option<String>, what: String) -> Vec<Effect> {
    text.map(|text| Effect::Copy { text, what }).into_iter().collect()
}
