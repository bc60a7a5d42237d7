//! What keys, pastes, clicks and answers do on the screen of keys and on its pages. It draws nothing.

use super::{copied, open};
use crate::model::{KeyStatus, Name};
use crate::service::{KeyDone, KeyRequest, Reply, Request};
use crate::tui::action::Action;
use crate::tui::app::{App, Link, Screen};
use crate::tui::effect::Effect;
use crate::tui::input::Input;
use crate::tui::key::{Code, Key};
use crate::tui::keys::{Errand, Filling, Page, Purpose, Reading, Topic, bring, place_at};
use crate::tui::layout;
use crate::tui::overlay::Overlay;
use crate::tui::widget::form::Came;

/// The refusal of a passphrase that is missing or wrong.
pub(super) const PERSON: u8 = 4;

/// Why an action on keys cannot be done now.
pub(super) fn obstacle(app: &App, action: Action) -> Option<&'static str> {
    let gone = (app.link == Link::Gone).then_some("the service is gone");
    if matches!(action, Action::NewKey | Action::ImportKey | Action::ShowKey) && app.keyring.page.is_some() {
        return Some("belongs to the list; esc goes back to it");
    }
    if matches!(action, Action::NewKey | Action::ImportKey) {
        return gone;
    }
    if matches!(action, Action::KeyBack | Action::KeyDown | Action::KeyUp) {
        return None;
    }
    if action == Action::CopyForAdmin {
        let some = app.keyring.reading().is_some_and(|reading| !reading.admin.is_empty());
        return (!some).then_some("nothing is left for the admin");
    }
    let Some(key) = subject(app) else { return Some("no key is selected") };
    let second = key.rotation.as_ref();
    match action {
        Action::CopyKey | Action::CopyLine | Action::ShowCode | Action::KeyPassphrase | Action::RotateKey
            if key.public_key.is_empty() =>
        {
            Some("its file cannot be used")
        }
        Action::KeyPassphrase if second.is_some() => Some("a rotation is under way; finish it or give it up first"),
        Action::RotateKey if second.is_none() && key.accounts.is_empty() => {
            Some("no bastion uses it, so no login can prove a second one; make a new key")
        }
        Action::RotateKey if second.is_none() => gone,
        Action::KeyPassphrase | Action::RemoveKey => gone,
        Action::FinishRotation | Action::AbortRotation | Action::CopySecond if second.is_none() => {
            Some("no rotation is under way")
        }
        Action::FinishRotation | Action::CopySecond if second.is_some_and(|second| second.broken.is_some()) => {
            Some("the second key's file cannot be used")
        }
        Action::FinishRotation if key.accounts.is_empty() => {
            Some("no bastion uses the key, so no login can prove the second one")
        }
        Action::FinishRotation | Action::AbortRotation => gone,
        _ => None,
    }
}

/// Does what nothing is in the way of.
pub(super) fn perform(app: &mut App, action: Action) -> Vec<Effect> {
    let snapshot = app.snapshot.clone();
    match action {
        Action::NewKey => return fill(app, Filling::make(&snapshot)),
        Action::ImportKey => return fill(app, Filling::import(&snapshot)),
        Action::KeyBack => return back(app),
        Action::KeyDown | Action::KeyUp => {
            scroll(app, if action == Action::KeyDown { 1 } else { -1 });
            return Vec::new();
        }
        Action::CopyForAdmin => {
            let lines = app.keyring.reading().map(|reading| reading.admin.join("\n"));
            return copied(lines, "what is left for the admin".to_owned());
        }
        _ => {}
    }
    let Some(key) = subject(app).cloned() else { return Vec::new() };
    let name = key.name.clone();
    match action {
        Action::CopyKey => copied(Some(key.public_key), format!("the public key {name}")),
        Action::CopyLine => copied(Some(key.authorized_key), format!("the line of {name} for authorized_keys")),
        Action::CopySecond => {
            let line = key.rotation.map(|second| second.authorized_key);
            copied(line, format!("the line of the second key of {name}"))
        }
        Action::ShowCode => read(app, name, Topic::Code),
        Action::RotateKey if key.rotation.is_some() => read(app, name, Topic::Rotation),
        Action::RotateKey if key.encrypted => fill(app, Filling::unlock(Purpose::Rotate(name), &snapshot)),
        Action::RotateKey => {
            read(app, name.clone(), Topic::Rotation);
            send(app, KeyRequest::Rotate { name, passphrase: None })
        }
        Action::FinishRotation if key.rotation.as_ref().is_some_and(|second| second.encrypted) => {
            fill(app, Filling::unlock(Purpose::Finish(name), &snapshot))
        }
        Action::FinishRotation => send(app, KeyRequest::FinishRotation { name, passphrase: None }),
        Action::AbortRotation => {
            let words = format!(
                "The second key is removed, and {name} is the key it was. If the admin has added the second line, it can go."
            );
            let request = Request::Key { ask: KeyRequest::AbortRotation { name: name.clone() } };
            let title = format!("Give the rotation of {name} up?");
            open(app, Overlay::confirm(title, words, format!("give the rotation of {name} up"), request))
        }
        Action::KeyPassphrase => fill(app, Filling::passphrase(&key, &snapshot)),
        Action::RemoveKey => remove(app, &key),
        _ => read(app, name, Topic::Details),
    }
}

/// The key that a page is about, or the selected one.
fn subject(app: &App) -> Option<&KeyStatus> {
    match app.keyring.reading() {
        Some(reading) => app.snapshot.keys.iter().find(|key| key.name == reading.key),
        None => app.selected().and_then(|index| app.keys().get(index).copied()),
    }
}

fn fill(app: &mut App, filling: Filling) -> Vec<Effect> {
    app.keyring.show(Some(Page::Filling(Box::new(filling))));
    Vec::new()
}

fn read(app: &mut App, name: Name, topic: Topic) -> Vec<Effect> {
    app.keyring.show(Some(Page::Reading(Reading::new(name, topic))));
    Vec::new()
}

/// Asks before a key is removed; one that is needed stays, and by whom is said.
fn remove(app: &mut App, key: &KeyStatus) -> Vec<Effect> {
    let name = &key.name;
    if let Some(users) = &key.needed_by {
        app.complain(format!("the key {name} is in use by {users}; give those another key first"));
        return Vec::new();
    }
    let second = if key.rotation.is_some() { " Its second key goes with it." } else { "" };
    let words = format!(
        "The file of {name} ({}) is deleted, and adit keeps no copy. Nothing here uses it.{second}",
        if key.fingerprint.is_empty() { "which cannot be read" } else { &key.fingerprint }
    );
    let request = Request::Key { ask: KeyRequest::Remove { name: name.clone() } };
    open(app, Overlay::confirm(format!("Remove the key {name}?"), words, format!("remove the key {name}"), request))
}

/// Leaves a page: from what is filled in for a key, or shown of it, to all of it; from there to the list. What the service was
/// asked for goes on.
fn back(app: &mut App) -> Vec<Effect> {
    let goes_on = app.keyring.awaited().map(|errand| format!("{} goes on", errand.about));
    let before = match app.keyring.page.take() {
        Some(Page::Filling(filling)) => match &filling.purpose {
            Purpose::Finish(name) => Some(Reading::new(name.clone(), Topic::Rotation)),
            Purpose::Make | Purpose::Import | Purpose::Rotate(_) | Purpose::Passphrase(_) => None,
        },
        Some(Page::Reading(reading)) if reading.topic == Topic::Code => Some(Reading::new(reading.key, Topic::Details)),
        Some(Page::Reading(_)) | None => None,
    };
    app.keyring.show(before.map(Page::Reading));
    if let Some(words) = goes_on {
        app.say(words);
    }
    Vec::new()
}

fn scroll(app: &mut App, lines: isize) {
    let Some(places) = layout::places(app) else { return };
    let area = layout::body(&places);
    let Some(page @ Page::Reading(_)) = &app.keyring.page else { return };
    let sheet = crate::tui::keys::sheet(app.key_sight(), page, area);
    let last = sheet.rows.len().saturating_sub(sheet.height);
    if let Some(Page::Reading(reading)) = &mut app.keyring.page {
        reading.first = reading.first.min(last).saturating_add_signed(lines).min(last);
    }
}

/// Asks the service, one thing at a time.
pub(super) fn send(app: &mut App, ask: KeyRequest) -> Vec<Effect> {
    if let Some(errand) = &app.keyring.errand {
        let words = format!("one moment: {}", errand.work);
        app.say(words);
        return Vec::new();
    }
    app.asked = app.asked.wrapping_add(1);
    let (about, work, then) = match &ask {
        KeyRequest::Make { name, .. } => {
            (format!("make the key {name}"), "making the key …", Some((name, Topic::Details)))
        }
        KeyRequest::Import { name, .. } => {
            (format!("import the key {name}"), "taking the key over …", Some((name, Topic::Details)))
        }
        KeyRequest::Rotate { name, .. } => (
            format!("rotate {name}"),
            "making the second key; one of rsa takes its seconds …",
            Some((name, Topic::Rotation)),
        ),
        KeyRequest::FinishRotation { name, .. } => (
            format!("finish the rotation of {name}"),
            "logging in with the second key, at every bastion that uses the first …",
            Some((name, Topic::Details)),
        ),
        KeyRequest::AbortRotation { name } => {
            (format!("give the rotation of {name} up"), "removing the second key …", Some((name, Topic::Details)))
        }
        KeyRequest::Passphrase { name, .. } => {
            (format!("the passphrase of {name}"), "writing the key anew …", Some((name, Topic::Details)))
        }
        KeyRequest::Remove { name } => (format!("remove the key {name}"), "removing the key …", None),
        KeyRequest::Look { .. } => ("look at the key".to_owned(), "looking at the key …", None),
    };
    let then = then.map(|(name, topic)| (name.clone(), topic));
    let work = app.keyring.filling().map_or(work, Filling::work);
    app.keyring.errand = Some(Errand { id: app.asked, page: app.keyring.number, about, work, then });
    vec![Effect::Ask { id: app.asked, request: Request::Key { ask } }]
}

/// Takes a newer state: what is filled in may be wrong by now.
pub(super) fn keep_up(app: &mut App) {
    let snapshot = app.snapshot.clone();
    if let Some(Page::Filling(filling)) = &mut app.keyring.page {
        filling.judge(&snapshot);
    }
}

/// Takes a key, a paste, a click or the wheel, on a page.
pub(super) fn input(app: &mut App, input: Input) -> Vec<Effect> {
    match (&app.keyring.page, input) {
        (Some(Page::Reading(_)), Input::Scroll(_, _, lines)) => {
            scroll(app, isize::from(lines));
            Vec::new()
        }
        (Some(Page::Filling(_)), Input::Key(key)) if key.code == Code::Esc => back(app),
        // While the service works on what is filled in, nothing of it changes.
        (Some(Page::Filling(_)), _) if app.keyring.awaited().is_some() => Vec::new(),
        (Some(Page::Filling(_)), Input::Key(key)) => type_in(app, key),
        (Some(Page::Filling(_)), Input::Paste(text)) => {
            let came = with_form(app, |filling| {
                bring::paste(&mut filling.form, &text).unwrap_or_else(|| filling.form.paste(&text).0)
            });
            came_to(app, came)
        }
        (Some(page), Input::Click(_, y)) => {
            let place = layout::places(app).and_then(|places| {
                let area = layout::body(&places);
                place_at(app.key_sight(), page, area, y)
            });
            let Some(place) = place else { return Vec::new() };
            let came = with_form(app, |filling| filling.form.click(place));
            came_to(app, came)
        }
        _ => Vec::new(),
    }
}

fn with_form(app: &mut App, act: impl FnOnce(&mut Filling) -> Came) -> Came {
    match &mut app.keyring.page {
        Some(Page::Filling(filling)) => act(filling),
        Some(Page::Reading(_)) | None => Came::Ignored,
    }
}

fn type_in(app: &mut App, key: Key) -> Vec<Effect> {
    if key == Key::ctrl('y') {
        let command = app.keyring.filling().and_then(|filling| bring::command(&filling.looked));
        return copied(command, "the command".to_owned());
    }
    let came = with_form(app, |filling| {
        let enter = key.code == Code::Enter && !filling.form.types_on();
        filling.in_a_hurry = enter && filling.looked.asked.is_some();
        if filling.in_a_hurry { Came::Ignored } else { filling.form.key(key) }
    });
    came_to(app, came)
}

/// What a key led to.
fn came_to(app: &mut App, came: Came) -> Vec<Effect> {
    match came {
        Came::Ignored | Came::Moved => Vec::new(),
        Came::Changed => changed(app),
        Came::Submitted => {
            let ask = app.keyring.filling().and_then(Filling::request);
            ask.map(|ask| send(app, ask)).unwrap_or_default()
        }
    }
}

fn changed(app: &mut App) -> Vec<Effect> {
    let snapshot = app.snapshot.clone();
    let id = app.asked.wrapping_add(1);
    let Some(Page::Filling(filling)) = &mut app.keyring.page else { return Vec::new() };
    (filling.refused, filling.looked.wrong) = (None, None);
    let ask = if filling.purpose == Purpose::Import && filling.form.focused() == bring::KEY {
        bring::look(&filling.form, &mut filling.looked, id)
    } else {
        None
    };
    filling.judge(&snapshot);
    let Some(ask) = ask else { return Vec::new() };
    app.asked = id;
    vec![Effect::Ask { id, request: Request::Key { ask } }]
}

/// The answer with this number is for a page of keys.
pub(super) fn expects(app: &App, id: u64) -> bool {
    let looks = app.keyring.filling().is_some_and(|filling| filling.looked.asked == Some(id));
    looks || app.keyring.errand.as_ref().is_some_and(|errand| errand.id == id)
}

/// Takes an answer that was expected.
pub(super) fn told(app: &mut App, id: u64, outcome: Result<Reply, String>) -> Vec<Effect> {
    let Some(errand) = app.keyring.errand.take_if(|errand| errand.id == id) else { return looked(app, outcome) };
    match outcome {
        Ok(Reply::Key { key }) => done(app, errand, key),
        Ok(Reply::Refused { code, message }) => refused(app, &errand, code, message),
        Ok(_) => {}
        Err(why) => refused(app, &errand, 1, why),
    }
    Vec::new()
}

fn looked(app: &mut App, outcome: Result<Reply, String>) -> Vec<Effect> {
    let snapshot = app.snapshot.clone();
    let Some(Page::Filling(filling)) = &mut app.keyring.page else { return Vec::new() };
    filling.looked.asked = None;
    match outcome {
        Ok(Reply::KeyLook { look }) => filling.looked.look = Some(look),
        Ok(Reply::Refused { message: why, .. }) | Err(why) => filling.refused = Some(why),
        Ok(_) => {}
    }
    filling.judge(&snapshot);
    if std::mem::take(&mut filling.in_a_hurry) { type_in(app, Key::plain(Code::Enter)) } else { Vec::new() }
}

fn done(app: &mut App, errand: Errand, key: KeyDone) {
    let KeyDone { done, said, admin } = key;
    let news = said.first().cloned().unwrap_or_default();
    if errand.page != app.keyring.number {
        // The person went elsewhere meanwhile, and what is there now is theirs.
        return in_passing(app, &errand, done, news);
    }
    let Some((name, topic)) = errand.then.clone() else {
        // It is gone, and its page with it.
        app.keyring.show(None);
        app.overlays.push(Overlay::show("Removed", [said, admin].concat().join("\n\n")));
        return;
    };
    if app.keyring.page.is_none() {
        return in_passing(app, &errand, done, news);
    }
    app.lists.entry(Screen::Keys).or_default().selection.name(name.to_string());
    let mut reading = Reading::new(name, if done { topic } else { Topic::Rotation });
    if said.len() > 1 {
        (reading.said, reading.failed, reading.admin) = (said, !done, admin);
    } else {
        app.say(news);
    }
    app.keyring.show(Some(Page::Reading(reading)));
}

/// Says how it ended, beside whatever the person does now.
fn in_passing(app: &mut App, errand: &Errand, done: bool, news: String) {
    if done {
        app.say(news);
    } else {
        app.complain(format!("{}: {news}", errand.about));
    }
}

/// A refusal is said where the person is: beside the passphrase, on the page, or below.
fn refused(app: &mut App, errand: &Errand, code: u8, message: String) {
    if errand.page != app.keyring.number {
        return in_passing(app, errand, false, message);
    }
    let snapshot = app.snapshot.clone();
    match &mut app.keyring.page {
        Some(Page::Filling(filling)) => {
            if code == PERSON {
                filling.looked.wrong = Some(message);
                filling.form.focus(bring::PASSPHRASE);
            } else {
                filling.refused = Some(message);
            }
            filling.judge(&snapshot);
        }
        Some(Page::Reading(reading)) => {
            (reading.said, reading.failed, reading.first) = (vec![message], true, 0);
        }
        None => in_passing(app, errand, false, message),
    }
}
