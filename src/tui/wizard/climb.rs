//! The page that climbs: how the ladder stands, and the host key's consent below it. It dials nothing.

use ratatui::text::{Line, Span};

use super::{Sight, Wizard};
use crate::model::{Code as Cause, Snapshot, Verdict};
use crate::tui::theme::Role;
use crate::tui::widget::field::Field;
use crate::tui::widget::text;

/// A person's consent to a host key, as far as it is typed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Consent {
    pub(crate) field: Field,
    pub(crate) error: Option<String>,
}

impl Consent {
    pub(crate) fn paste(&mut self, text: &str) {
        self.error = None;
        self.field.paste(text.trim());
    }

    pub(crate) fn refuse(&mut self, why: String) {
        self.error = Some(why);
    }

    /// Whether it is given.
    pub(crate) fn judge(&self, fingerprint: &str) -> Result<(), String> {
        let typed = self.field.text().trim();
        if typed == "yes" || typed == fingerprint {
            Ok(())
        } else if typed.starts_with("SHA256:") {
            Err("this is another fingerprint: do not trust the server".to_owned())
        } else {
            Err("type yes, or paste the fingerprint that the admin gave you".to_owned())
        }
    }
}

/// How the climb stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stands {
    Climbing,
    /// The host key with this fingerprint waits for consent.
    Unknown(String),
    Whole,
    Broken,
}

/// How it stands by the newest report.
pub(crate) fn stands(snapshot: &Snapshot, wizard: &Wizard) -> Stands {
    let subject = wizard.subject();
    let of_it =
        snapshot.reports.iter().map(|shown| &shown.report).find(|report| Some(&report.subject) == subject.as_ref());
    let Some(report) = of_it.filter(|report| report.finished) else {
        return Stands::Climbing;
    };
    let unknown = report.cause().filter(|cause| cause.code == Some(Cause::HostKeyUnknown));
    let fingerprint =
        unknown.and_then(|cause| cause.summary.split_whitespace().find(|word| word.starts_with("SHA256:")));
    match (fingerprint, report.verdict()) {
        (Some(fingerprint), _) => Stands::Unknown(fingerprint.to_owned()),
        (None, Verdict::Pass | Verdict::Warn) => Stands::Whole,
        (None, Verdict::Fail | Verdict::Skip) => Stands::Broken,
    }
}

/// The keys of the page.
pub(crate) fn keys(snapshot: &Snapshot, wizard: &Wizard) -> Vec<&'static str> {
    match stands(snapshot, wizard) {
        Stands::Climbing => vec!["esc back", "q later"],
        Stands::Unknown(_) => vec!["enter trusts it", "esc back"],
        Stands::Whole => vec!["enter brings it up", "a again", "esc back", "q later"],
        Stands::Broken => {
            vec!["enter details", "a again", "1-9 copy a command", "f finish anyway", "esc back", "q later"]
        }
    }
}

/// What is asked and said below the ladder.
pub(crate) fn below(sight: Sight<'_>, wizard: &Wizard, width: usize) -> Vec<Line<'static>> {
    let theme = sight.ink.theme;
    let say = |words: &str, role: Role| -> Vec<Line<'static>> {
        text::wrap(words, width).into_iter().map(|line| Line::styled(line, theme.style(role))).collect()
    };
    match stands(sight.snapshot, wizard) {
        Stands::Climbing => say("It may take its seconds; esc goes back, and the climb goes on.", Role::Muted),
        Stands::Whole => say("It holds: enter makes it a tunnel and brings it up.", Role::Up),
        Stands::Broken => say("a climbs again when it is mended; f makes it a tunnel all the same.", Role::Muted),
        Stands::Unknown(fingerprint) => {
            let mut lines = say(
                "This server has not been seen before. Compare its key with the one that the admin gives you:",
                Role::NeedsYou,
            );
            lines.extend(say(&fingerprint, Role::Accent));
            let mark = if sight.ink.ascii { "> " } else { "› " };
            let mut input = vec![
                Span::styled("yes, or its fingerprint ", theme.style(Role::Text)),
                Span::styled(mark, theme.style(Role::Key)),
            ];
            input.extend(wizard.consent.field.line(width.saturating_sub(27), theme).spans);
            lines.push(Line::from(input));
            lines.extend(say(wizard.consent.error.as_deref().unwrap_or_default(), Role::InputError));
            lines
        }
    }
}
