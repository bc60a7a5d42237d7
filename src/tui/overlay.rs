//! What lies over a screen: the topmost takes the keys, and Esc always leaves it.

mod asking;
mod help;

use ratatui::Frame;
use ratatui::layout::Constraint;
use ratatui::text::Line;
use ratatui::widgets::{Block, BorderType, Clear, Paragraph};

use self::asking::Asking;
use self::help::Actions;
use super::app::App;
use super::effect::Effect;
use super::key::{Code, Key};
use super::theme::Role;
use super::widget::text;
use crate::model::Pending;

/// One layer.
#[derive(Debug, Clone)]
pub(crate) enum Overlay {
    /// Actions to search and run.
    Actions(Actions),
    /// A question.
    Asking(Asking),
    /// Text to read, or to copy by hand.
    Shown(Shown),
}

/// Text with its first visible line.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    title: String,
    text: String,
    first: usize,
}

/// What became of a layer after a key.
#[expect(clippy::large_enum_variant, reason = "made once a key press and taken apart at once")]
pub(crate) enum Outcome {
    /// It stays on top.
    Stay(Overlay),
    /// It is gone.
    Close,
    /// It is gone, and this is to be done.
    Done(Vec<Effect>),
}

impl Overlay {
    pub(crate) fn help() -> Self {
        Self::Actions(Actions::new("Help"))
    }

    pub(crate) fn palette() -> Self {
        Self::Actions(Actions::new("Commands"))
    }

    pub(crate) fn ask(pending: Pending) -> Self {
        Self::Asking(Asking::new(pending))
    }

    pub(crate) fn show(title: &str, text: String) -> Self {
        Self::Shown(Shown { title: title.to_owned(), text, first: 0 })
    }

    /// The number of the question that it asks.
    pub(crate) fn question(&self) -> Option<u64> {
        match self {
            Self::Asking(asking) => Some(asking.pending.id),
            Self::Actions(_) | Self::Shown(_) => None,
        }
    }

    /// Takes pasted text.
    pub(crate) fn paste(&mut self, pasted: &str) {
        match self {
            Self::Actions(actions) => actions.search.paste(pasted),
            Self::Asking(asking) => asking.field.paste(pasted),
            Self::Shown(_) => {}
        }
    }
}

/// Hands a key to the topmost layer, which the caller took off the stack.
pub(crate) fn key(app: &mut App, overlay: Overlay, key: Key) -> Vec<Effect> {
    let outcome = match overlay {
        Overlay::Actions(actions) => actions.key(app, key),
        Overlay::Asking(asking) => asking.key(app, key),
        Overlay::Shown(mut shown) => match key.code {
            Code::Esc | Code::Enter | Code::Char('q') => Outcome::Close,
            Code::Up | Code::Char('k') => {
                shown.first = shown.first.saturating_sub(1);
                Outcome::Stay(Overlay::Shown(shown))
            }
            Code::Down | Code::Char('j') => {
                shown.first = (shown.first + 1).min(shown.text.lines().count().saturating_sub(1));
                Outcome::Stay(Overlay::Shown(shown))
            }
            _ => Outcome::Stay(Overlay::Shown(shown)),
        },
    };
    match outcome {
        Outcome::Stay(overlay) => {
            app.overlays.push(overlay);
            Vec::new()
        }
        Outcome::Close => Vec::new(),
        Outcome::Done(effects) => effects,
    }
}

/// Draws a layer over the screen.
pub(crate) fn draw(frame: &mut Frame<'_>, app: &App, overlay: &Overlay) {
    let area = frame.area();
    let width = area.width.saturating_sub(4).clamp(1, 92);
    let inner = usize::from(width.saturating_sub(4));
    let tallest = area.height.saturating_sub(2).max(1);
    let (title, lines) = match overlay {
        Overlay::Actions(actions) => {
            (actions.title.to_owned(), actions.lines(app, inner, usize::from(tallest.saturating_sub(2))))
        }
        Overlay::Asking(asking) => (asking.title(), asking.lines(app, inner)),
        Overlay::Shown(shown) => (shown.title.clone(), shown.lines(app, inner)),
    };
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2).min(tallest);
    let place = area.centered(Constraint::Length(width), Constraint::Length(height));
    frame.render_widget(Clear, place);
    frame.render_widget(framed(app, &title, lines), place);
}

fn framed(app: &App, title: &str, lines: Vec<Line<'static>>) -> Paragraph<'static> {
    let theme = &app.theme;
    let block = Block::bordered()
        .border_type(if app.ascii { BorderType::Plain } else { BorderType::Rounded })
        .border_set(super::view::border(app.ascii))
        .border_style(theme.style(Role::BorderFocus))
        .title(Line::styled(format!(" {title} "), theme.style(Role::Title)))
        .padding(ratatui::widgets::Padding::horizontal(1))
        .style(theme.style(Role::Text));
    Paragraph::new(lines).block(block)
}

impl Shown {
    fn lines(&self, app: &App, width: usize) -> Vec<Line<'static>> {
        let style = app.theme.style(Role::Text);
        let mut lines = Vec::new();
        for line in self.text.lines().skip(self.first) {
            if line.is_empty() {
                lines.push(Line::default());
            }
            lines.extend(text::wrap(line, width).into_iter().map(|line| Line::styled(line, style)));
        }
        lines.push(Line::default());
        lines.push(Line::styled(
            "esc closes · select with the mouse to copy (M switches the mouse off)",
            app.theme.style(Role::Muted),
        ));
        lines
    }
}
