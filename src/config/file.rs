//! One configuration file, exactly as people write it. It judges each table by itself; what one says of another is
//! judged in `resolve`.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;
use toml::de::{DeTable, DeValue};

use super::fields::{Fields, LACK, UNKNOWN, shortened};
use super::mistake::{Mistake, nearest};
use super::source::Source;
use crate::model::{
    AgentSocket, Bastion, DEFAULT_KEEPALIVE, Database, Endpoint, Host, Identity, Kind, Listen, Name, Notify, Port,
    SSH_PORT, Sharing, Tunnel,
};

/// The only version of the format.
const VERSION: i128 = 1;

/// Shorter ones are noise on the line, longer ones notice nothing.
const KEEPALIVES: std::ops::RangeInclusive<Duration> = Duration::from_millis(250)..=Duration::from_secs(600);

const IDENTITIES: [&str; 3] = ["key", "identity_file", "agent"];

/// The keys of a bastion, in the order of the documentation.
pub(super) const BASTION_KEYS: [&str; 13] = [
    "host",
    "ssh_host",
    "port",
    "user",
    "key",
    "identity_file",
    "agent",
    "certificate_file",
    "via",
    "proxy_command",
    "keepalive",
    "sessions",
    "legacy_algorithms",
];

/// The keys of a tunnel, in the order of the documentation.
pub(super) const TUNNEL_KEYS: [&str; 16] = [
    "bastion",
    "key",
    "identity_file",
    "agent",
    "database",
    "host",
    "port",
    "listen",
    "user",
    "dbname",
    "autostart",
    "allow_remote_clients",
    "connect",
    "ttl",
    "confirm",
    "tags",
];

/// A table with a name, and its value where nothing is wrong with it.
#[derive(Debug)]
pub(super) struct Named<T> {
    pub(super) name: Name,
    /// Where the name stands, in bytes.
    pub(super) at: usize,
    pub(super) value: Option<T>,
}

/// A tunnel with what others must agree to.
#[derive(Debug)]
pub(super) struct TunnelEntry {
    pub(super) tunnel: Option<Tunnel>,
    /// The bastion it names and where.
    pub(super) bastion: Option<(Name, usize)>,
    /// Where it listens and where that stands.
    pub(super) listen: Option<(Listen, usize)>,
}

/// The preferences that a file states, each with the place of its value.
#[derive(Debug, Default)]
pub(super) struct PreferencesEntry {
    pub(super) theme: Option<(String, usize)>,
    pub(super) mouse: Option<(bool, usize)>,
    pub(super) leaves_from: Option<(Vec<IpAddr>, usize)>,
    pub(super) notify: Option<(Notify, usize)>,
}

/// The keys that a file gives an action.
#[derive(Debug)]
pub(super) struct KeymapEntry {
    pub(super) action: String,
    pub(super) chords: Vec<String>,
    /// Where the action's name stands, in bytes.
    pub(super) action_at: usize,
    /// Where its keys stand.
    pub(super) chords_at: usize,
}

/// What one file holds.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) preferences: PreferencesEntry,
    pub(super) keymap: Vec<KeymapEntry>,
    pub(super) bastions: Vec<Named<Bastion>>,
    pub(super) tunnels: Vec<Named<TunnelEntry>>,
}

/// Reads a file's text; what is wrong with it is added to the mistakes.
pub(super) fn read(source: &Source, user_home: Option<&Path>, mistakes: &mut Vec<Mistake>) -> Contents {
    if source.text.starts_with('\u{feff}') {
        let message = "begins with a byte-order mark: save the file as UTF-8 without one".to_owned();
        mistakes.push(source.mistake(0, String::new(), message));
        return Contents::default();
    }
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    let mut found = Vec::new();
    let contents = read_tables(source, table.get_ref(), user_home, &mut found);
    if !errors.is_empty() {
        let broken: Vec<_> = errors.iter().map(|error| syntax(source, error)).collect();
        // The parser has guessed on. What it guessed on the lines it stumbled over, what it may have lost, and keys
        // that may belong to a table whose header it could not read, are no mistakes of the person's.
        let lines: BTreeSet<_> = broken.iter().map(|mistake| mistake.line).collect();
        let first = lines.first().copied().unwrap_or_default();
        found.retain(|mistake| {
            let stray = mistake.message == UNKNOWN && !mistake.key.contains('.') && mistake.line > first;
            !stray && !lines.contains(&mistake.line) && !mistake.message.contains(LACK)
        });
        found.extend(broken);
    }
    found.sort_by_key(|mistake| (mistake.line, mistake.column));
    mistakes.append(&mut found);
    contents
}

fn syntax(source: &Source, error: &toml::de::Error) -> Mistake {
    let at = error.span().map_or(0, |span| span.start);
    let message = match source.text.get(at..).and_then(|rest| rest.chars().next()) {
        Some('\0') => "a NUL character does not belong into a text file".to_owned(),
        _ if error.message() == "duplicate key" => "the same key or table stands here a second time".to_owned(),
        _ => format!("this is not TOML: {}", error.message()),
    };
    source.mistake(at, String::new(), message)
}

fn read_tables(
    source: &Source,
    table: &DeTable<'_>,
    user_home: Option<&Path>,
    mistakes: &mut Vec<Mistake>,
) -> Contents {
    let mut contents = Contents::default();
    let mut root = Fields::of_file(source, table, mistakes);
    root.refuse_unknown(&["version", "preferences", "keymap", "bastions", "tunnels"]);
    if let Some(version) = root.number("version")
        && version != VERSION
    {
        root.wrong("version", format!("this adit reads version {VERSION} only"));
    }
    if let Some(mut preferences) = root.table("preferences") {
        contents.preferences = self::preferences(&mut preferences);
    }
    if let Some(mut keymap) = root.table("keymap") {
        contents.keymap = self::keymap(&mut keymap);
    }
    if let Some(mut tables) = root.table("bastions") {
        contents.bastions = each(&mut tables, |name, fields| bastion(name, fields, user_home));
    }
    if let Some(mut tables) = root.table("tunnels") {
        contents.tunnels = each(&mut tables, |name, fields| Some(tunnel(name, fields, user_home)));
    }
    contents
}

fn preferences(fields: &mut Fields<'_>) -> PreferencesEntry {
    fields.refuse_unknown(&["theme", "mouse", "leaves_from", "notify", "notify_command"]);
    let theme = fields.text("theme").map(|theme| (theme.to_owned(), fields.value_place("theme")));
    let mouse = fields.flag("mouse").map(|mouse| (mouse, fields.value_place("mouse")));
    let addresses = fields.list::<Address>("leaves_from").into_iter().map(|Address(ip)| ip).collect();
    let leaves_from = fields.has("leaves_from").then(|| (addresses, fields.value_place("leaves_from")));
    let notify = notify(fields).map(|notify| (notify, fields.value_place("notify")));
    PreferencesEntry { theme, mouse, leaves_from, notify }
}

/// How notices are given.
fn notify(fields: &mut Fields<'_>) -> Option<Notify> {
    let command = fields.text("notify_command").map(str::to_owned);
    let manners = [("off", 0), ("bell", 1), ("osc9", 2), ("command", 3)];
    match (fields.choice("notify", &manners)?, command) {
        (0, _) => Some(Notify::Off),
        (1, _) => Some(Notify::Bell),
        (2, _) => Some(Notify::Osc9),
        (_, Some(line)) if !line.trim().is_empty() => Some(Notify::Command(line)),
        _ => {
            fields.wrong(
                "notify",
                "which command? notify_command names it, as in \"notify-send \\\"$ADIT_NOTICE\\\"\"".to_owned(),
            );
            None
        }
    }
}

/// One key or a list of them for each action; which actions and keys there are is judged elsewhere.
fn keymap(fields: &mut Fields<'_>) -> Vec<KeymapEntry> {
    let mut entries = Vec::new();
    for action in fields.keys() {
        let chords = match fields.value(action) {
            Some(DeValue::Array(_)) => fields.list::<String>(action),
            _ => fields.text(action).map(str::to_owned).into_iter().collect(),
        };
        if chords.is_empty() {
            // What is of another type is told already.
            if matches!(fields.value(action), Some(DeValue::Array(items)) if items.is_empty()) {
                fields.wrong(action, "needs a key between the brackets, as in [\"ctrl-d\"]".to_owned());
            }
            continue;
        }
        let (action_at, chords_at) = (fields.key_place(action), fields.value_place(action));
        entries.push(KeymapEntry { action: action.to_owned(), chords, action_at, chords_at });
    }
    entries
}

/// An address that this machine is seen as.
#[derive(PartialEq)]
struct Address(IpAddr);

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<IpAddr>() {
            Ok(ip) if ip.is_unspecified() => Err(format!("{ip} is every address: nobody is seen as that")),
            Ok(ip) => Ok(Self(ip.to_canonical())),
            Err(_) => Err(format!("{:?} is no IP address, as in \"203.0.113.7\"", shortened(text))),
        }
    }
}

/// Reads every table of a group under its name.
fn each<T>(group: &mut Fields<'_>, read: impl Fn(&Name, &mut Fields<'_>) -> Option<T>) -> Vec<Named<T>> {
    let mut all = Vec::new();
    for key in group.keys() {
        let at = group.key_place(key);
        let name = match key.parse::<Name>() {
            Ok(name) => Some(name),
            Err(error) => {
                group.wrong_key(key, error.to_string());
                None
            }
        };
        // The rest of a table with a bad name is judged all the same, so that all its mistakes show at once.
        let Some(mut fields) = group.table(key) else { continue };
        let stand_in = name.clone().or_else(|| "x".parse().ok());
        let value = stand_in.and_then(|name| read(&name, &mut fields));
        all.extend(name.map(|name| Named { name, at, value }));
    }
    all
}

fn bastion(name: &Name, fields: &mut Fields<'_>, user_home: Option<&Path>) -> Option<Bastion> {
    fields.refuse_unknown(&BASTION_KEYS);
    fields.refuse_unbuilt("ssh_host", "following the OpenSSH configuration");
    fields.refuse_unbuilt("certificate_file", "login by certificate");
    fields.refuse_unbuilt("via", "jumping through other bastions");
    fields.refuse_unbuilt("proxy_command", "connecting by a command");
    if !fields.has("ssh_host") {
        fields.require("host", "the bastion's name or address");
    }
    fields.require("user", "the login on the bastion");
    let host = fields.parse::<Host>("host");
    let port = port_or(fields, Port::new(SSH_PORT));
    let user = fields.judge("user", login);
    let identity = identity(fields, user_home);
    if let Ok(None) = identity {
        let suggestion =
            format!("add key = {:?}, identity_file = \"~/.ssh/id_ed25519\" or agent = true", name.as_str());
        fields.lacks("an identity", &suggestion);
    }
    let keepalive = value_or(fields, "keepalive", DEFAULT_KEEPALIVE, |f| f.judge("keepalive", keepalive));
    let choices = [("auto", Sharing::Auto), ("shared", Sharing::Shared)];
    let sharing = value_or(fields, "sessions", Sharing::Auto, |f| f.choice("sessions", &choices));
    let legacy_algorithms = value_or(fields, "legacy_algorithms", false, |f| f.flag("legacy_algorithms"));
    Some(Bastion {
        name: name.clone(),
        endpoint: Endpoint::new(host?, port?),
        user: user?,
        identity: identity.ok()??,
        keepalive: keepalive?,
        sharing: sharing?,
        legacy_algorithms: legacy_algorithms?,
    })
}

fn tunnel(name: &Name, fields: &mut Fields<'_>, user_home: Option<&Path>) -> TunnelEntry {
    fields.refuse_unknown(&TUNNEL_KEYS);
    fields.refuse_unbuilt("ttl", "closing after a time");
    fields.refuse_unbuilt("confirm", "asking before a tunnel opens");
    if fields.choice("connect", &[("always", false), ("on_demand", true)]) == Some(true) {
        fields.wrong("connect", "dialling on demand is not built yet; use \"always\" or take this key out".to_owned());
    }
    for (key, what) in [
        ("bastion", "the bastion to go through"),
        ("database", "the kind of database, as \"postgres\""),
        ("host", "the database's name or address as the bastion sees it"),
    ] {
        fields.require(key, what);
    }
    let bastion = fields.parse::<Name>("bastion");
    let kind = kind(fields);
    let host = fields.parse::<Host>("host");
    let port = port_or(fields, kind.and_then(Kind::default_port));
    if kind == Some(Kind::Tcp) {
        fields.require("port", "plain tcp has no usual one");
    }
    let allow_remote_clients = value_or(fields, "allow_remote_clients", false, |f| f.flag("allow_remote_clients"));
    let listen = value_or(fields, "listen", None, |f| f.parse::<Listen>("listen").map(Some));
    if let Some(Some(place)) = &listen
        && !place.is_local()
        && allow_remote_clients == Some(false)
    {
        let message =
            format!("other machines could connect to {place}: listen on 127.0.0.1, or set allow_remote_clients = true");
        fields.wrong("listen", message);
    }
    let identity = identity(fields, user_home);
    let user = value_or(fields, "user", None, |f| f.judge("user", printable).map(Some));
    let dbname = value_or(fields, "dbname", None, |f| f.judge("dbname", printable).map(Some));
    let autostart = value_or(fields, "autostart", false, |f| f.flag("autostart"));
    let tags = fields.list::<Name>("tags");
    let bastion_at = fields.value_place("bastion");
    let listen_at = fields.value_place("listen");
    let tunnel = || {
        Some(Tunnel {
            name: name.clone(),
            bastion: bastion.clone()?,
            identity: identity.ok()?,
            database: Database { kind: kind?, host: host?, port: port? },
            listen: listen.clone()?,
            user: user?,
            dbname: dbname?,
            autostart: autostart?,
            allow_remote_clients: allow_remote_clients?,
            tags,
        })
    };
    TunnelEntry {
        tunnel: tunnel(),
        bastion: bastion.clone().map(|name| (name, bastion_at)),
        listen: listen.clone().flatten().map(|listen| (listen, listen_at)),
    }
}

/// A value where the key is there and right, the default where it is absent, `None` where it is wrong.
fn value_or<'a, T>(
    fields: &mut Fields<'a>,
    key: &str,
    default: T,
    read: impl FnOnce(&mut Fields<'a>) -> Option<T>,
) -> Option<T> {
    if fields.has(key) { read(fields) } else { Some(default) }
}

fn port_or(fields: &mut Fields<'_>, default: Option<Port>) -> Option<Port> {
    if fields.has("port") { fields.port("port") } else { default }
}

fn kind(fields: &mut Fields<'_>) -> Option<Kind> {
    let text = fields.text("database")?;
    match text.parse::<Kind>() {
        Ok(kind) => Some(kind),
        Err(error) => {
            let meant = nearest(text, Kind::ALL.map(Kind::as_str));
            fields.wrong_near("database", error.to_string(), meant);
            None
        }
    }
}

/// The one identity of a table, `None` where it names none, `Err` where what it names is wrong.
fn identity(fields: &mut Fields<'_>, user_home: Option<&Path>) -> Result<Option<Identity>, ()> {
    let is_set = |fields: &Fields<'_>, key: &str| match fields.value(key) {
        None => false,
        // Written out, but nothing: as good as absent.
        Some(DeValue::Boolean(false)) => key != "agent",
        Some(_) => true,
    };
    let named: Vec<_> = IDENTITIES.into_iter().filter(|key| is_set(fields, key)).collect();
    let found = match named.first().copied() {
        None => return Ok(None),
        Some("key") => fields.parse::<Name>("key").map(Identity::Key),
        Some("identity_file") => fields.judge("identity_file", |text| full_path(text, user_home)).map(Identity::File),
        Some(_) => match fields.value("agent") {
            Some(DeValue::Boolean(_)) => Some(Identity::Agent(AgentSocket::Environment)),
            Some(DeValue::String(text)) => match full_path(text, user_home) {
                Ok(path) => Some(Identity::Agent(AgentSocket::Path(path))),
                Err(message) => {
                    fields.wrong("agent", message);
                    None
                }
            },
            _ => {
                fields.wrong("agent", "needs true or the path of a socket in quotes".to_owned());
                None
            }
        },
    };
    for second in named.iter().skip(1) {
        let first = named.first().copied().unwrap_or_default();
        fields.wrong_key(second, format!("there is {first} already: a login shows one identity only"));
    }
    if named.len() > 1 { Err(()) } else { found.map(Some).ok_or(()) }
}

/// An absolute path; `~/` is the person's home folder. The service has no current folder that a person would mean.
fn full_path(text: &str, user_home: Option<&Path>) -> Result<PathBuf, String> {
    if text.chars().any(char::is_control) {
        return Err("a path has no control characters".to_owned());
    }
    match (text.strip_prefix("~/"), user_home) {
        (Some(rest), Some(home)) => Ok(home.join(rest.trim_start_matches('/'))),
        (Some(_), None) => Err("HOME is not set, so ~/ leads nowhere: give an absolute path".to_owned()),
        (None, _) if text.starts_with('/') => Ok(PathBuf::from(text)),
        (None, _) => Err(format!("{:?} is no absolute path: begin it with / or ~/", shortened(text))),
    }
}

/// A login name: it becomes a word of commands that we print for others to run.
fn login(text: &str) -> Result<String, String> {
    if text.contains(char::is_whitespace) {
        return Err(format!("{:?} is no login: it has blanks", shortened(text)));
    }
    printable(text)
}

/// A word for connection strings: anything but what could pass for an option or drive a terminal.
fn printable(text: &str) -> Result<String, String> {
    if text.is_empty() {
        Err("needs a name between the quotes".to_owned())
    } else if text.starts_with('-') {
        Err(format!("{:?} begins with a dash, which commands take for an option", shortened(text)))
    } else if text.chars().any(char::is_control) {
        Err(format!("{:?} has control characters", shortened(text)))
    } else if text.len() > 255 {
        Err("longer than 255 bytes".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

fn keepalive(text: &str) -> Result<Duration, String> {
    let example = "a number with its unit, as in \"3s\" or \"500ms\"";
    let parsed =
        text.parse::<SignedDuration>().map_err(|_| format!("{:?} is no time: give {example}", shortened(text)))?;
    let time = Duration::try_from(parsed).unwrap_or_default();
    if KEEPALIVES.contains(&time) { Ok(time) } else { Err(format!("{text:?} is out of range: use 250ms to 10m")) }
}
