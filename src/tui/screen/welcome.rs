//! What a person sees who has no tunnel yet: what one is, when to use one, what to have at hand, and the ways in.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Paragraph};

use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::theme::Role;
use crate::tui::widget::{pane, text};

/// Longer lines are hard to read.
const WIDEST: usize = 92;

/// What is said, as paragraphs; the first that leave room for the ways in are shown.
const WHAT: [(&str, &str); 3] = [
    (
        "What a tunnel is",
        "A port on this machine that leads to a port on another. It goes, encrypted, through an SSH server that can reach \
         your database, often called a bastion. Programs here connect to the local port as if the database stood on this \
         machine; nothing about it becomes public.",
    ),
    (
        "When to use one",
        "The database has no public address, or only one server may reach it, or the way there should be encrypted and \
         closed to others. A tunnel is only as safe as the SSH server that it leads through.",
    ),
    (
        "What to have at hand",
        "A running SSH server that this machine reaches (making one is for a colleague who knows it), its address and your \
         account on it; the database's address as that server sees it. The rest is asked on the way, and can wait for others.",
    ),
];

/// Draws the welcome.
pub(super) fn draw(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let theme = &app.theme;
    let framed = pane::pane(app.ink(), Line::styled(" No tunnels yet ", theme.style(Role::Title)), true)
        .padding(Padding::horizontal(1));
    let inner = framed.inner(area);
    frame.render_widget(framed, area);
    let (width, height) = (usize::from(inner.width).min(WIDEST), usize::from(inner.height));
    let ways = ways(app, width);
    let mut lines: Vec<Line<'static>> = Vec::new();
    for (title, words) in WHAT {
        let words = text::wrap(words, width);
        if lines.len() + words.len() + 2 + ways.len() > height {
            break;
        }
        lines.push(Line::styled(title, theme.style(Role::Title)));
        lines.extend(words.into_iter().map(|line| Line::styled(line, theme.style(Role::Text))));
        lines.push(Line::default());
    }
    lines.extend(ways);
    frame.render_widget(Paragraph::new(lines), inner);
}

fn ways(app: &App, width: usize) -> Vec<Line<'static>> {
    let key = app.keymap.key(Action::New).map(|key| key.to_string()).unwrap_or_default();
    let ways = [
        (key, "sets up a tunnel, a question a page; at most two minutes"),
        ("adit demo".to_owned(), "in a shell: a look around, with tunnels that lead nowhere"),
        ("adit import".to_owned(), "in a shell: takes over your OpenSSH hosts and forwards"),
    ];
    let column = ways.iter().map(|(way, _)| way.len()).max().unwrap_or(0) + 2;
    let line = |(way, words): (String, &str)| {
        Line::from(vec![
            Span::styled(text::fit(&way, column), app.theme.style(Role::Key)),
            Span::styled(text::cut(words, width.saturating_sub(column)), app.theme.style(Role::KeyLabel)),
        ])
    };
    ways.into_iter().map(line).collect()
}
