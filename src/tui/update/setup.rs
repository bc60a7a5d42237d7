//! What keys, pastes, clicks and answers do to the set-up for the bastion's admin, and to what of it a diagnosis offers.

use std::sync::Arc;

use super::page as diagnosis;
use crate::model::{Admin, ChosenBastion, Endpoint, Name, Subject};
use crate::service::{Reply, Request, Setup, Sheet, sheet};
use crate::tui::action::Action;
use crate::tui::app::{App, Link, Screen};
use crate::tui::effect::Effect;
use crate::tui::input::Input;
use crate::tui::key::{Code, Key};
use crate::tui::layout;
use crate::tui::overlay::{Make, Overlay, Prompt};
use crate::tui::setup::{self, At, Page, Tab, Want};

/// What the selected line is, where it has a set-up.
fn selected(app: &App) -> Option<Subject> {
    match app.screen {
        Screen::Tunnels => {
            let tunnel = app.tunnel().map(|tunnel| Subject::Tunnel(tunnel.name.clone()));
            tunnel.or_else(|| app.draft().map(|draft| Subject::Draft(draft.name.clone())))
        }
        Screen::Bastions => app.bastion().map(|bastion| Subject::Bastion(bastion.name.clone())),
        Screen::Keys | Screen::Journal => None,
    }
}

/// What the page or the line below is about.
fn subject(app: &App) -> Option<Subject> {
    match &app.diagnosis {
        Some(page) => Some(page.subject.clone()),
        None => selected(app),
    }
}

/// Opens the page on a tab.
pub(super) fn open(app: &mut App, subject: Subject, tab: Tab) -> Vec<Effect> {
    app.setup.page = Some(Box::new(Page::new(subject.clone(), tab)));
    // An answer to an older question is about another page.
    app.setup.asked.retain(|(_, want)| *want != Want::Page);
    vec![ask(app, subject, Want::Page)]
}

fn ask(app: &mut App, subject: Subject, want: Want) -> Effect {
    app.asked = app.asked.wrapping_add(1);
    app.setup.asked.push((app.asked, want));
    Effect::Ask { id: app.asked, request: Request::HandOff { subject } }
}

/// Actions of other places that lead here.
pub(super) fn owns(action: Action) -> bool {
    matches!(
        action,
        Action::SetUp
            | Action::SetUpBastion
            | Action::SetUpHere
            | Action::CopyCheck
            | Action::PasteReceipt
            | Action::LookAs
    )
}

/// Why an action cannot be done now.
pub(super) fn obstacle(app: &App, action: Action) -> Option<&'static str> {
    let gone = || (app.link == Link::Gone).then_some("the service is gone");
    match action {
        Action::SetUp => gone().or_else(|| selected(app).is_none().then_some("no tunnel is selected")),
        Action::SetUpBastion => gone().or_else(|| selected(app).is_none().then_some("no bastion is selected")),
        Action::SetUpHere | Action::CopyCheck | Action::PasteReceipt => gone(),
        Action::LookAs => gone().or_else(|| match bastion(app) {
            None => Some("its bastion is not known yet"),
            Some(_) => None,
        }),
        Action::SetupBack => None,
        _ => {
            let Some(page) = app.setup.page.as_deref() else { return Some("no set-up is open") };
            match action {
                Action::SetupNextTab | Action::SetupPreviousTab | Action::SetupPaste => None,
                Action::SetupWrite => gone().or_else(|| page.setup.is_none().then_some("nothing is known yet")),
                _ if page.setup.is_none() => Some("nothing is known yet"),
                Action::SetupMarkdown if !matches!(page.tab, Tab::Fitting | Tab::On(_)) => {
                    Some("only the steps of a platform come as Markdown")
                }
                Action::SetupCopyStep if page.entry().is_none_or(|entry| entry.whole.0.is_empty()) => {
                    Some("there is nothing to copy here")
                }
                Action::SetupCopyAll if page.tab == Tab::Receipt && page.checklist().is_none() => {
                    Some("no receipt was read yet")
                }
                Action::SetupCopyNumber if page.entry().is_none_or(|entry| entry.commands.is_empty()) => {
                    Some("there is no command to copy")
                }
                _ => None,
            }
        }
    }
}

/// Does what nothing is in the way of.
pub(super) fn perform(app: &mut App, action: Action) -> Vec<Effect> {
    match action {
        Action::SetUp | Action::SetUpBastion => {
            selected(app).map(|subject| open(app, subject, Tab::Fitting)).unwrap_or_default()
        }
        Action::SetUpHere => subject(app).map(|subject| open(app, subject, Tab::Fitting)).unwrap_or_default(),
        Action::PasteReceipt => subject(app).map(|subject| open(app, subject, Tab::Receipt)).unwrap_or_default(),
        Action::CopyCheck => subject(app).map(|of| vec![ask(app, of, Want::CheckScript)]).unwrap_or_default(),
        Action::LookAs => look_as(app),
        _ => on_page(app, action),
    }
}

fn on_page(app: &mut App, action: Action) -> Vec<Effect> {
    let (forward, size) = (action == Action::SetupForward, size(app));
    let ink = app.ink();
    let Some(page) = app.setup.page.as_deref() else { return Vec::new() };
    let (room, opened) = setup::room(page, ink, size.0, size.1);
    let Some(page) = app.setup.page.as_deref_mut() else { return Vec::new() };
    match action {
        Action::SetupNextTab => page.turn(page.beside(true)),
        Action::SetupPreviousTab => page.turn(page.beside(false)),
        Action::SetupDown => page.choose(page.at + 1),
        Action::SetupUp => page.choose(page.at.saturating_sub(1)),
        Action::SetupFirst => page.choose(0),
        Action::SetupLast => page.choose(usize::MAX),
        Action::SetupForward | Action::SetupBackward => {
            scroll(page, (room, opened), forward, room.saturating_sub(1).max(1));
        }
        Action::SetupPaste => {
            page.turn(Tab::Receipt);
            page.pasting = Some(String::new());
            // What was wrong with the one before says nothing of the next.
            page.judged.take_if(|judged| judged.is_err());
        }
        Action::SetupBack => app.setup.page = None,
        _ => return copy(page, action),
    }
    Vec::new()
}

/// Moves through the opened entry, and at its end to the next.
fn scroll(page: &mut Page, (room, opened): (usize, usize), forward: bool, lines: usize) {
    let last = opened.saturating_sub(room);
    if forward && page.first < last {
        page.first = (page.first + lines).min(last);
    } else if forward {
        page.choose(page.at + 1);
    } else if page.first > 0 {
        page.first = page.first.min(last).saturating_sub(lines);
    } else {
        page.choose(page.at.saturating_sub(1));
    }
}

fn copy(page: &Page, action: Action) -> Vec<Effect> {
    let Some(setup) = page.setup.as_deref() else { return Vec::new() };
    let of = page.subject.words();
    let copied = |(text, what): (String, String)| vec![Effect::Copy { text, what }];
    match action {
        Action::SetupCopyStep => page.entry().map(|entry| copied(entry.whole.clone())).unwrap_or_default(),
        Action::SetupCopyNumber => number(page, 1),
        Action::SetupCopyAll => match page.tab {
            Tab::Receipt => page.checklist().map(|text| copied((text, "the checklist".to_owned()))).unwrap_or_default(),
            Tab::Fitting | Tab::On(_) | Tab::Scripts => {
                let what = match page.tab {
                    Tab::On(platform) => format!("the set-up of {of} for {platform}"),
                    Tab::Fitting | Tab::Scripts | Tab::Receipt => format!("the set-up of {of}"),
                };
                sheet(setup, page.sheet()).map(|text| copied((text, what))).unwrap_or_default()
            }
        },
        Action::SetupMarkdown => {
            let platform = if let Tab::On(platform) = page.tab { Some(platform) } else { None };
            let what = format!("the set-up of {of} as Markdown");
            sheet(setup, Sheet::Markdown(platform)).map(|text| copied((text, what))).unwrap_or_default()
        }
        Action::SetupCopyCheck => check_script(setup).map(copied).unwrap_or_default(),
        Action::SetupWrite => {
            let request = Request::SaveHandOff { subject: page.subject.clone(), sheet: page.sheet() };
            vec![Effect::Request { request, about: format!("write the set-up of {of}") }]
        }
        _ => Vec::new(),
    }
}

fn check_script(setup: &Setup) -> Result<(String, String), String> {
    sheet(setup, Sheet::Check).map(|text| (text, "the check script: the bastion's admin runs it as root".to_owned()))
}

/// Copies the command that has this number, from 1.
fn number(page: &Page, number: usize) -> Vec<Effect> {
    let command = page.entry().and_then(|entry| entry.commands.get(number.saturating_sub(1)));
    command.map(|text| Effect::Copy { text: text.clone(), what: format!("command {number}") }).into_iter().collect()
}

/// Copies by the figure on a key, or says why not.
pub(super) fn copy_number(app: &mut App, key: Key) -> Vec<Effect> {
    if let Some(why) = obstacle(app, Action::SetupCopyNumber) {
        app.say(format!("{}: {why}", Action::SetupCopyNumber.id()));
        return Vec::new();
    }
    let wanted = diagnosis::number(key);
    let effects = app.setup.page.as_deref().map(|page| number(page, wanted)).unwrap_or_default();
    if effects.is_empty() {
        app.say(format!("{}: no command has the number {wanted}", Action::SetupCopyNumber.id()));
    }
    effects
}

/// The lines and columns that the page has.
fn size(app: &App) -> (usize, usize) {
    let inner = layout::places(app).map(|places| layout::inside(layout::body(&places))).unwrap_or_default();
    (usize::from(inner.width), usize::from(inner.height))
}

/// Takes a key while a receipt is typed or pasted; nothing where keys are commands.
pub(super) fn type_in(app: &mut App, key: Key) -> Option<Vec<Effect>> {
    let now = app.now;
    let page = app.setup.page.as_deref_mut()?;
    let pasted = page.pasting.as_mut()?;
    match (key.code, key.ctrl) {
        (Code::Esc, _) => {
            page.pasting = None;
            page.judged.take_if(|judged| judged.is_err());
            page.fill();
        }
        (Code::Enter, _) => {
            // A terminal that types a paste key by key ends each line so.
            page.push('\n');
            page.read(now);
        }
        (Code::Char('u'), true) => {
            pasted.clear();
            page.judged.take_if(|judged| judged.is_err());
        }
        (Code::Char('z'), true) => return Some(vec![Effect::Suspend]),
        (Code::Backspace, _) => {
            pasted.pop();
        }
        _ => {
            if let Some(c) = key.text() {
                page.push(c);
            }
        }
    }
    Some(Vec::new())
}

/// Takes a paste, a click or the wheel.
pub(super) fn input(app: &mut App, input: Input) -> Vec<Effect> {
    let (now, size, ink) = (app.now, size(app), app.ink());
    let Some(page) = app.setup.page.as_deref() else { return Vec::new() };
    match input {
        Input::Paste(text) => {
            let Some(page) = app.setup.page.as_deref_mut() else { return Vec::new() };
            if page.tab != Tab::Receipt {
                page.turn(Tab::Receipt);
            }
            page.paste(&text, now);
        }
        Input::Click(x, y) => {
            let Some(places) = layout::places(app) else { return Vec::new() };
            let inner = layout::inside(layout::body(&places));
            let (Some(line), Some(column)) = (y.checked_sub(inner.y), x.checked_sub(inner.x)) else {
                return Vec::new();
            };
            let column = usize::from(column);
            let at = setup::lay_out(page, ink, size.0, size.1).rows.get(usize::from(line)).map(|(at, _)| *at);
            let tab =
                setup::tabs(page, size.0).into_iter().find(|(_, left, wide)| (*left..left + wide).contains(&column));
            let Some(page) = app.setup.page.as_deref_mut() else { return Vec::new() };
            match (at, tab) {
                (Some(At::Tabs), Some((tab, ..))) => page.turn(tab),
                (Some(At::Entry(index)), _) if index != page.at => page.choose(index),
                _ => {}
            }
        }
        Input::Scroll(_, _, lines) => {
            let room = setup::room(page, ink, size.0, size.1);
            let Some(page) = app.setup.page.as_deref_mut() else { return Vec::new() };
            scroll(page, room, lines > 0, usize::from(lines.unsigned_abs()));
        }
        Input::Key(_)
        | Input::Focus(_)
        | Input::Ground(_)
        | Input::Resize(..)
        | Input::Redraw
        | Input::Suspend
        | Input::Closed => {}
    }
    Vec::new()
}

/// Takes an answer of the service; gives it back where it is for somebody else.
pub(super) fn told(
    app: &mut App,
    id: u64,
    outcome: Result<Reply, String>,
) -> Result<Vec<Effect>, Result<Reply, String>> {
    let Some(index) = app.setup.asked.iter().position(|(asked, _)| *asked == id) else { return Err(outcome) };
    let (_, want) = app.setup.asked.remove(index);
    let now = app.now;
    let outcome = match outcome {
        Ok(Reply::HandOff { setup }) => Ok(setup),
        Ok(Reply::Refused { message, .. }) | Err(message) => Err(message),
        Ok(other) => Err(format!("the service answered something else: {other:?}").chars().take(200).collect()),
    };
    match (want, outcome, app.setup.page.as_deref_mut()) {
        (Want::Page, Ok(setup), Some(page)) => page.learn(setup, now),
        (Want::Page, Err(why), Some(page)) => page.refused = Some(why),
        // Whoever asked has closed it meanwhile.
        (Want::Page, _, None) => {}
        (Want::CheckScript, Ok(setup), _) => match check_script(&setup) {
            Ok((text, what)) => return Ok(vec![Effect::Copy { text, what }]),
            Err(why) => app.complain(why),
        },
        (Want::CheckScript, Err(why), _) => app.complain(format!("the check script: {why}")),
    }
    Ok(Vec::new())
}

/// The bastion of the diagnosis on screen.
fn bastion(app: &App) -> Option<(Name, Endpoint)> {
    let known = |name: &Name| {
        let found = app.snapshot.bastions.iter().find(|bastion| bastion.name == *name)?;
        Some((found.name.clone(), found.endpoint.clone()))
    };
    match subject(app)? {
        Subject::Bastion(name) => known(&name),
        Subject::Tunnel(name) => known(&app.snapshot.tunnels.iter().find(|tunnel| tunnel.name == name)?.bastion),
        Subject::Draft(name) => match &app.snapshot.drafts.iter().find(|draft| draft.name == name)?.bastion {
            ChosenBastion::Open => None,
            ChosenBastion::Known(name) => known(name),
            ChosenBastion::New { name, endpoint, .. } => Some((name.clone(), endpoint.clone())),
        },
    }
}

/// Asks whose login may look on the bastion, then climbs with it.
fn look_as(app: &mut App) -> Vec<Effect> {
    let (Some(subject), Some((name, endpoint))) = (subject(app), bastion(app)) else { return Vec::new() };
    let before = app.setup.admins.get(&name).map(|admin| short(admin, &endpoint));
    let begin = before.unwrap_or_default();
    let about = format!("diagnose {subject}");
    let (host, place) = (endpoint.host.to_string(), endpoint.clone());
    let make: Make = Arc::new(move |typed| {
        let typed = typed.trim();
        // The bastion is what is meant where only a login is given.
        let whole = if typed.contains('@') { typed.to_owned() } else { format!("{typed}@[{host}]") };
        let admin = Admin::parse(&whole, &endpoint).map_err(|_| {
            if typed.is_empty() {
                "type a login of yours on the bastion".to_owned()
            } else {
                format!("{typed:?} is no login: give USER, USER@HOST or USER@HOST:PORT")
            }
        })?;
        Ok((Request::Diagnose { subject: subject.clone(), admin: Some(admin) }, about.clone()))
    });
    let words = format!(
        "A login of your own on {name}, such as root or ops@{}: it looks at the account, its files and sshd's settings and changes \
         nothing. Your agent's keys and those in ~/.ssh are tried.",
        place.host
    );
    app.overlays.push(Overlay::Prompt(Prompt::new("Look with a login of your own", words, make).with(&begin)));
    Vec::new()
}

/// As a person types it.
fn short(admin: &Admin, bastion: &Endpoint) -> String {
    if admin.endpoint == *bastion { format!("{}@{}", admin.user, bastion.host) } else { admin.to_string() }
}

/// Remembers whose login looks, for the next time on the same bastion.
pub(super) fn remember(app: &mut App, request: &Request) {
    let Request::Diagnose { admin: Some(admin), .. } = request else { return };
    if let Some((name, _)) = bastion(app) {
        app.setup.admins.insert(name, admin.clone());
    }
    // The broken rung opens again by itself.
    if let Some(page) = &mut app.diagnosis {
        (page.chosen, page.admin) = (None, Some(admin.clone()));
    }
}
