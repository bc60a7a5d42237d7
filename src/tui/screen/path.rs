//! The way to the database as a drawing: you, the bastion, the database, and where it is broken.

use ratatui::text::{Line, Span};

use crate::model::{Phase, Rung, TunnelStatus};
use crate::tui::app::App;
use crate::tui::theme::Role;
use crate::tui::widget::badge::State;
use crate::tui::widget::text;

/// The drawing's two lines, at most `width` cells wide.
pub(super) fn lines(app: &App, tunnel: &TunnelStatus, width: usize) -> [Line<'static>; 2] {
    let state = State::of(tunnel);
    let broken = tunnel.fault.as_ref().map(|fault| fault.rung);
    let reached = if tunnel.phase == Phase::Connecting { tunnel.rung } else { None };
    let target = text::cut(&tunnel.database.endpoint().to_string(), width / 2);
    let bastion = text::cut(tunnel.bastion.as_str(), width / 4);
    let fixed = 3 + 4 + bastion.chars().count() + target.chars().count();
    let room = width.saturating_sub(fixed);
    let idle = matches!(state, State::Stopped | State::Closing);

    let near_broken = broken.is_some_and(|rung| rung < Rung::Open);
    let far_broken = broken.is_some_and(|rung| rung >= Rung::Open);
    let near = nearer(room, broken);
    let far = room - near;
    let near_live = tunnel.phase == Phase::Up;
    let far_live = near_live && !far_broken;
    let figure = match (tunnel.rtt_ms, broken.or(reached)) {
        (Some(ms), _) if near_live => text::round_trip(ms),
        (_, Some(rung)) if near_broken || reached.is_some() => rung.to_string(),
        _ => String::new(),
    };
    let far_figure = if far_broken { broken.map(|rung| rung.to_string()).unwrap_or_default() } else { String::new() };

    let theme = &app.theme;
    let word = |text: &str| Span::styled(text.to_owned(), theme.style(Role::Text));
    let mut top = vec![word("you ")];
    top.push(stretch(app, near, &figure, near_broken, near_live && !idle));
    top.push(word(&format!(" {bastion} ")));
    top.push(stretch(app, far, &far_figure, far_broken, far_live && !idle));
    top.push(word(&format!(" {target}")));

    let port = tunnel.listen.as_ref().map_or_else(String::new, |listen| match listen.port() {
        Some(port) => format!(":{port}"),
        None => listen.to_string(),
    });
    let second = text::fit(&port, 4 + near + 1);
    let login = app.snapshot.bastions.iter().find(|other| other.name == tunnel.bastion);
    let login = login.map_or_else(String::new, |b| format!("{}@{}", b.user, b.endpoint.host));
    let below = Line::styled(text::cut(&format!("{second}{login}"), width), theme.style(Role::Muted));
    [Line::from(top), below]
}

/// How much of the room the stretch to the bastion gets: half, but where it is broken the rung's name must fit.
fn nearer(room: usize, broken: Option<Rung>) -> usize {
    let half = room.div_ceil(2);
    let Some(rung) = broken else { return half };
    // A cross and three blanks beside the name, and two cells of rail.
    let needed = (rung.to_string().len() + 6).min(room.saturating_sub(3));
    if rung < Rung::Open { half.max(needed) } else { half.min(room - needed) }
}

fn stretch(app: &App, width: usize, figure: &str, broken: bool, live: bool) -> Span<'static> {
    let (rail, gap) = match (app.ascii, live) {
        (false, true) => ("━", "╳"),
        (false, false) => ("┄", "╳"),
        (true, true) => ("=", "X"),
        (true, false) => ("-", "X"),
    };
    let role = if broken {
        Role::PathBroken
    } else if live {
        Role::Path
    } else {
        Role::Muted
    };
    let middle = match (broken, figure.is_empty()) {
        (true, true) => format!(" {gap} "),
        (true, false) => format!(" {gap} {figure} "),
        (false, true) => String::new(),
        (false, false) => format!(" {figure} "),
    };
    let middle =
        if middle.chars().count() + 2 > width { if broken { gap.to_owned() } else { String::new() } } else { middle };
    let left = width.saturating_sub(middle.chars().count());
    let text = format!("{}{middle}{}", rail.repeat(left.div_ceil(2)), rail.repeat(left / 2));
    Span::styled(text, app.theme.style(role))
}
