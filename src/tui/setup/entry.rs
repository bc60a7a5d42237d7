//! What stands on a tab: a step, a script or a line of the checklist, each with what it says and what is copied of it.

use super::Tab;
use crate::model::{Advice, Finding, Owner, Verdict};
use crate::service::present::receipt_text;
use crate::service::{Judged, Packet, Setup, SetupStep, Sheet, packet_of, sheet};

/// Most commands that have a number: there are no more keys.
pub(crate) const NUMBERED: usize = 9;

/// What stands before an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lead {
    /// What all of it is about.
    About,
    /// The number of a step.
    Number(usize),
    /// A line of the checklist.
    Mark(Verdict),
}

/// A paragraph of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// Running text.
    Words(String),
    /// What should be thought of.
    Note(String),
    /// What a command is for, with its number if it has one, or words alone.
    Advice(Option<usize>, String),
    /// A text to be copied as it is.
    Exact(String),
}

/// One thing on a tab.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) lead: Lead,
    pub(crate) title: String,
    /// Who does it; nobody where nothing is to be done.
    pub(crate) who: Option<Owner>,
    pub(crate) parts: Vec<Part>,
    /// The commands, in the order of their numbers.
    pub(crate) commands: Vec<String>,
    /// What is copied as one, and what that is.
    pub(crate) whole: (String, String),
}

/// The entries of a tab.
pub(super) fn on(tab: Tab, setup: &Setup, judged: Option<&Result<Judged, String>>) -> Vec<Entry> {
    match tab {
        Tab::Fitting => steps(&packet_of(setup, None)),
        Tab::On(platform) => steps(&packet_of(setup, Some(platform))),
        Tab::Scripts => scripts(setup),
        Tab::Receipt => match judged {
            Some(Ok(judged)) => checklist(setup, judged),
            Some(Err(_)) | None => vec![how(setup)],
        },
    }
}

fn steps(packet: &Packet) -> Vec<Entry> {
    let mut entries = vec![about(packet)];
    entries.extend(packet.steps.iter().enumerate().map(|(index, step)| of_step(index + 1, step)));
    entries
}

/// The facts that all steps are made of.
fn about(packet: &Packet) -> Entry {
    let mut parts = Vec::new();
    parts.extend(packet.fingerprint.iter().map(|key| Part::Words(format!("key {key}"))));
    parts.extend(packet.notes.iter().map(|note| Part::Note(capital(note))));
    let (mut commands, mut whole) = (Vec::new(), (String::new(), String::new()));
    if let Some(line) = &packet.authorized_key {
        parts.push(Part::Advice(Some(1), "the key's line for authorized_keys, one line".to_owned()));
        parts.push(Part::Exact(line.clone()));
        commands.push(line.clone());
        whole = (line.clone(), "the key's line".to_owned());
    }
    let title = format!("{} as {}", packet.address, packet.user);
    Entry { lead: Lead::About, title, who: None, parts, commands, whole }
}

fn of_step(number: usize, step: &SetupStep) -> Entry {
    let mut parts = vec![Part::Words(format!("{}.", capital(&step.why)))];
    let commands = spread(&step.commands, &mut parts);
    let whole = match (commands.as_slice(), step.commands.as_slice()) {
        ([one], [_]) => (one.clone(), format!("the command of step {number}")),
        _ => (with_remarks(step), format!("step {number}")),
    };
    let title = step.title.clone();
    Entry { lead: Lead::Number(number), title, who: Some(step.who), parts, commands, whole }
}

/// Adds what is advised, and numbers its commands.
fn spread(advice: &[Advice], parts: &mut Vec<Part>) -> Vec<String> {
    let mut commands = Vec::new();
    for Advice { text, command } in advice {
        let number = command.as_ref().map(|_| commands.len() + 1).filter(|number| *number <= NUMBERED);
        parts.push(Part::Advice(number, text.clone()));
        if let Some(command) = command {
            parts.push(Part::Exact(command.clone()));
            commands.push(command.clone());
        }
    }
    commands
}

/// All commands of a step, each below a remark of the shell that says what it is for.
fn with_remarks(step: &SetupStep) -> String {
    let one = |Advice { text, command }: &Advice| {
        let command = command.as_ref().map(|command| format!("{command}\n")).unwrap_or_default();
        format!("# {text}\n{command}")
    };
    step.commands.iter().map(one).collect::<Vec<_>>().join("\n")
}

fn scripts(setup: &Setup) -> Vec<Entry> {
    let name = &setup.subject;
    let file = format!("adit-{}", setup.bastion);
    let of = |which: Sheet, title: &str, why: &str, flag: &str, end: &str, run: &[(&str, String)]| {
        let mut parts = vec![Part::Words(why.to_owned())];
        let written = Advice::command(
            "w writes it into a file, y copies it; in a shell this does",
            format!("adit setup {name} --{flag} --output {file}{end}.sh"),
        );
        let run = run.iter().map(|(text, command)| Advice::command(*text, command.clone()));
        let advice: Vec<Advice> = std::iter::once(written).chain(run).collect();
        let commands = spread(&advice, &mut parts);
        let whole = match sheet(setup, which) {
            Ok(text) => {
                parts.push(Part::Words("The script:".to_owned()));
                parts.push(Part::Exact(text.clone()));
                (text, format!("the {} script", which.word()))
            }
            Err(why) => {
                parts.push(Part::Note(capital(&why)));
                (String::new(), String::new())
            }
        };
        Entry { lead: Lead::About, title: title.to_owned(), who: Some(Owner::BastionAdmin), parts, commands, whole }
    };
    vec![
        of(
            Sheet::Script,
            "Sets the account and its key up",
            "For a POSIX shell, run as root on the bastion: safe to run twice, changes only what it must, keeps other keys, checks \
             itself and prints a receipt.",
            "script",
            "",
            &[
                ("what it would do, before it does it", format!("sudo sh {file}.sh --dry-run")),
                ("then this, and the receipt that it prints comes back to you", format!("sudo sh {file}.sh")),
            ],
        ),
        of(
            Sheet::Check,
            "Only looks, and prints a receipt",
            "Run as root on the bastion: looks at account, modes, owners, the key's line and sshd's settings, changes nothing, and \
             prints a receipt without any secret in it.",
            "check",
            "-check",
            &[("on the bastion", format!("sudo sh {file}-check.sh"))],
        ),
        of(
            Sheet::Undo,
            "Takes away what the set-up added",
            "Run as root on the bastion: the key's line, and the account if the set-up made it and nothing else uses it.",
            "undo",
            "-undo",
            &[
                ("what it would do, before it does it", format!("sudo sh {file}-undo.sh --dry-run")),
                ("then", format!("sudo sh {file}-undo.sh")),
            ],
        ),
    ]
}

/// How a receipt comes about.
fn how(setup: &Setup) -> Entry {
    let name = &setup.subject;
    let mut parts = vec![Part::Words(
        "A refused login never says why. One script looks at everything that sshd demands, changes nothing, and prints a receipt: \
         a few lines that survive mail and chat. Pasted here, every line of the checklist is ticked, or named with its repair."
            .to_owned(),
    )];
    let advice = [
        Advice::command(
            "r copies the script, for the bastion's admin to run as root; in a shell this prints it",
            format!("adit setup {name} --check"),
        ),
        Advice::command(
            "p takes the receipt that comes back; in a shell this does",
            format!("adit setup {name} --receipt"),
        ),
    ];
    let commands = spread(&advice, &mut parts);
    let whole = match sheet(setup, Sheet::Check) {
        Ok(text) => (text, "the check script".to_owned()),
        Err(_) => (String::new(), String::new()),
    };
    Entry { lead: Lead::About, title: "Have the bastion checked".to_owned(), who: None, parts, commands, whole }
}

fn checklist(setup: &Setup, judged: &Judged) -> Vec<Entry> {
    let lines = receipt_text(setup, judged.verdict, &judged.findings);
    let count = |wanted| judged.findings.iter().filter(|finding| finding.verdict == wanted).count();
    let counts: Vec<String> = [
        (Verdict::Pass, "as it should be"),
        (Verdict::Warn, "with a warning"),
        (Verdict::Fail, "wrong"),
        (Verdict::Skip, "not seen"),
    ]
    .into_iter()
    .filter(|(verdict, _)| count(*verdict) > 0)
    .map(|(verdict, words)| format!("{} {words}", count(verdict)))
    .collect();
    let sum = Entry {
        lead: Lead::Mark(judged.verdict),
        title: lines.last().cloned().unwrap_or_default(),
        who: None,
        parts: vec![Part::Words(format!(
            "{}. A receipt is a report and no proof. p takes a newer one, Y copies the whole checklist.",
            counts.join(", ")
        ))],
        commands: Vec::new(),
        whole: (lines.join("\n"), "the checklist".to_owned()),
    };
    std::iter::once(sum).chain(judged.findings.iter().map(of_finding)).collect()
}

fn of_finding(finding: &Finding) -> Entry {
    let mut parts = Vec::new();
    if let Some(code) = finding.code {
        parts.push(Part::Note(format!("{code}, {}", finding.certainty.as_str())));
    }
    parts.extend(finding.evidence.clone().map(Part::Words));
    let commands = spread(&finding.advice, &mut parts);
    let whole = match commands.first() {
        Some(command) => (command.clone(), format!("what mends {}", finding.check.replace('_', " "))),
        None => (finding.summary.clone(), "what was seen".to_owned()),
    };
    let who = finding.owner.filter(|_| matches!(finding.verdict, Verdict::Fail | Verdict::Warn));
    Entry { lead: Lead::Mark(finding.verdict), title: finding.summary.clone(), who, parts, commands, whole }
}

/// The first letter as a sentence begins.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
