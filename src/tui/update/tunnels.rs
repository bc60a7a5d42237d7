//! What the keys of the Tunnels screen do, on tunnels and on drafts of them. It draws nothing.

use super::{copied, copy, global, many, names, open, page, removal, request, wizard};
use crate::model::recipe::{Format, Recipe};
use crate::model::{Code as Cause, Phase, Subject, TunnelStatus};
use crate::service::Request;
use crate::tui::action::Action;
use crate::tui::app::{App, Link, Screen};
use crate::tui::effect::Effect;
use crate::tui::overlay::Overlay;
use crate::tui::widget::field::Field;

/// Why an action on tunnels or drafts cannot be done now.
pub(super) fn obstacle(app: &App, action: Action) -> Option<&'static str> {
    if needs_service(action) && app.link == Link::Gone {
        return Some("the service is gone");
    }
    if matches!(action, Action::Resume | Action::Drop) {
        return app.draft().is_none().then_some("no draft is selected");
    }
    if matches!(action, Action::New | Action::Sort | Action::Group | Action::MarkAll) {
        return None;
    }
    let Some(tunnel) = app.tunnel() else { return Some("no tunnel is selected") };
    match action {
        Action::Toggle | Action::Restart if !app.marked.is_empty() => None,
        Action::Toggle if tunnel.phase == Phase::Closing => Some("it is closing; press again when it is off"),
        // Whoever marked several means them all.
        Action::Remove if !app.marked.is_empty() => Some("some are marked: space acts on them, esc unmarks"),
        Action::Copy if tunnel.listen.is_none() && copy::choices(app, tunnel).is_empty() => {
            Some("its local port is chosen when it first comes up")
        }
        Action::CopyFix if fix(tunnel).is_none() => Some("there is no command to copy"),
        // One key must not lead around a changed host key.
        Action::CopyFix if has_changed_key(tunnel) => Some("ask the bastion's admin first; a shows the fingerprints"),
        Action::Answer if asked(app, tunnel).is_none() && !has_changed_key(tunnel) => Some("nothing is asked"),
        Action::OpenClient if tunnel.phase != Phase::Up => Some("the tunnel is not up"),
        Action::OpenClient if client_command(tunnel).is_none() => Some("no client is known for this kind"),
        _ => None,
    }
}

fn needs_service(action: Action) -> bool {
    matches!(
        action,
        Action::Toggle
            | Action::Restart
            | Action::New
            | Action::Drop
            | Action::Edit
            | Action::Remove
            | Action::Diagnose
            | Action::Rename
            | Action::Duplicate
    )
}

/// Does what nothing is in the way of.
pub(super) fn perform(app: &mut App, action: Action) -> Vec<Effect> {
    match (action, app.draft().cloned(), app.tunnel().cloned()) {
        (Action::New, ..) => wizard::open(app),
        (Action::Sort, ..) => {
            app.sort = app.sort.next();
            app.say(format!("sorted {}", app.sort.words()));
            Vec::new()
        }
        (Action::Group, ..) => {
            app.grouping = app.grouping.next();
            app.say(app.grouping.words());
            Vec::new()
        }
        (Action::MarkAll, ..) => {
            many::mark_all(app);
            Vec::new()
        }
        (Action::Resume, Some(draft), _) => wizard::resume(app, &draft),
        (Action::Drop, Some(draft), _) => open(app, removal::of_draft(&draft)),
        (_, _, Some(tunnel)) => on_tunnel(app, action, &tunnel),
        _ => Vec::new(),
    }
}

fn on_tunnel(app: &mut App, action: Action, tunnel: &TunnelStatus) -> Vec<Effect> {
    let name = tunnel.name.clone();
    if matches!(action, Action::Toggle | Action::Restart) {
        if let Some(effects) = many::perform(app, action) {
            return effects;
        }
        if !app.acted.contains(&name) {
            app.acted.push(name.clone());
        }
    }
    let names = vec![name.clone()];
    match action {
        Action::Toggle if tunnel.phase == Phase::Stopped => request(Request::Up { names }, format!("bring up {name}")),
        Action::Toggle => request(Request::Down { names, now: false }, format!("take down {name}")),
        Action::Restart => request(Request::Restart { names }, format!("restart {name}")),
        Action::Edit => wizard::edit(app, tunnel),
        Action::Remove => open(app, removal::of_tunnel(tunnel)),
        Action::Diagnose => page::open(app),
        Action::OpenClient => client_command(tunnel).map(|command| Effect::RunClient { command }).into_iter().collect(),
        Action::Copy => copy::of_tunnel(app, tunnel),
        Action::Mark => {
            many::mark(app);
            Vec::new()
        }
        Action::Rename => names::rename(app, Subject::Tunnel(name)),
        Action::Duplicate => names::duplicate(app, &name),
        Action::Events => {
            app.lists.entry(Screen::Journal).or_default().filter = Field::of(&format!("@{name}"));
            global::show(app, Screen::Journal)
        }
        Action::CopyFix => copied(fix(tunnel), format!("the command that mends {name}")),
        _ => answer(app, tunnel),
    }
}

/// Opens the question that a tunnel waits for, or says what is wrong with its bastion's key.
fn answer(app: &mut App, tunnel: &TunnelStatus) -> Vec<Effect> {
    let pending = asked(app, tunnel).and_then(|id| app.snapshot.questions.iter().find(|p| p.id == id).cloned());
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
