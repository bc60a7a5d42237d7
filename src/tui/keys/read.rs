//! The pages on the screen of keys that are read: everything of one key, its rotation, its public half as a code. Long lines are
//! broken on screen only; what is copied is one line.

use jiff::Timestamp;
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};

use super::{Reading, Topic};
use crate::model::{KeyStatus, Snapshot};
use crate::service::present::Qr;
use crate::tui::theme::{Role, Theme};
use crate::tui::widget::pane::Ink;
use crate::tui::widget::text;

/// Cells before a fact.
const LABEL: usize = 13;

/// What a page is drawn from.
#[derive(Clone, Copy)]
pub(crate) struct Sight<'a> {
    pub(crate) ink: Ink<'a>,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) now: Timestamp,
    /// What the service is doing, if it is.
    pub(crate) busy: Option<&'a str>,
}

impl<'a> Sight<'a> {
    pub(crate) fn theme(&self) -> &'a Theme {
        self.ink.theme
    }

    pub(crate) fn key(&self, reading: &Reading) -> Option<&'a KeyStatus> {
        self.snapshot.keys.iter().find(|key| key.name == reading.key)
    }
}

/// How long ago, in words.
pub(crate) fn age(now: Timestamp, created: Option<Timestamp>) -> String {
    created
        .map_or_else(|| "unknown".to_owned(), |at| format!("{} ago", text::span(now.duration_since(at).unsigned_abs())))
}

/// The lines of the page.
pub(crate) fn lines(sight: Sight<'_>, reading: &Reading, (width, height): (usize, usize)) -> Vec<Line<'static>> {
    let mut lines = said(sight, reading, width);
    let Some(key) = sight.key(reading) else {
        if sight.busy.is_none() {
            let words = format!("There is no key {} any more.", reading.key);
            lines.push(Line::styled(words, sight.theme().style(Role::Muted)));
        }
        return lines;
    };
    match reading.topic {
        Topic::Details => details(sight, key, width, &mut lines),
        Topic::Rotation => rotation(sight, key, width, &mut lines),
        Topic::Code => code(sight, key, (width, height), &mut lines),
    }
    lines
}

/// What was done last, and what is being done.
fn said(sight: Sight<'_>, reading: &Reading, width: usize) -> Vec<Line<'static>> {
    let theme = sight.theme();
    let mut lines = Vec::new();
    let mut say = |words: &str, role: Role| {
        let parts = text::wrap(words, width).into_iter();
        lines.extend(parts.map(|part| Line::styled(part, theme.style(role))));
    };
    if let Some(busy) = sight.busy {
        say(busy, Role::Connecting);
    }
    let (news, rest) = reading.said.split_first().map_or((None, &[][..]), |(news, rest)| (Some(news), rest));
    if let Some(news) = news {
        say(news, if reading.failed { Role::Failed } else { Role::Accent });
    }
    for words in rest {
        say(words, Role::Text);
    }
    if !reading.admin.is_empty() {
        say("left for the bastion's admin (a copies it):", Role::Muted);
    }
    for line in &reading.admin {
        lines.extend(text::fold(line, width).into_iter().map(|part| Line::styled(part, theme.style(Role::Accent))));
    }
    if !lines.is_empty() {
        lines.push(Line::default());
    }
    lines
}

fn fact(sight: Sight<'_>, name: &str, value: &str, width: usize, lines: &mut Vec<Line<'static>>) {
    let theme = sight.theme();
    let mut values = text::wrap(value, width.saturating_sub(LABEL));
    if values.is_empty() {
        values.push(String::new());
    }
    lines.extend(values.into_iter().enumerate().map(|(index, value)| {
        Line::from(vec![
            Span::styled(text::fit(if index == 0 { name } else { "" }, LABEL), theme.style(Role::Muted)),
            Span::styled(value, theme.style(Role::Text)),
        ])
    }));
}

/// A line that is copied as one.
fn whole(sight: Sight<'_>, line: &str, width: usize, lines: &mut Vec<Line<'static>>) {
    let style = sight.theme().style(Role::Accent);
    lines.extend(text::fold(line, width).into_iter().map(|part| Line::styled(part, style)));
}

fn words(sight: Sight<'_>, words: &str, role: Role, width: usize, lines: &mut Vec<Line<'static>>) {
    let style = sight.theme().style(role);
    lines.extend(text::wrap(words, width).into_iter().map(|part| Line::styled(part, style)));
}

/// Where the line of a key belongs.
fn place(key: &KeyStatus) -> String {
    match &key.accounts[..] {
        [] => "~/.ssh/authorized_keys of the account on the bastion".to_owned(),
        accounts => format!("~/.ssh/authorized_keys of {}", accounts.join(" and ")),
    }
}

fn details(sight: Sight<'_>, key: &KeyStatus, width: usize, lines: &mut Vec<Line<'static>>) {
    if let Some(why) = &key.broken {
        words(sight, why, Role::Failed, width, lines);
    }
    if key.public_key.is_empty() {
        return;
    }
    fact(sight, "type", &format!("{}, {} bits", key.key_type, key.bits), width, lines);
    fact(sight, "fingerprint", &key.fingerprint, width, lines);
    fact(sight, "comment", &key.comment, width, lines);
    let lock = if key.encrypted { "yes" } else { "none: whoever has the file has the key (p sets one)" };
    fact(sight, "passphrase", lock, width, lines);
    fact(sight, "made", &age(sight.now, key.created), width, lines);
    fact(sight, "used by", key.needed_by.as_deref().unwrap_or("nothing"), width, lines);
    if let Some(second) = &key.rotation {
        let begun = format!("begun {}; r shows both lines", age(sight.now, second.created));
        fact(sight, "rotation", second.broken.as_deref().unwrap_or(&begun), width, lines);
    }
    lines.push(Line::default());
    words(sight, "public key, one line (y copies it)", Role::Muted, width, lines);
    whole(sight, &key.public_key, width, lines);
    lines.push(Line::default());
    words(sight, &format!("line for {}, with its limits (Y copies it)", place(key)), Role::Muted, width, lines);
    whole(sight, &key.authorized_key, width, lines);
    if !key.authorized_key.contains("permitopen=") {
        let say = "no tunnel uses it yet, so this line lets it log in and forward nothing";
        words(sight, say, Role::Unproven, width, lines);
    }
}

fn rotation(sight: Sight<'_>, key: &KeyStatus, width: usize, lines: &mut Vec<Line<'static>>) {
    let Some(second) = &key.rotation else {
        if sight.busy.is_none() {
            words(sight, "No rotation is under way; r on the key begins one.", Role::Muted, width, lines);
        }
        return;
    };
    if let Some(why) = &second.broken {
        words(sight, &format!("{why}; x gives the rotation up"), Role::Failed, width, lines);
        return;
    }
    fact(sight, "in use", &key.fingerprint, width, lines);
    fact(sight, "second key", &second.fingerprint, width, lines);
    fact(sight, "begun", &age(sight.now, second.created), width, lines);
    lines.push(Line::default());
    let add = format!("1. The bastion's admin adds this line to {}, and keeps the old one (y copies it):", place(key));
    words(sight, &add, Role::Text, width, lines);
    whole(sight, &second.authorized_key, width, lines);
    lines.push(Line::default());
    let prove = "2. f logs in with the second key, and when it is accepted everywhere, puts it in the first one's place. Until \
                 then the first one is the key.";
    words(sight, prove, Role::Text, width, lines);
    if key.accounts.is_empty() {
        let say = "No bastion uses the key, so no login can prove the second one: x gives it up.";
        words(sight, say, Role::Unproven, width, lines);
    }
    lines.push(Line::default());
    words(sight, "3. The admin removes this line:", Role::Text, width, lines);
    let style = sight.theme().style(Role::Muted);
    lines.extend(text::fold(&key.authorized_key, width).into_iter().map(|part| Line::styled(part, style)));
}

/// The public half as a code, with its comment where there is room for it.
fn code(sight: Sight<'_>, key: &KeyStatus, (width, height): (usize, usize), lines: &mut Vec<Line<'static>>) {
    lines.clear();
    if sight.ink.ascii {
        let say = "A QR code is drawn in blocks, and this terminal only has letters.";
        return words(sight, say, Role::Unproven, width, lines);
    }
    let bare: Vec<&str> = key.public_key.split_whitespace().take(2).collect();
    let made: Vec<Qr> = [key.public_key.clone(), bare.join(" ")].iter().filter_map(|text| Qr::new(text).ok()).collect();
    let fits = |qr: &&Qr| {
        let rows = qr.dark_on_light();
        rows.len() <= height && rows.iter().all(|row| row.chars().count() <= width)
    };
    let Some(qr) = made.iter().find(fits) else {
        let say = match made.last().map(Qr::dark_on_light) {
            None => format!(
                "A {} key of {} bits is too long for a QR code here; y copies the line.",
                key.key_type, key.bits
            ),
            Some(rows) => format!(
                "The QR code needs {} columns and {} lines; make the window larger by {} columns and {} lines.",
                rows.iter().map(|row| row.chars().count()).max().unwrap_or(0),
                rows.len(),
                rows.iter().map(|row| row.chars().count()).max().unwrap_or(0).saturating_sub(width),
                rows.len().saturating_sub(height),
            ),
        };
        return words(sight, &say, Role::Unproven, width, lines);
    };
    // Black on white, so that every reader takes it; where there are no colours the ground is taken to be dark.
    let colours = sight.theme().style(Role::Accent).fg.is_some_and(|colour| colour != Color::Reset);
    let (rows, style) = if colours {
        (qr.dark_on_light(), Style::new().fg(Color::Black).bg(Color::White))
    } else {
        (qr.light_on_dark(), sight.theme().style(Role::Text))
    };
    lines.extend(rows.into_iter().map(|row| Line::styled(row, style)));
}
