//! A hand-off as text and as Markdown. It adds nothing to what the steps say.

use super::step::{Packet, Step};
use crate::model::{Owner, Subject};

/// Lines of running text are broken here.
const WIDTH: usize = 96;

/// The hand-off as plain text. A line that begins with neither blank nor number is no command.
#[must_use]
pub fn text(packet: &Packet) -> String {
    let mut out = vec![title(packet), String::new()];
    out.extend(facts(packet).into_iter().map(|(name, value)| format!("  {name:13}{value}")));
    for note in &packet.notes {
        out.push(String::new());
        out.extend(wrapped(&format!("Note: {note}."), ""));
    }
    for (at, step) in packet.steps.iter().enumerate() {
        out.push(String::new());
        out.push(format!("{}. {}", at + 1, step.title));
        out.extend(wrapped(&format!("For {}{}: {}.", step.who.words(), place(step), step.why), "   "));
        for advice in &step.commands {
            let end = if advice.command.is_some() { ":" } else { "." };
            out.extend(wrapped(&format!("- {}{end}", advice.text), "   "));
            let lines = advice.command.iter().flat_map(|command| command.lines());
            out.extend(lines.map(|line| if line.is_empty() { String::new() } else { format!("       {line}") }));
        }
    }
    let mut whole = out.join("\n");
    whole.push('\n');
    whole
}

/// The hand-off as Markdown (CommonMark).
#[must_use]
pub fn markdown(packet: &Packet) -> String {
    let mut out = vec![format!("# {}", escaped(&title(packet))), String::new()];
    out.extend(facts(packet).into_iter().map(|(name, value)| format!("- {name} {}", code(&value))));
    for note in &packet.notes {
        out.push(String::new());
        out.push(format!("> Note: {}.", escaped(note)));
    }
    for (at, step) in packet.steps.iter().enumerate() {
        out.push(String::new());
        out.push(format!("## {}. {}", at + 1, escaped(&step.title)));
        out.push(String::new());
        out.push(format!("*For {}{}*: {}.", step.who.words(), place(step), escaped(&step.why)));
        for advice in &step.commands {
            out.push(String::new());
            match &advice.command {
                None => out.push(format!("{}.", escaped(&capital(&advice.text)))),
                Some(command) => {
                    out.push(format!("{}:", escaped(&capital(&advice.text))));
                    out.push(String::new());
                    let fence = "`".repeat(longest_run(command, '`').max(2) + 1);
                    let language = if is_powershell(step) { "powershell" } else { "sh" };
                    out.extend([format!("{fence}{language}"), command.clone(), fence]);
                }
            }
        }
    }
    let mut whole = out.join("\n");
    whole.push('\n');
    whole
}

fn is_powershell(step: &Step) -> bool {
    step.platform == Some(super::Platform::Windows)
}

fn title(packet: &Packet) -> String {
    match &packet.subject {
        Subject::Tunnel(name) | Subject::Draft(name) => {
            format!("Set-up of the tunnel {name} through the bastion {}", packet.bastion)
        }
        Subject::Bastion(name) => format!("Set-up of the bastion {name}"),
    }
}

fn facts(packet: &Packet) -> Vec<(&'static str, String)> {
    let mut facts = vec![("bastion", packet.address.to_string()), ("user", packet.user.clone())];
    facts.extend(packet.fingerprint.iter().map(|fingerprint| ("key", fingerprint.clone())));
    facts.extend(packet.authorized_key.iter().map(|line| ("key line", line.clone())));
    let mut who: Vec<&str> = Vec::new();
    for owner in packet.steps.iter().map(|step| step.who) {
        if !who.contains(&owner.words()) && owner != Owner::You {
            who.push(owner.words());
        }
    }
    facts.push(("it is for", who.join(", ")));
    facts
}

fn place(step: &Step) -> String {
    step.platform.map(|platform| format!(" ({platform})")).unwrap_or_default()
}

/// The first letter as a sentence begins.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Running text in lines; a word is never broken.
fn wrapped(text: &str, indent: &str) -> Vec<String> {
    let hanging = if text.starts_with("- ") { "  " } else { "" };
    let mut lines = Vec::new();
    let mut line = indent.to_owned();
    let mut empty = true;
    for word in text.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(std::mem::replace(&mut line, format!("{indent}{hanging}")));
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    lines.push(line);
    lines
}

/// Names may hold what Markdown takes for its own.
fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '&') {
            out.push('\\');
        }
        out.push(c);
        out
    })
}

/// A text as code inside a line.
fn code(text: &str) -> String {
    let ticks = "`".repeat(longest_run(text, '`') + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

fn longest_run(text: &str, wanted: char) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == wanted { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}
