//! Several tunnels at once: marked by hand or all that show, brought up, taken down or restarted after they were named.

use super::{open, request};
use crate::model::{Name, Phase, TunnelStatus};
use crate::service::Request;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::effect::Effect;
use crate::tui::overlay::{Choice, Deed, Overlay};
use crate::tui::widget::list::Move;

/// Marks the selected tunnel, or takes its mark away, and goes on to the next.
pub(super) fn mark(app: &mut App) {
    let Some(name) = app.tunnel().map(|tunnel| tunnel.name.clone()) else { return };
    if !app.marked.remove(&name) {
        app.marked.insert(name);
    }
    super::list::go(app, Move::By(1));
}

/// Marks all tunnels that show; where they all are, takes the marks away.
pub(super) fn mark_all(app: &mut App) {
    let shown: Vec<Name> = app.tunnels().iter().map(|tunnel| tunnel.name.clone()).collect();
    if shown.iter().all(|name| app.marked.contains(name)) {
        app.marked.clear();
    } else {
        app.marked.extend(shown);
    }
}

/// The marked tunnels.
fn marked(app: &App) -> Vec<&TunnelStatus> {
    app.snapshot.tunnels.iter().filter(|tunnel| app.marked.contains(&tunnel.name)).collect()
}

/// Does something to the marked tunnels: at once to one, after a question that names them to several. Nothing where none is.
pub(super) fn perform(app: &mut App, action: Action) -> Option<Vec<Effect>> {
    let all = marked(app);
    let names = |phase: fn(Phase) -> bool| -> Vec<Name> {
        all.iter().filter(|tunnel| phase(tunnel.phase)).map(|tunnel| tunnel.name.clone()).collect()
    };
    let (off, on) = (names(|phase| phase == Phase::Stopped), names(|phase| phase != Phase::Stopped));
    let every = names(|_| true);
    let mut choices = vec![
        choice('u', "bring up", &off, |names| Request::Up { names }),
        choice('d', "take down", &on, |names| Request::Down { names, now: false }),
        choice('r', "restart", &every, |names| Request::Restart { names }),
    ];
    if action == Action::Restart {
        choices.rotate_right(1);
    }
    let mut choices: Vec<Choice> = choices.into_iter().flatten().collect();
    match every.len() {
        0 => return None,
        1 => {
            let Deed::Ask(asked, about) = choices.swap_remove(0).deed else { return None };
            note(app, &asked);
            return Some(request(asked, about));
        }
        _ => {}
    }
    let title = format!("{} tunnels are marked", every.len());
    Some(open(app, Overlay::choose(title, choices)))
}

fn choice(key: char, verb: &str, names: &[Name], make: fn(Vec<Name>) -> Request) -> Option<Choice> {
    let words: Vec<&str> = names.iter().map(Name::as_str).collect();
    let label = format!("{verb} {}", words.len());
    let about = if let [one] = words.as_slice() { format!("{verb} {one}") } else { label.clone() };
    let deed = Deed::Ask(make(names.to_vec()), about);
    (!names.is_empty()).then(|| Choice { key, label, detail: words.join(", "), deed })
}

/// Takes note of what the person brings up: its questions open by themselves. What was marked has been dealt with.
pub(super) fn note(app: &mut App, request: &Request) {
    if let Request::Up { names } | Request::Restart { names } = request {
        let new: Vec<Name> = names.iter().filter(|name| !app.acted.contains(name)).cloned().collect();
        app.acted.extend(new);
    }
    if matches!(request, Request::Up { .. } | Request::Restart { .. } | Request::Down { .. }) {
        app.marked.clear();
    }
}
