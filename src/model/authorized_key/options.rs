//! The options before a key, as `sshauthopt_parse` reads them: one word that it does not know makes the whole line invalid.
//! What they mean for a login is judged elsewhere.

use super::expiry::Expiry;
use super::fault::LineFault;
use crate::model::endpoint::Endpoint;

/// What a line's options allow, as far as a tunnel is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Forwarding is not switched off.
    pub forwarding: bool,
    /// The only program that a session may run.
    pub command: Option<String>,
    /// The addresses that the key is taken from (PATTERNS of ssh_config(5), and CIDR).
    pub from: Option<String>,
    /// When the line ends.
    pub expiry: Option<Expiry>,
    /// The only targets of forwards, `host:port`; empty where all are allowed.
    pub permitopen: Vec<String>,
    /// The key signs certificates and logs nobody in itself.
    pub cert_authority: bool,
    /// Names that a certificate must carry; of a plain key sshd then takes nothing.
    pub principals: bool,
    /// The options' names in their order, in lower case and without `no-`.
    pub names: Vec<String>,
}

/// Words without a value, and whether `no-` may stand before them.
const FLAGS: &[(&str, bool)] = &[
    ("restrict", false),
    ("cert-authority", false),
    ("port-forwarding", true),
    ("agent-forwarding", true),
    ("x11-forwarding", true),
    ("touch-required", true),
    ("verify-required", true),
    ("pty", true),
    ("user-rc", true),
];

/// Words with a value in double quotes.
const VALUES: &[&str] =
    &["command", "principals", "from", "expiry-time", "environment", "permitopen", "permitlisten", "tunnel"];

impl Options {
    /// What a line without options allows.
    fn plain() -> Self {
        Self {
            forwarding: true,
            command: None,
            from: None,
            expiry: None,
            permitopen: Vec::new(),
            cert_authority: false,
            principals: false,
            names: Vec::new(),
        }
    }

    /// Reads the text before the key's type; empty is none.
    pub(super) fn read(text: &str) -> Result<Self, LineFault> {
        let mut options = Self::plain();
        let mut rest = text;
        while !rest.is_empty() {
            rest = options.take(rest)?;
            if rest.is_empty() {
                break;
            }
            rest = rest.strip_prefix(',').ok_or_else(|| unknown(text, rest))?;
            if rest.is_empty() {
                return Err(LineFault::UnknownOption { word: String::new() });
            }
        }
        Ok(options)
    }

    /// Takes one option from the front.
    fn take<'a>(&mut self, text: &'a str) -> Result<&'a str, LineFault> {
        let negated = text.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("no-"));
        for (flag, negatable) in FLAGS {
            let bare = if negated && *negatable { text.get(3..).unwrap_or_default() } else { text };
            if let Some(rest) = past(bare, flag) {
                self.set_flag(flag, !(negated && *negatable));
                return Ok(rest);
            }
        }
        for name in VALUES {
            if let Some(rest) = past(text, name).and_then(|rest| rest.strip_prefix('=')) {
                let (value, rest) =
                    unquote(rest).map_err(|problem| LineFault::BadOption { word: (*name).to_owned(), problem })?;
                self.set_value(name, value)?;
                return Ok(rest);
            }
        }
        Err(unknown(text, text))
    }

    fn set_flag(&mut self, flag: &str, on: bool) {
        match flag {
            "restrict" => self.forwarding = false,
            "port-forwarding" => self.forwarding = on,
            "cert-authority" => self.cert_authority = true,
            _ => {}
        }
        self.names.push(flag.to_owned());
    }

    fn set_value(&mut self, name: &str, value: String) -> Result<(), LineFault> {
        let bad = |problem| LineFault::BadOption { word: name.to_owned(), problem };
        let once = matches!(name, "command" | "from" | "principals");
        if once && self.names.iter().any(|known| known == name) {
            return Err(bad("twice"));
        }
        match name {
            "command" => self.command = Some(value),
            "from" => self.from = Some(value),
            "principals" => self.principals = true,
            "expiry-time" => {
                let expiry = Expiry::read(&value).ok_or_else(|| bad("with a time that is no YYYYMMDD[HHMM[SS]][Z]"))?;
                // Of several the earliest counts.
                let earlier = self.expiry.as_ref().is_none_or(|known| expiry.time < known.time);
                if earlier {
                    self.expiry = Some(expiry);
                }
            }
            "permitopen" => {
                let valid = split_permit(&value).is_some_and(|(host, port)| {
                    !host.is_empty()
                        && (port == "*" || port.parse::<u16>().is_ok_and(|port| port > 0) || is_service(port))
                });
                if !valid {
                    return Err(bad("with a target that is no host:port"));
                }
                self.permitopen.push(value);
            }
            _ => {}
        }
        self.names.push(name.to_owned());
        Ok(())
    }

    /// True where the line lets a forward to this target pass: no `permitopen`, or one that is the same letter by letter.
    #[must_use]
    pub fn permits(&self, target: &Endpoint) -> bool {
        self.permitopen.is_empty() || self.permitopen.iter().any(|entry| permit_matches(entry, target))
    }
}

/// True where `host:port` names the target literally, or with `*` in place of a part (`open_match` in `channels.c`).
#[must_use]
pub(in crate::model) fn permit_matches(entry: &str, target: &Endpoint) -> bool {
    split_permit(entry).is_some_and(|(host, port)| {
        (host == "*" || host == target.host.as_str()) && (port == "*" || port.parse::<u16>() == Ok(target.port.get()))
    })
}

/// `host:port`, `[host]:port`, `host/port`; the host without brackets.
#[must_use]
pub(in crate::model) fn split_permit(entry: &str) -> Option<(&str, &str)> {
    if let Some(rest) = entry.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return Some((host, rest.strip_prefix([':', '/'])?));
    }
    entry.split_once([':', '/'])
}

/// sshd also takes a service's name from `/etc/services`.
fn is_service(port: &str) -> bool {
    !port.is_empty()
        && port.starts_with(|c: char| c.is_ascii_alphabetic())
        && port.bytes().all(|b| b.is_ascii_graphic())
}

/// What is behind this word at the front, whatever its case.
fn past<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    text.get(..word.len()).filter(|start| start.eq_ignore_ascii_case(word))?;
    text.get(word.len()..)
}

/// The value in double quotes at the front, and what is behind it; `\"` is a quote.
fn unquote(text: &str) -> Result<(String, &str), &'static str> {
    let body = text.strip_prefix('"').ok_or("without double quotes around its value")?;
    let mut value = String::new();
    let mut chars = body.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((value, body.get(at + 1..).unwrap_or_default())),
            '\\' if chars.peek().is_some_and(|(_, next)| *next == '"') => {
                chars.next();
                value.push('"');
            }
            _ => value.push(c),
        }
    }
    Err("with a value whose quote is never closed")
}

/// The whole word around the place where reading stopped.
fn unknown(text: &str, rest: &str) -> LineFault {
    let at = text.len() - rest.len();
    let start = text.get(..at).and_then(|before| before.rfind(',')).map_or(0, |comma| comma + 1);
    let start = if text.get(at..).is_some_and(|rest| rest.len() == text.len()) { 0 } else { start };
    let word = text.get(start..).unwrap_or_default().split([',', '=']).next().unwrap_or_default();
    LineFault::UnknownOption { word: word.chars().take(60).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Options {
        Options::read(text).unwrap()
    }

    fn endpoint(host: &str, port: u16) -> Endpoint {
        Endpoint::new(host.parse().unwrap(), port.try_into().unwrap())
    }

    #[test]
    fn flags_count_in_their_order() {
        assert!(read("").forwarding);
        assert!(!read("restrict").forwarding);
        assert!(read("restrict,port-forwarding").forwarding);
        assert!(!read("port-forwarding,restrict").forwarding);
        assert!(!read("no-port-forwarding,no-pty").forwarding);
        assert!(read("No-Agent-Forwarding,NO-X11-forwarding,no-user-rc").forwarding);
        assert!(read("cert-authority,principals=\"a,b\"").cert_authority);
    }

    #[test]
    fn values_stand_in_quotes() {
        let options = read("command=\"a \\\"b\\\"\",from=\"10.0.0.0/8,!10.1.1.1\",environment=\"A=b\",tunnel=\"0\"");
        assert_eq!(options.command.as_deref(), Some("a \"b\""));
        assert_eq!(options.from.as_deref(), Some("10.0.0.0/8,!10.1.1.1"));
        for bad in
            ["from=10.0.0.0/8", "from=\"a", "from=\"a\",from=\"b\"", "expiry-time=\"soon\"", "permitopen=\"5432\""]
        {
            assert!(matches!(Options::read(bad), Err(LineFault::BadOption { .. })), "{bad}");
        }
        for bad in ["from", "restrict pty", "pty=\"x\"", "restrict,,pty", "no-restrict", "permitopen", "restrict,"] {
            assert!(matches!(Options::read(bad), Err(LineFault::UnknownOption { .. })), "{bad}");
        }
    }

    #[test]
    fn targets_are_compared_letter_by_letter() {
        let options =
            read("permitopen=\"db:5432\",permitopen=\"[::1]:*\",permitopen=\"*:6379\",permitopen=\"a:postgresql\"");
        for (host, port, allowed) in [
            ("db", 5432, true),
            ("DB", 5432, false),
            ("db.", 5432, false),
            ("db", 5433, false),
            ("::1", 1, true),
            ("anything", 6379, true),
        ] {
            assert_eq!(options.permits(&endpoint(host, port)), allowed, "{host}:{port}");
        }
        assert!(read("restrict").permits(&endpoint("db", 1)));
    }
}
