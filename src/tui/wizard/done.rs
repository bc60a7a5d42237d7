//! The last page: whether the tunnel is up, and what to connect with.

use ratatui::text::{Line, Span};

use super::{Sight, Wizard};
use crate::model::recipe::{Format, Recipe};
use crate::model::{Snapshot, TunnelStatus};
use crate::tui::theme::Role;
use crate::tui::widget::badge::State;
use crate::tui::widget::text;

/// Cells before a string.
const LABEL: usize = 11;

fn tunnel<'a>(snapshot: &'a Snapshot, wizard: &Wizard) -> Option<&'a TunnelStatus> {
    snapshot.tunnels.iter().find(|tunnel| Some(&tunnel.name) == wizard.tunnel.as_ref())
}

/// The lines of the page.
pub(crate) fn lines(sight: Sight<'_>, wizard: &Wizard, width: usize) -> Vec<Line<'static>> {
    let theme = sight.ink.theme;
    let Some(tunnel) = tunnel(sight.snapshot, wizard) else {
        return vec![Line::styled("asking the service …", theme.style(Role::Muted))];
    };
    let state = State::of(tunnel);
    let mut lines = vec![Line::from(vec![
        Span::styled(format!("{} {} ", sight.ink.glyph(state.glyph()), tunnel.name), theme.style(state.role())),
        Span::styled(state.word(), theme.style(state.role())),
    ])];
    if let Some(fault) = &tunnel.fault {
        let why = text::wrap(&fault.message, width).into_iter();
        lines.extend(why.map(|line| Line::styled(line, theme.style(Role::Failed))));
        let next = text::wrap("It is saved and does not work yet: in the list, d says why and what mends it.", width);
        lines.extend(next.into_iter().map(|line| Line::styled(line, theme.style(Role::Text))));
    }
    lines.push(Line::default());
    for (label, words) in strings(tunnel) {
        for (index, line) in text::wrap(&words, width.saturating_sub(LABEL)).into_iter().enumerate() {
            lines.push(Line::from(vec![
                Span::styled(text::fit(if index == 0 { label } else { "" }, LABEL), theme.style(Role::Muted)),
                Span::styled(line, theme.style(Role::Accent)),
            ]));
        }
    }
    lines
}

/// What to connect with, by form.
fn strings(tunnel: &TunnelStatus) -> Vec<(&'static str, String)> {
    let Some(listen) = &tunnel.listen else { return Vec::new() };
    let configured = tunnel.as_configured();
    let recipe = Recipe::of(&configured, listen);
    let client = Format::client(tunnel.database.kind);
    let formats = [Some(Format::Url), client, Some(Format::Hostport), Some(Format::Jdbc)];
    let written =
        formats.into_iter().flatten().filter_map(|format| Some((format.as_str(), recipe.plain(format).ok()?)));
    written.collect()
}

/// The URL, or the command of the database's own client.
pub(crate) fn string(snapshot: &Snapshot, wizard: &Wizard, command: bool) -> Option<String> {
    let tunnel = tunnel(snapshot, wizard)?;
    let format = if command { Format::client(tunnel.database.kind)? } else { Format::Url };
    Recipe::of(&tunnel.as_configured(), tunnel.listen.as_ref()?).plain(format).ok()
}
