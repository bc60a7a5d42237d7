//! The line as it should be, and the commands that put it there. They take away nothing but what was seen of our own key.

use super::limits::{is_kept_out, is_over};
use super::{Case, Found};
use crate::model::account::facts::{KeysFile, Presence};
use crate::model::advice::Advice;
use crate::model::authorized_key::{Admission, KeyLine, admits};
use crate::model::recipe::shell_word;

/// Deletes lines that still hold what was seen on them, and puts the whole one at the end. Run twice, or after somebody else's
/// change, it takes nobody else's line away. The line break first: the file's last line may lack its own.
pub(super) fn replace(file: &KeysFile, seen: &[(u32, &str)], line: &str) -> Advice {
    let mut command = "sed -i".to_owned();
    for (number, text) in seen {
        // Base64 and the names of key types hold nothing that means anything in a pattern but dots, which match themselves.
        command.push_str(&format!(" -e '{number}{{\\|{text}|d}}'"));
    }
    let path = shell_word(&file.real);
    command.push_str(&format!(" {path} && printf '\\n%s\\n' {} >> {path}", shell_word(line)));
    Advice::command("replace it by the whole line", command)
}

/// The same for a line that holds the whole key.
pub(super) fn replace_line(case: &Case<'_>, found: &Found<'_>, line: &str) -> Advice {
    let blob = case.key.map_or("", |(_, blob)| blob);
    replace(found.file, &[(found.seen.number, blob)], line)
}

/// Adds a line, and makes what is missing on the way. A line break first: the file's last line may lack its own.
pub(super) fn add(case: &Case<'_>, file: &KeysFile, line: &str) -> String {
    let path = shell_word(&file.path);
    let append = format!("printf '\\n%s\\n' {} >> {path}", shell_word(line));
    if file.presence == Presence::There {
        return append;
    }
    let folder = file.path.rsplit_once('/').map_or("/", |(folder, _)| folder);
    let user = case.user();
    format!("install -d -m 700 -o {user} {} && {append} && chown {user} {path} && chmod 600 {path}", shell_word(folder))
}

/// The finished line in words that every release knows.
pub(super) fn old_line(case: &Case<'_>) -> Option<String> {
    let key = case.expected.key.as_deref()?.trim();
    let mut options = vec!["no-agent-forwarding,no-X11-forwarding,no-pty,no-user-rc".to_owned()];
    options.extend(case.expected.targets.iter().map(|target| format!("permitopen=\"{target}\"")));
    Some(format!("{} {key}", options.join(",")))
}

/// The line as it would let us in: its own options, with whatever keeps us out changed and nothing else. Every finding about a
/// line offers this same one, so that following two of them does no harm.
pub(super) fn mended(case: &Case<'_>, found: &Found<'_>, line: &KeyLine) -> Advice {
    let mut text = line.options_text.clone();
    if is_over(case, line) {
        text = with_option(&text, "expiry-time", None);
    }
    if let Some(list) = line.options.from.as_deref().filter(|_| is_kept_out(case, line)) {
        text = with_option(&text, "from", Some(&admitting(case, list)));
    }
    let mut options = separate(&text);
    if !line.options.forwarding && !case.expected.targets.is_empty() {
        options.retain(|option| !option.eq_ignore_ascii_case("no-port-forwarding"));
        if options.iter().any(|option| option.eq_ignore_ascii_case("restrict")) {
            options.push("port-forwarding".to_owned());
        }
    }
    for target in &case.expected.targets {
        // A line without any permitopen allows every target; one whose forwarding is opened only now should not.
        let opened = !line.options.forwarding && line.options.permitopen.is_empty();
        if opened || !line.options.permits(target) {
            options.push(format!("permitopen=\"{target}\""));
        }
    }
    let key = case
        .expected
        .key
        .as_deref()
        .map_or_else(|| format!("{} {}", line.key_type, line.blob), |key| key.trim().to_owned());
    let options = options.join(",");
    let whole = if options.is_empty() { key } else { format!("{options} {key}") };
    replace_line(case, found, &whole)
}

/// A list that admits our addresses too, without the entries that sshd cannot use.
fn admitting(case: &Case<'_>, list: &str) -> String {
    let nobody = std::net::IpAddr::from([0, 0, 0, 0]);
    let usable = |entry: &&str| !matches!(admits(entry, nobody, Some(false)), Admission::Invalid(_));
    let mut entries: Vec<String> = list.split(',').filter(usable).map(str::to_owned).collect();
    for address in &case.expected.from {
        let text = address.to_canonical().to_string();
        entries.retain(|entry| *entry != format!("!{text}"));
        if admits(&entries.join(","), *address, Some(false)) != Admission::Yes {
            entries.push(text);
        }
    }
    entries.join(",")
}

/// The options with one of them replaced, or left out; all others stay as they were written.
fn with_option(options: &str, name: &str, value: Option<&str>) -> String {
    let mut kept: Vec<String> = Vec::new();
    let mut done = false;
    for option in separate(options) {
        let is_it = option.split_once('=').is_some_and(|(word, _)| word.eq_ignore_ascii_case(name));
        if !is_it {
            kept.push(option);
        } else if let (Some(value), false) = (value, done) {
            kept.push(format!("{name}=\"{value}\""));
            done = true;
        }
    }
    kept.join(",")
}

/// Options at the commas outside of quotes.
fn separate(options: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut quoted, mut before) = (false, ' ');
    for c in options.chars() {
        if c == '"' && before != '\\' {
            quoted = !quoted;
        }
        before = c;
        match parts.last_mut() {
            Some(last) if c != ',' || quoted => last.push(c),
            _ => parts.push(String::new()),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_option_is_replaced_and_the_others_stay() {
        let options = "restrict,from=\"10.0.0.1,10.0.0.2\",command=\"a, \\\"b,c\\\"\",expiry-time=\"20200101\"";
        assert_eq!(
            with_option(options, "from", Some("::1")),
            "restrict,from=\"::1\",command=\"a, \\\"b,c\\\"\",expiry-time=\"20200101\""
        );
        assert_eq!(
            with_option(options, "Expiry-Time", None),
            "restrict,from=\"10.0.0.1,10.0.0.2\",command=\"a, \\\"b,c\\\"\""
        );
        assert_eq!(with_option("", "from", None), "");
    }
}
