//! What keys, pastes, clicks and answers do to the wizard. It draws nothing.

use super::keys::PERSON;
use super::{page, perform, setup};
use crate::model::{Access, BastionStatus, Draft, Identity, Name, Snapshot, Subject, TunnelStatus};
use crate::service::{KeyRequest, Reply, Request, Sheet, sheet};
use crate::tui::action::{Action, Scope};
use crate::tui::app::{App, Screen};
use crate::tui::effect::Effect;
use crate::tui::input::Input;
use crate::tui::key::{Code, Key};
use crate::tui::keys::bring;
use crate::tui::layout;
use crate::tui::page::Page;
use crate::tui::setup::Tab;
use crate::tui::widget::form::Came;
use crate::tui::wizard::climb::{self, Stands};
use crate::tui::wizard::{
    After, Edited, Step, Wish, Wizard, access, bastion, database, done, handoff, local, place_at,
};

/// Keys that wait for a page to be kept; nobody types more ahead.
const QUEUE: usize = 512;

/// Begins a new tunnel.
pub(super) fn open(app: &mut App) -> Vec<Effect> {
    app.wizard = Some(Box::new(Wizard::new(&app.snapshot)));
    Vec::new()
}

/// Goes on with a draft.
pub(super) fn resume(app: &mut App, draft: &Draft) -> Vec<Effect> {
    let mut wizard = Wizard::of(draft, &app.snapshot);
    let open = draft.open_questions().first().map_or(wizard.step, |page| Step::of(*page).min(wizard.step));
    let effects = show(app, &mut wizard, open);
    app.wizard = Some(Box::new(wizard));
    effects
}

/// Changes a tunnel that is configured.
pub(super) fn edit(app: &mut App, tunnel: &TunnelStatus) -> Vec<Effect> {
    app.wizard = Some(Box::new(Wizard::editing(tunnel, &app.snapshot)));
    Vec::new()
}

/// Changes a bastion that is configured.
pub(super) fn edit_bastion(app: &mut App, bastion: &BastionStatus) -> Vec<Effect> {
    app.wizard = Some(Box::new(Wizard::editing_bastion(bastion, &app.snapshot)));
    Vec::new()
}

/// Takes a newer state, or the time: what can be chosen may have changed, and what was typed is kept.
pub(super) fn keep_up(app: &mut App) -> Vec<Effect> {
    let Some(mut wizard) = app.wizard.take() else { return Vec::new() };
    let snapshot = app.snapshot.clone();
    wizard.judge(&snapshot);
    let due = wizard.unsaved
        && wizard.edited.is_none()
        && wizard.asked.is_empty()
        && app.now.duration_since(app.typed).as_secs() >= 1;
    let effects = if due { save(app, &mut wizard, After::Nothing) } else { Vec::new() };
    app.wizard = Some(wizard);
    effects
}

/// The person leaves the program: what was typed is kept first. Nothing where nothing is to be kept, or was tried already.
pub(super) fn quit(app: &mut App) -> Option<Vec<Effect>> {
    let mut wizard = app.wizard.take()?;
    let asked = wizard.asked.iter().any(|(_, wish)| matches!(wish, Wish::Save(After::Quit, _)));
    let effects = (wizard.unsaved && wizard.edited.is_none() && !asked).then(|| save(app, &mut wizard, After::Quit));
    app.wizard = Some(wizard);
    effects.filter(|effects| !effects.is_empty())
}

/// Takes a key, a paste, a click or the wheel.
pub(super) fn input(app: &mut App, input: Input) -> Vec<Effect> {
    let Some(mut wizard) = app.wizard.take() else { return Vec::new() };
    if wizard.is_waiting() && input == Input::Key(Key::plain(Code::Esc)) {
        return stop_waiting(app, wizard);
    }
    if wizard.is_waiting() {
        if wizard.queued.len() < QUEUE {
            wizard.queued.push_back(input);
        }
        app.wizard = Some(wizard);
        return Vec::new();
    }
    take(app, wizard, input)
}

/// Waits no longer for an answer that may never come; what was asked for may still happen.
fn stop_waiting(app: &mut App, mut wizard: Box<Wizard>) -> Vec<Effect> {
    wizard.queued.clear();
    let settled = wizard.asked.iter().any(|(_, wish)| matches!(wish, Wish::Trust | Wish::Finish(_) | Wish::Change(_)));
    // A key that comes late is in the list of keys.
    wizard.asked.retain(|(_, wish)| !matches!(wish, Wish::Import(_)));
    for (_, wish) in &mut wizard.asked {
        if let Wish::Save(after, _) = wish {
            *after = After::Nothing;
        }
    }
    if settled {
        app.diagnosis = None;
    } else {
        app.wizard = Some(wizard);
    }
    Vec::new()
}

/// What became of the wizard.
enum Stays {
    Yes,
    /// It is left, and this line of the list is to be selected.
    No(Option<String>),
}

fn take(app: &mut App, mut wizard: Box<Wizard>, input: Input) -> Vec<Effect> {
    let (stays, effects) = match input {
        Input::Key(key) => {
            wizard.remark = None;
            press(app, &mut wizard, key)
        }
        Input::Paste(text) => (Stays::Yes, paste(app, &mut wizard, &text)),
        Input::Click(_, y) => (Stays::Yes, click(app, &mut wizard, y)),
        Input::Scroll(_, _, lines) => {
            scroll(&mut wizard, isize::from(lines));
            (Stays::Yes, Vec::new())
        }
        Input::Resize(..) | Input::Focus(_) | Input::Ground(_) | Input::Redraw | Input::Suspend | Input::Closed => {
            (Stays::Yes, Vec::new())
        }
    };
    match stays {
        Stays::Yes => app.wizard = Some(wizard),
        Stays::No(line) => {
            app.diagnosis = None;
            let bastion = wizard.edited.as_ref().is_some_and(Edited::is_bastion);
            app.screen = if bastion { Screen::Bastions } else { Screen::Tunnels };
            if let Some(line) = line {
                app.list_mut().selection.name(line);
            }
        }
    }
    effects
}

fn press(app: &mut App, wizard: &mut Wizard, key: Key) -> (Stays, Vec<Effect>) {
    if key.code == Code::Esc {
        return back(app, wizard);
    }
    match wizard.step {
        Step::Bastion | Step::Access | Step::Database | Step::Local => (Stays::Yes, type_in(app, wizard, key)),
        Step::HandOff => match key.code {
            Code::Enter => (Stays::Yes, save(app, wizard, After::Show(Step::Climb))),
            Code::Char('q') => leave(app, wizard),
            Code::Char('y') => {
                let message = handoff::message(&app.snapshot, wizard);
                (Stays::Yes, copy(app, message, "there is nothing to copy yet"))
            }
            Code::Char('Y') => {
                let all = wizard.packet.clone().map(|text| (text, "the whole hand-off"));
                (Stays::Yes, copy(app, all, "the service has not told it yet"))
            }
            Code::Char('s') => {
                let subject = wizard.subject();
                (Stays::Yes, subject.map(|of| setup::open(app, of, Tab::Fitting)).unwrap_or_default())
            }
            Code::Char('k') => {
                let key = handoff::public_key(&app.snapshot, wizard).map(|key| (key, "the public key"));
                (Stays::Yes, copy(app, key, "the public key is not known here"))
            }
            code => {
                scroll(wizard, steps(code));
                (Stays::Yes, Vec::new())
            }
        },
        Step::Climb => on_ladder(app, wizard, key),
        Step::Done => match key.code {
            Code::Enter | Code::Char('q') => (Stays::No(wizard.tunnel.as_ref().map(Name::to_string)), Vec::new()),
            Code::Char('y') => {
                let url = done::string(&app.snapshot, wizard, false).map(|text| (text, "the connection string"));
                (Stays::Yes, copy(app, url, "there is none yet"))
            }
            Code::Char('c') => {
                let command = done::string(&app.snapshot, wizard, true).map(|text| (text, "the command"));
                (Stays::Yes, copy(app, command, "there is none yet"))
            }
            code => {
                scroll(wizard, steps(code));
                (Stays::Yes, Vec::new())
            }
        },
    }
}

/// Copies what there is, or says why there is nothing.
fn copy(app: &mut App, what: Option<(String, &str)>, nothing: &str) -> Vec<Effect> {
    match what {
        Some((text, what)) => vec![Effect::Copy { text, what: what.to_owned() }],
        None => {
            app.say(nothing);
            Vec::new()
        }
    }
}

/// A key on the ladder: the consent where one is asked, else what a diagnosis knows, and the way on.
fn on_ladder(app: &mut App, wizard: &mut Wizard, key: Key) -> (Stays, Vec<Effect>) {
    let stands = climb::stands(&app.snapshot, wizard);
    if let Stands::Unknown(fingerprint) = stands {
        if key.code != Code::Enter {
            wizard.consent.error = None;
            wizard.consent.field.key(key);
            return (Stays::Yes, Vec::new());
        }
        return match wizard.consent.judge(&fingerprint) {
            Ok(()) => (Stays::Yes, trust(app, wizard, fingerprint)),
            Err(why) => {
                wizard.consent.refuse(why);
                (Stays::Yes, Vec::new())
            }
        };
    }
    wizard.refused = None;
    let effects = match (key.code, stands) {
        (Code::Char('q'), _) => return leave(app, wizard),
        (Code::Enter, Stands::Whole) | (Code::Char('f'), Stands::Whole | Stands::Broken) => finish(app, wizard),
        (Code::Char('a'), Stands::Whole | Stands::Broken) => climb_again(app, wizard),
        _ => match app.keymap.action(&[Scope::Diagnosis], key) {
            None | Some(Action::Back | Action::Again) => Vec::new(),
            Some(Action::CopyAdvice) => page::copy_advice(app, page::number(key)),
            Some(action) => perform(app, action),
        },
    };
    (Stays::Yes, effects)
}

fn steps(code: Code) -> isize {
    match code {
        Code::Down | Code::Char('j') => 1,
        Code::Up => -1,
        Code::PageDown => 8,
        Code::PageUp => -8,
        _ => 0,
    }
}

fn scroll(wizard: &mut Wizard, lines: isize) {
    // The end is where the page is laid out.
    wizard.first = wizard.first.saturating_add_signed(lines).min(1000);
}

fn back(app: &mut App, wizard: &mut Wizard) -> (Stays, Vec<Effect>) {
    match (wizard.step, wizard.step.before()) {
        (Step::Done, _) => (Stays::No(wizard.tunnel.as_ref().map(Name::to_string)), Vec::new()),
        (Step::Bastion, _) if wizard.edited.is_some() => {
            if wizard.unsaved {
                app.say("nothing was changed");
            }
            (Stays::No(None), Vec::new())
        }
        (_, Some(before)) => (Stays::Yes, show(app, wizard, before)),
        (_, None) => leave(app, wizard),
    }
}

/// Back to the list; the draft stays.
fn leave(app: &mut App, wizard: &mut Wizard) -> (Stays, Vec<Effect>) {
    let effects = if wizard.unsaved { save(app, wizard, After::Nothing) } else { Vec::new() };
    let line = wizard.kept.as_ref().map(|name| Subject::Draft(name.clone()).to_string());
    if line.is_some() || !effects.is_empty() {
        app.say("the draft waits in the list; enter goes on with it");
    }
    (Stays::No(line), effects)
}

/// A key for the fields.
fn type_in(app: &mut App, wizard: &mut Wizard, key: Key) -> Vec<Effect> {
    let snapshot = app.snapshot.clone();
    let leaves_field = matches!(key.code, Code::Enter | Code::Tab | Code::BackTab | Code::Up | Code::Down);
    if leaves_field {
        take_apart(wizard, &snapshot);
    }
    if key == Key::ctrl('y')
        && let Some(command) = bring::command(&wizard.brought).filter(|_| wizard.step == Step::Access)
    {
        return vec![Effect::Copy { text: command, what: "the command".to_owned() }];
    }
    if key == Key::ctrl('s') && wizard.edited.is_some() {
        return change(app, wizard);
    }
    let looking = match wizard.step {
        Step::Local => wizard.asked.iter().any(|(_, wish)| matches!(wish, Wish::Look(_))),
        Step::Access => wizard.brought.asked.is_some() && !wizard.access.types_on(),
        Step::Bastion | Step::Database | Step::HandOff | Step::Climb | Step::Done => false,
    };
    if key.code == Code::Enter && looking {
        // Whether one can go on depends on what is being looked at.
        wizard.queued.push_back(Input::Key(key));
        return Vec::new();
    }
    let Some(form) = wizard.form_mut() else { return Vec::new() };
    match form.key(key) {
        Came::Ignored | Came::Moved => Vec::new(),
        Came::Changed => changed(app, wizard),
        Came::Submitted if wizard.step == Step::Access && access::imports(&wizard.access) => {
            let Some((name, request)) = bring::request(&wizard.access, true) else { return Vec::new() };
            vec![ask(app, wizard, Wish::Import(name), Request::Key { ask: request })]
        }
        Came::Submitted => go_on(app, wizard),
    }
}

/// Splits a host that came with its login or port.
fn take_apart(wizard: &mut Wizard, snapshot: &Snapshot) {
    if wizard.step == Step::Bastion && wizard.bastion.focused() == bastion::HOST {
        bastion::split(&mut wizard.bastion);
        wizard.judge(snapshot);
    }
}

/// A field holds something else.
fn changed(app: &mut App, wizard: &mut Wizard) -> Vec<Effect> {
    let snapshot = app.snapshot.clone();
    (wizard.unsaved, wizard.refused, app.typed) = (true, None, app.now);
    wizard.brought.wrong = None;
    let look = (wizard.step == Step::Access && wizard.access.focused() == bring::KEY).then(|| {
        wizard.asked.retain(|(_, wish)| *wish != Wish::LookKey);
        bring::look(&wizard.access, &mut wizard.brought, app.asked.wrapping_add(1))
    });
    wizard.judge(&snapshot);
    if let Some(request) = look.flatten() {
        return vec![ask(app, wizard, Wish::LookKey, Request::Key { ask: request })];
    }
    if wizard.step != Step::Local || wizard.local.focused() != local::LISTEN {
        return Vec::new();
    }
    // An older answer is about another text.
    wizard.asked.retain(|(_, wish)| !matches!(wish, Wish::Look(_)));
    match local::to_look_at(&wizard.local) {
        Some((text, listen)) => {
            let but = wizard.own().cloned();
            vec![ask(app, wizard, Wish::Look(text), Request::CheckListen { listen, but })]
        }
        None => Vec::new(),
    }
}

fn paste(app: &mut App, wizard: &mut Wizard, text: &str) -> Vec<Effect> {
    if wizard.step == Step::Climb {
        wizard.consent.paste(text);
        return Vec::new();
    }
    let snapshot = app.snapshot.clone();
    let is_access = wizard.step == Step::Access;
    let Some(form) = wizard.form_mut() else { return Vec::new() };
    let key = if is_access { access::paste(form, text) } else { None };
    let (came, more) = key.map_or_else(|| form.paste(text), |came| (came, false));
    if came != Came::Changed {
        return Vec::new();
    }
    take_apart(wizard, &snapshot);
    let effects = changed(app, wizard);
    wizard.remark = more.then(|| "of the pasted lines only the first was taken".to_owned());
    effects
}

fn click(app: &mut App, wizard: &mut Wizard, y: u16) -> Vec<Effect> {
    let Some(places) = layout::places(app) else { return Vec::new() };
    let place = place_at(app.sight(), wizard, layout::body(&places), y);
    let (Some(place), Some(form)) = (place, wizard.form_mut()) else { return Vec::new() };
    match form.click(place) {
        Came::Changed => changed(app, wizard),
        Came::Ignored | Came::Moved | Came::Submitted => Vec::new(),
    }
}

/// Asks the service; its answer comes back by number.
fn ask(app: &mut App, wizard: &mut Wizard, wish: Wish, request: Request) -> Effect {
    app.asked = app.asked.wrapping_add(1);
    wizard.asked.push((app.asked, wish));
    Effect::Ask { id: app.asked, request }
}

/// Keeps the draft.
fn save(app: &mut App, wizard: &mut Wizard, after: After) -> Vec<Effect> {
    let snapshot = app.snapshot.clone();
    let page = match after {
        After::Show(step) => step,
        After::Nothing | After::Quit => wizard.step,
    };
    let Some(draft) = wizard.draft(&snapshot, page) else { return Vec::new() };
    let key = match &draft.access {
        Access::NewKey { name, kind } if draft.page >= Step::HandOff.page() => Some((name.clone(), *kind)),
        Access::NewKey { .. } | Access::Open | Access::Bastions | Access::Identity(_) => None,
    };
    let was = wizard.kept.clone();
    // A later save replaces this one under the name that it gives.
    wizard.kept = Some(draft.name.clone());
    wizard.unsaved = false;
    wizard.was.clone_from(&was);
    vec![ask(app, wizard, Wish::Save(after, key), Request::SaveDraft { draft: Box::new(draft), was })]
}

fn trust(app: &mut App, wizard: &mut Wizard, fingerprint: String) -> Vec<Effect> {
    let Some(subject) = wizard.subject() else { return Vec::new() };
    vec![ask(app, wizard, Wish::Trust, Request::TrustHost { subject, fingerprint })]
}

fn climb_again(app: &mut App, wizard: &mut Wizard) -> Vec<Effect> {
    let Some(subject) = wizard.subject() else { return Vec::new() };
    wizard.consent = climb::Consent::default();
    app.diagnosis = Some(Page::of(subject.clone()));
    vec![ask(app, wizard, Wish::Climb, Request::Diagnose { subject, admin: None })]
}

fn finish(app: &mut App, wizard: &mut Wizard) -> Vec<Effect> {
    let Some(name) = wizard.kept.clone() else { return Vec::new() };
    vec![ask(app, wizard, Wish::Finish(name.clone()), Request::FinishDraft { name })]
}

/// To the next page; what is changed and has none is changed.
fn go_on(app: &mut App, wizard: &mut Wizard) -> Vec<Effect> {
    let next = wizard.step.next();
    match &wizard.edited {
        Some(edited) if edited.last() == wizard.step => change(app, wizard),
        Some(_) => show(app, wizard, next),
        None => save(app, wizard, After::Show(next)),
    }
}

/// Asks for the tunnel or the bastion to be as its pages say, from any of them; a new key is made first.
fn change(app: &mut App, wizard: &mut Wizard) -> Vec<Effect> {
    let snapshot = app.snapshot.clone();
    let Some(edited) = wizard.edited.clone() else { return Vec::new() };
    let pages = edited.steps().iter().copied();
    if let Some(open) = pages.clone().find(|step| wizard.form_of(*step).is_some_and(|form| !form.is_whole())) {
        let effects = show(app, wizard, open);
        if let Some(form) = wizard.form_mut() {
            form.enter();
        }
        return effects;
    }
    let Some(mut draft) = wizard.changes(&snapshot) else { return Vec::new() };
    if let Access::NewKey { name, kind } = &draft.access {
        let made = (name.clone(), *kind);
        if wizard.made.as_ref() != Some(&made) {
            let request = KeyRequest::Make { name: made.0.clone(), kind: made.1, comment: None, passphrase: None };
            return vec![ask(app, wizard, Wish::Make(made.0, made.1), Request::Key { ask: request })];
        }
        draft.access = Access::Identity(Identity::Key(made.0));
    }
    let (name, draft) = (edited.name.clone(), Box::new(draft));
    if edited.is_bastion() {
        let to = draft.bastion_name().cloned().unwrap_or_else(|| name.clone());
        return vec![ask(app, wizard, Wish::Change(to), Request::EditBastion { name, draft })];
    }
    vec![ask(app, wizard, Wish::Change(draft.name.clone()), Request::EditTunnel { name, draft })]
}

/// Shows a page.
fn show(app: &mut App, wizard: &mut Wizard, step: Step) -> Vec<Effect> {
    let snapshot = app.snapshot.clone();
    (wizard.step, wizard.first) = (step, 0);
    wizard.reached = wizard.reached.max(step);
    app.diagnosis = None;
    if step == Step::Local {
        let (bastion, database) = (bastion::chosen(&wizard.bastion), database::chosen(&wizard.database));
        let dbname = database::words(&wizard.database).1;
        let own = wizard.own().cloned();
        local::propose(&mut wizard.local, &snapshot, own.as_ref(), &bastion, database.as_ref(), dbname.as_deref());
    }
    wizard.judge(&snapshot);
    if let Some(form) = wizard.form_mut() {
        form.settle();
    }
    match (step, wizard.subject()) {
        (Step::Climb, _) => climb_again(app, wizard),
        (Step::HandOff, Some(subject)) => {
            wizard.packet = None;
            vec![ask(app, wizard, Wish::HandOff, Request::HandOff { subject })]
        }
        _ => Vec::new(),
    }
}

/// Takes an answer of the service. One that belongs to no question any more only counts when it is a refusal to keep a draft.
pub(super) fn told(app: &mut App, id: u64, outcome: Result<Reply, String>) -> Vec<Effect> {
    let look = match &outcome {
        Ok(Reply::KeyLook { look }) => Some(look.clone()),
        _ => None,
    };
    let wrong = matches!(&outcome, Ok(Reply::Refused { code: PERSON, .. }));
    let (outcome, packet) = match outcome {
        Ok(Reply::Refused { message, .. }) => (Err(message), None),
        Ok(Reply::HandOff { setup }) => (Ok(()), sheet(&setup, Sheet::Text(None)).ok()),
        other => (other.map(|_| ()), None),
    };
    let Some(mut wizard) = app.wizard.take() else {
        if let Err(why) = outcome {
            app.complain(format!("the draft: {why}"));
        }
        return Vec::new();
    };
    let Some(index) = wizard.asked.iter().position(|(asked, _)| *asked == id) else {
        app.wizard = Some(wizard);
        return Vec::new();
    };
    let (_, wish) = wizard.asked.remove(index);
    if wish == Wish::LookKey {
        (wizard.brought.asked, wizard.brought.look) = (None, look);
    }
    if let (Wish::Import(_), Err(why), true) = (&wish, &outcome, wrong) {
        wizard.brought.wrong = Some(why.clone());
        wizard.access.focus(bring::PASSPHRASE);
    }
    if wish == Wish::HandOff {
        // Without it the page says the least that must be done.
        wizard.packet = packet;
    }
    if let (Wish::Change(name), Ok(())) = (&wish, &outcome) {
        app.say(format!("{name} is changed"));
        app.list_mut().selection.name(name.to_string());
        return Vec::new();
    }
    let mut effects = match outcome {
        Ok(()) => granted(app, &mut wizard, wish),
        Err(why) => refused(&mut wizard, wish, why),
    };
    let snapshot = app.snapshot.clone();
    wizard.judge(&snapshot);
    app.wizard = Some(wizard);
    while let Some(wizard) = app.wizard.as_mut().filter(|wizard| !wizard.is_waiting()) {
        let Some(next) = wizard.queued.pop_front() else { break };
        effects.extend(input(app, next));
    }
    effects
}

fn granted(app: &mut App, wizard: &mut Wizard, wish: Wish) -> Vec<Effect> {
    match wish {
        Wish::Save(after, key) => {
            wizard.made = key.or_else(|| wizard.made.take());
            match after {
                After::Nothing => Vec::new(),
                After::Show(step) => show(app, wizard, step),
                After::Quit => vec![Effect::Quit],
            }
        }
        Wish::Look(text) => {
            wizard.looked = local::Looked { text, why: None };
            Vec::new()
        }
        Wish::Import(name) => {
            access::take(&mut wizard.access, &name);
            (wizard.brought, wizard.unsaved) = (bring::Looked::default(), true);
            let snapshot = app.snapshot.clone();
            wizard.judge(&snapshot);
            go_on(app, wizard)
        }
        Wish::Make(name, kind) => {
            wizard.made = Some((name, kind));
            change(app, wizard)
        }
        Wish::LookKey => Vec::new(),
        Wish::Trust => climb_again(app, wizard),
        Wish::Climb | Wish::Up | Wish::Change(_) | Wish::HandOff => Vec::new(),
        Wish::Finish(name) => {
            app.diagnosis = None;
            app.acted.push(name.clone());
            (wizard.tunnel, wizard.kept, wizard.unsaved) = (Some(name.clone()), None, false);
            (wizard.step, wizard.reached, wizard.first) = (Step::Done, Step::Done, 0);
            vec![ask(app, wizard, Wish::Up, Request::Up { names: vec![name] })]
        }
    }
}

fn refused(wizard: &mut Wizard, wish: Wish, why: String) -> Vec<Effect> {
    match wish {
        Wish::Save(after, _) => {
            // It is still kept as it was before, if it was.
            wizard.kept = wizard.was.take();
            wizard.queued.clear();
            wizard.refused = Some(why);
            if after == After::Quit {
                wizard.remark = Some("ctrl-c again leaves without what was typed last".to_owned());
            }
        }
        Wish::Look(text) => wizard.looked = local::Looked { text, why: Some(why) },
        Wish::Trust => wizard.consent.refuse(why),
        Wish::HandOff => {}
        // It is said beside the field.
        Wish::Import(_) if wizard.brought.wrong.is_some() => wizard.queued.clear(),
        Wish::Make(..)
        | Wish::LookKey
        | Wish::Import(_)
        | Wish::Climb
        | Wish::Finish(_)
        | Wish::Up
        | Wish::Change(_) => {
            wizard.queued.clear();
            wizard.refused = Some(why);
        }
    }
    Vec::new()
}
