//! What stands below the opened rung: the cause in full, what was seen, whose turn it is, and the advice with its numbers.

use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::{Open, telling};
use crate::model::{Code, Finding, Report, Rung, Verdict};
use crate::tui::theme::Role;
use crate::tui::widget::ladder::Mark;
use crate::tui::widget::pane::Ink;
use crate::tui::widget::{badge, text};

/// Most commands that have a number: there are no more keys.
const NUMBERED: usize = 9;

/// Cells before the words: blanks below the glyph, the bar and a blank.
const GUTTER: usize = 5;

impl Open<'_> {
    /// The commands of the opened rung, in the order of their numbers.
    pub(crate) fn commands(&self) -> Vec<String> {
        let (Some(shown), Some(rung)) = (self.shown(), self.rung()) else { return Vec::new() };
        let commands = |finding: &Finding| -> Vec<String> {
            finding.advice.iter().filter_map(|advice| advice.command.clone()).collect()
        };
        let all = in_order(&shown.report, rung).into_iter().filter(|finding| may_be_copied(finding));
        all.flat_map(commands).take(NUMBERED).collect()
    }
}

/// No key leads around a changed host key: its commands are to be read first.
pub(crate) fn may_be_copied(finding: &Finding) -> bool {
    !matches!(finding.code, Some(Code::HostKeyChanged | Code::HostKeyRevoked))
}

/// The findings of a rung, the telling one first.
pub(super) fn in_order(report: &Report, rung: Rung) -> Vec<&Finding> {
    let first = telling(report, rung);
    let others = report.on(rung).filter(|finding| first.is_none_or(|first| !std::ptr::eq(*finding, first)));
    first.into_iter().chain(others).collect()
}

/// The lines, at most `most` of them; `cut` is how much of the telling summary shows already.
pub(super) fn lines(
    ink: Ink<'_>,
    report: &Report,
    rung: Rung,
    (width, cut): (usize, usize),
    most: usize,
) -> Vec<Line<'static>> {
    let all = |brief: bool| -> Vec<Line<'static>> {
        let mut number = 0;
        let each = in_order(report, rung).into_iter().enumerate().flat_map(|(index, finding)| {
            // Where there is hardly any room, what the line above holds of it must do.
            let whole = index > 0 || (finding.summary.width() > cut && most > 3);
            one(ink, finding, (width, brief), whole.then_some(index > 0), &mut number)
        });
        each.collect()
    };
    let mut lines = all(false);
    if lines.len() > most {
        // Every command is to be in sight before any text is in full.
        lines = all(true);
        lines.truncate(most.saturating_sub(1));
        lines.push(indented(ink, "… enter shows all of it", width, Role::Muted));
        lines.truncate(most);
    }
    lines
}

/// What is left of wrapped words where room is short.
fn clipped(words: &str, room: usize, most: Option<usize>) -> Vec<String> {
    let mut parts = text::wrap(words, room);
    if let Some(most) = most.filter(|most| parts.len() > *most) {
        parts.truncate(most);
        if let Some(last) = parts.last_mut() {
            *last = text::cut(&format!("{last} …"), room);
        }
    }
    parts
}

/// One finding: its summary where it does not stand above, with its own mark where it is not the first.
fn one(
    ink: Ink<'_>,
    finding: &Finding,
    (width, brief): (usize, bool),
    summary: Option<bool>,
    number: &mut usize,
) -> Vec<Line<'static>> {
    let theme = ink.theme;
    let room = width.saturating_sub(GUTTER + 1);
    let (short, shorter) = (brief.then_some(2), brief.then_some(1));
    let bar = if ink.ascii { "|" } else { "│" };
    let gutter = || Span::styled(format!("   {bar} "), theme.style(Role::Muted));
    let mut lines = Vec::new();
    let plain = |words: &str, role: Role| -> Vec<Line<'static>> {
        let parts = clipped(words, room, short);
        parts.into_iter().map(|part| Line::from(vec![gutter(), Span::styled(part, theme.style(role))])).collect()
    };
    if matches!(finding.verdict, Verdict::Fail | Verdict::Warn) {
        let code = finding.code.map(|code| format!("{code}, {}", finding.certainty.as_str())).unwrap_or_default();
        let owner = finding.owner.map(badge::turn).unwrap_or_default();
        let words = [code, owner].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
        lines.extend(plain(&words, Mark::Seen(finding.verdict).role()));
    }
    if let Some(marked) = summary {
        let mark = Mark::Seen(finding.verdict);
        let glyph = if marked { format!("{} ", mark.glyph(ink)) } else { String::new() };
        let glyph_wide = glyph.chars().count();
        for (index, part) in text::wrap(&finding.summary, room).into_iter().enumerate() {
            let lead = if index == 0 { glyph.clone() } else { " ".repeat(glyph_wide) };
            lines.push(Line::from(vec![
                gutter(),
                Span::styled(lead, theme.style(mark.role())),
                Span::styled(part, theme.style(Role::Text)),
            ]));
        }
    }
    lines.extend(finding.evidence.iter().flat_map(|evidence| plain(evidence, Role::Muted)));
    for advice in &finding.advice {
        let key = match &advice.command {
            Some(_) if *number < NUMBERED && may_be_copied(finding) => {
                *number += 1;
                format!("{number}  ")
            }
            _ => "   ".to_owned(),
        };
        for (index, part) in clipped(&advice.text, room.saturating_sub(3), short).into_iter().enumerate() {
            let lead = if index == 0 { key.clone() } else { "   ".to_owned() };
            lines.push(Line::from(vec![
                gutter(),
                Span::styled(lead, theme.style(Role::Key)),
                Span::styled(part, theme.style(Role::Text)),
            ]));
        }
        // In full where there is room, so that it can be read out and copied by hand.
        for part in advice.command.iter().flat_map(|command| clipped(command, room.saturating_sub(5), shorter)) {
            lines.push(Line::from(vec![gutter(), Span::styled(format!("     {part}"), theme.style(Role::Accent))]));
        }
    }
    lines
}

fn indented(ink: Ink<'_>, words: &str, width: usize, role: Role) -> Line<'static> {
    let bar = if ink.ascii { "|" } else { "│" };
    Line::styled(text::cut(&format!("   {bar} {words}"), width), ink.theme.style(role))
}
