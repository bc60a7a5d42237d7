//! What lies over a screen: the topmost takes the keys, and Esc always leaves it.

mod asking;
mod choose;
mod confirm;
mod explain;
mod help;
mod prompt;
mod themes;

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Clear, Padding, Paragraph};

use self::asking::Asking;
use self::choose::Choosing;
pub(crate) use self::choose::{Choice, Deed};
use self::confirm::Confirming;
use self::explain::Explaining;
use self::help::Actions;
pub(crate) use self::prompt::{Make, Prompt};
use self::themes::Picking;
use super::action::Action;
use super::key::{Code, Key};
use super::keymap::Keymap;
use super::theme::{Role, Themes};
use super::widget::pane::{self, Ink};
use super::widget::text;
use crate::model::{Answer, Pending};
use crate::service::{Match, Request};

/// One layer.
#[derive(Debug, Clone)]
pub(crate) enum Overlay {
    /// Actions to search and run.
    Actions(Actions),
    /// A question.
    Asking(Asking),
    /// A few things of which one is done.
    Choosing(Choosing),
    /// Something that is hard to take back.
    Confirming(Confirming),
    /// A pasted error text.
    Explaining(Explaining),
    /// Themes to choose from.
    Picking(Picking),
    /// One line that is asked for.
    Prompt(Prompt),
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
pub(crate) enum Outcome {
    /// It stays on top.
    Stay(Overlay),
    /// It is gone.
    Close,
    /// It is gone, and its question waits.
    PutOff(u64),
    /// It is gone, and its question has this answer.
    Answered(u64, Answer),
    /// It stays, and this theme is to be looked at.
    Preview(Overlay, String),
    /// It is gone, and this theme is in force; whether it is to be kept.
    Theme(String, bool),
    /// It is gone, and this text is to be copied, called so.
    Copy(String, String),
    /// It is gone, and this is to be done.
    Run(Action),
    /// It is gone, and this is to be asked of the service, for this reason.
    Do(Request, String),
    /// It stays, and its text is to be explained.
    Explain(Overlay),
    /// It stays, and this command is to be copied.
    Copied(Overlay, String),
}

impl Overlay {
    pub(crate) fn help() -> Self {
        Self::Actions(Actions::new("Help", false))
    }

    pub(crate) fn palette() -> Self {
        Self::Actions(Actions::new("Commands", true))
    }

    pub(crate) fn themes(themes: &Themes, chosen: &str) -> Self {
        Self::Picking(Picking::new(themes, chosen))
    }

    /// The theme that is looked at.
    pub(crate) fn theme(&self) -> Option<&str> {
        match self {
            Self::Picking(picking) => picking.name(),
            _ => None,
        }
    }

    pub(crate) fn ask(pending: Pending) -> Self {
        Self::Asking(Asking::new(pending))
    }

    pub(crate) fn explain() -> Self {
        Self::Explaining(Explaining::default())
    }

    /// The text that it wants explained.
    pub(crate) fn pasted(&self) -> Option<&str> {
        match self {
            Self::Explaining(explaining) => Some(explaining.text()),
            Self::Actions(_)
            | Self::Asking(_)
            | Self::Choosing(_)
            | Self::Confirming(_)
            | Self::Picking(_)
            | Self::Prompt(_)
            | Self::Shown(_) => None,
        }
    }

    /// Takes over what a pasted text means.
    pub(crate) fn learn(&mut self, found: Vec<Match>) {
        if let Self::Explaining(explaining) = self {
            explaining.learn(found);
        }
    }

    /// Asks before what is hard to take back: `about` says what `y` does.
    pub(crate) fn confirm(title: String, words: String, about: String, request: Request) -> Self {
        Self::Confirming(Confirming::new(title, words, about, request))
    }

    /// Offers a few things, the usual first.
    pub(crate) fn choose(title: String, choices: Vec<Choice>) -> Self {
        Self::Choosing(Choosing::new(title, choices))
    }

    pub(crate) fn show(title: &str, text: String) -> Self {
        Self::Shown(Shown { title: title.to_owned(), text, first: 0 })
    }

    /// The number of the question that it asks.
    pub(crate) fn question(&self) -> Option<u64> {
        match self {
            Self::Asking(asking) => Some(asking.pending.id),
            Self::Actions(_)
            | Self::Choosing(_)
            | Self::Confirming(_)
            | Self::Explaining(_)
            | Self::Picking(_)
            | Self::Prompt(_)
            | Self::Shown(_) => None,
        }
    }

    /// Takes pasted text; says whether it is to be explained.
    pub(crate) fn paste(&mut self, pasted: &str) -> bool {
        match self {
            Self::Actions(actions) => actions.search.paste(pasted),
            Self::Asking(asking) => asking.field.paste(pasted),
            Self::Explaining(explaining) => return explaining.paste(pasted),
            Self::Prompt(prompt) => prompt.paste(pasted),
            Self::Shown(_) | Self::Choosing(_) | Self::Confirming(_) | Self::Picking(_) => {}
        }
        false
    }
}

/// Hands a key to a layer.
pub(crate) fn key(overlay: Overlay, key: Key) -> Outcome {
    match overlay {
        Overlay::Actions(actions) => actions.key(key),
        Overlay::Asking(asking) => asking.key(key),
        Overlay::Choosing(choosing) => choosing.key(key),
        Overlay::Confirming(confirming) => confirming.key(key),
        Overlay::Explaining(explaining) => explaining.key(key),
        Overlay::Picking(picking) => picking.key(key),
        Overlay::Prompt(prompt) => prompt.key(key),
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
    }
}

/// Says why an action cannot be done now.
pub(crate) type Obstacle<'a> = dyn Fn(Action) -> Option<&'static str> + 'a;

/// Where a layer lies, what it is called and what it says.
struct Laid {
    place: Rect,
    title: String,
    lines: Vec<Line<'static>>,
}

/// What a layer is drawn from.
#[derive(Clone, Copy)]
pub(crate) struct Sight<'a> {
    pub(crate) ink: Ink<'a>,
    pub(crate) keymap: &'a Keymap,
    pub(crate) obstacle: &'a Obstacle<'a>,
}

/// The widest text and the most lines that a layer can have.
fn room(area: Rect, overlay: &Overlay) -> (usize, usize) {
    let most = match overlay {
        Overlay::Asking(_) | Overlay::Prompt(_) => 78,
        // The screen beside it shows what the theme looks like.
        Overlay::Picking(_) => 58,
        Overlay::Actions(_)
        | Overlay::Choosing(_)
        | Overlay::Confirming(_)
        | Overlay::Explaining(_)
        | Overlay::Shown(_) => 92,
    };
    // Slivers of what lies below would only confuse.
    let width = if area.width < most + 16 { area.width } else { most };
    (usize::from(width.saturating_sub(4)), usize::from(area.height.saturating_sub(4)))
}

fn lay(sight: Sight<'_>, area: Rect, overlay: &Overlay) -> Laid {
    let Sight { ink, keymap, obstacle } = sight;
    let (inner, room) = room(area, overlay);
    let (title, lines) = match overlay {
        Overlay::Actions(actions) => (actions.title.to_owned(), actions.lines(ink, keymap, obstacle, (inner, room))),
        Overlay::Asking(asking) => (asking.title(), asking.lines(ink, (inner, room))),
        Overlay::Choosing(choosing) => (choosing.title.clone(), choosing.lines(ink, (inner, room))),
        Overlay::Confirming(confirming) => (confirming.title.clone(), confirming.lines(ink, inner)),
        Overlay::Explaining(explaining) => {
            ("What does this error mean?".to_owned(), explaining.lines(ink, (inner, room)))
        }
        Overlay::Picking(picking) => ("Themes".to_owned(), picking.lines(ink, (inner, room))),
        Overlay::Prompt(prompt) => (prompt.title.clone(), prompt.lines(ink, inner)),
        Overlay::Shown(shown) => (shown.title.clone(), shown.lines(ink, inner)),
    };
    let tallest = area.height.saturating_sub(2).max(1);
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2).min(tallest);
    let width = u16::try_from(inner + 4).unwrap_or(u16::MAX).min(area.width);
    let mut place = area.centered(Constraint::Length(width), Constraint::Length(height));
    if matches!(overlay, Overlay::Picking(_)) {
        place = Rect { x: area.right().saturating_sub(width + 1), ..place };
    }
    let place = place.intersection(area);
    Laid { place, title, lines }
}

/// True where a layer can be seen as far as an answer needs it. What a person cannot read they cannot mean.
pub(crate) fn is_readable((width, height): (u16, u16), overlay: &Overlay) -> bool {
    let (inner, room) = room(Rect::new(0, 0, width, height), overlay);
    match overlay {
        Overlay::Asking(asking) => asking.needed(inner) <= room,
        Overlay::Actions(_)
        | Overlay::Choosing(_)
        | Overlay::Confirming(_)
        | Overlay::Explaining(_)
        | Overlay::Picking(_)
        | Overlay::Prompt(_)
        | Overlay::Shown(_) => true,
    }
}

/// Draws a layer over the screen.
pub(crate) fn draw(frame: &mut Frame<'_>, sight: Sight<'_>, overlay: &Overlay) {
    let ink = sight.ink;
    let Laid { place, title, lines } = lay(sight, frame.area(), overlay);
    let title = Line::styled(format!(" {title} "), ink.theme.style(Role::Title));
    let framed = pane::pane(ink, title, true).padding(Padding::horizontal(1));
    let framed = match overlay {
        Overlay::Actions(_) => framed
            .title_bottom(Line::styled(" enter does it · esc closes ", ink.theme.style(Role::Muted)).right_aligned()),
        Overlay::Asking(_)
        | Overlay::Choosing(_)
        | Overlay::Confirming(_)
        | Overlay::Explaining(_)
        | Overlay::Picking(_)
        | Overlay::Prompt(_)
        | Overlay::Shown(_) => framed,
    };
    frame.render_widget(Clear, place);
    frame.render_widget(Paragraph::new(lines).block(framed), place);
}

/// The line of a layer that stands at a cell of the screen, counted from its first one.
pub(crate) fn line_at(sight: Sight<'_>, area: Rect, overlay: &Overlay, (x, y): (u16, u16)) -> Option<usize> {
    let place = lay(sight, area, overlay).place;
    let inside = x > place.x && x + 1 < place.right() && y > place.y && y + 1 < place.bottom();
    inside.then(|| usize::from(y - place.y - 1))
}

/// Hands a click on a line to a layer.
pub(crate) fn click(overlay: Overlay, area: Rect, line: usize) -> Outcome {
    let (_, height) = room(area, &overlay);
    match overlay {
        Overlay::Choosing(choosing) => choosing.click(line, height),
        Overlay::Actions(actions) => actions.click(line, height),
        Overlay::Picking(picking) => picking.click(line, height),
        Overlay::Asking(_)
        | Overlay::Confirming(_)
        | Overlay::Explaining(_)
        | Overlay::Prompt(_)
        | Overlay::Shown(_) => Outcome::Stay(overlay),
    }
}

impl Shown {
    fn lines(&self, ink: Ink<'_>, width: usize) -> Vec<Line<'static>> {
        let style = ink.theme.style(Role::Text);
        let mut lines = Vec::new();
        for line in self.text.lines().skip(self.first) {
            if line.is_empty() {
                lines.push(Line::default());
            }
            // Commands stand out by their indent.
            let indent = " ".repeat(line.len() - line.trim_start().len());
            let parts = text::wrap(line, width.saturating_sub(indent.len()));
            lines.extend(parts.into_iter().map(|part| Line::styled(format!("{indent}{part}"), style)));
        }
        lines.push(Line::default());
        lines.push(Line::styled(
            "esc closes · select with the mouse to copy (M switches the mouse off)",
            ink.theme.style(Role::Muted),
        ));
        lines
    }
}
