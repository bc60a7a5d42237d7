//! The page's lines: the ladder, and below the opened rung what is known of it.

use ratatui::text::Line;

use super::opened;
use super::{Open, climbed, rungs, telling};
use crate::model::{Report, Rung, Verdict};
use crate::tui::theme::Role;
use crate::tui::widget::ladder::{self, Mark, Step};
use crate::tui::widget::pane::Ink;
use crate::tui::widget::text;

/// Below this width the words have the room of whose turn it is, which stands below as well.
const NARROW: usize = 56;

fn step(report: &Report, rung: Rung, many: bool, width: usize) -> Step {
    let Some(finding) = telling(report, rung) else {
        let (mark, words) = if climbed(report) == Some(rung) {
            (Mark::Looking, "looking …")
        } else if report.finished {
            (Mark::Seen(Verdict::Skip), "not looked at")
        } else {
            (Mark::Ahead, "")
        };
        return Step { rung, mark, words: words.to_owned(), right: String::new() };
    };
    let hop = if many { format!("{}. ", finding.hop + 1) } else { String::new() };
    let right = match (finding.verdict, finding.owner) {
        (Verdict::Fail | Verdict::Warn, Some(_)) if width < NARROW => String::new(),
        (Verdict::Fail | Verdict::Warn, Some(owner)) => format!("▸ {}", owner.words()),
        _ => finding.ms.filter(|ms| *ms >= 0.05).map(text::round_trip).unwrap_or_default(),
    };
    Step { rung, mark: Mark::Seen(finding.verdict), words: format!("{hop}{}", finding.summary), right }
}

/// The lines of the page's body, each with the rung that it belongs to.
pub(crate) fn body(open: Open<'_>, ink: Ink<'_>, width: usize, height: usize) -> Vec<(Option<Rung>, Line<'static>)> {
    lines(open, ink, (width, height), open.rung())
}

/// The same with no rung opened.
pub(crate) fn ladder(open: Open<'_>, ink: Ink<'_>, width: usize, height: usize) -> Vec<Line<'static>> {
    lines(open, ink, (width, height), None).into_iter().map(|(_, line)| line).collect()
}

fn lines(
    open: Open<'_>,
    ink: Ink<'_>,
    (width, height): (usize, usize),
    opened: Option<Rung>,
) -> Vec<(Option<Rung>, Line<'static>)> {
    let Some(shown) = open.shown() else {
        let words = " Asking the service …";
        return vec![(None, Line::styled(words, ink.theme.style(Role::Muted)))];
    };
    let report = &shown.report;
    let many = report.findings.iter().any(|finding| finding.hop > 0);
    let rungs = rungs(&report.subject);
    // Where all rungs and a few lines do not fit, the opened one has the room.
    let spare = if height >= rungs.len() + 4 { height - rungs.len() } else { height.saturating_sub(2) };
    let (mut lines, mut at) = (Vec::new(), 0);
    for rung in rungs {
        let step = step(report, *rung, many, width);
        let is_opened = opened == Some(*rung);
        if is_opened {
            at = lines.len();
        }
        let chosen = open.page.chosen == Some(*rung);
        lines.push((Some(*rung), ladder::line(ink, &step, width, chosen)));
        if is_opened {
            let cut = ladder::room(&step, width);
            let more = opened::lines(ink, report, *rung, (width, cut), spare);
            lines.extend(more.into_iter().map(|line| (Some(*rung), line)));
        }
    }
    let first = if lines.len() <= height { 0 } else { at.saturating_sub(1).min(lines.len() - height) };
    let first = if lines.len() > height && spare + 2 == height { at } else { first };
    lines.into_iter().skip(first).take(height).collect()
}

/// What it comes to, so far or at last.
pub(crate) fn verdict(report: &Report) -> (String, Role) {
    if !report.finished {
        return ("looking …".to_owned(), Role::Connecting);
    }
    let verdict = report.verdict();
    let role = Mark::Seen(verdict).role();
    let words = match (verdict, report.cause()) {
        (Verdict::Fail, Some(cause)) => format!("broken at {}", cause.rung),
        (Verdict::Fail, None) => "broken".to_owned(),
        (Verdict::Warn, _) => "works, with a warning".to_owned(),
        (Verdict::Skip, _) => "not all could be looked at".to_owned(),
        (Verdict::Pass, _) => "all is as it should be".to_owned(),
    };
    (words, role)
}
