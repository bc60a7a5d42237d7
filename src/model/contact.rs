//! First contact with a database, before any login: which bytes are sent, and what the server's first words mean. It opens no
//! socket and reads no clock; whoever holds the connection carries the bytes and says when it ended.
//!
//! The configured kind alone decides what is said, except that a MySQL greeting is always answered to the end: those servers
//! count a contact that is broken off against the bastion's address (MySQL manual, `max_connect_errors`).

use serde::{Deserialize, Serialize};

use super::database::Kind;
use super::endpoint::Port;
use super::fault::Code;
use super::untrusted::Untrusted;

mod blame;
mod cassandra;
mod clickhouse;
mod cursor;
mod elasticsearch;
mod http;
mod mongodb;
mod mysql;
mod oracle;
mod postgres;
mod redis;
mod sqlserver;
mod stranger;
#[cfg(test)]
mod tests;

/// The most that is read of a server's words, in bytes.
pub const MOST: usize = 8 * 1024;
/// A user that nobody has: being refused as it is a finished contact.
const NOBODY: &str = "adit_probe";
/// The longest text of a server that is kept, in characters.
const TEXT: usize = 200;

/// What a server says about TLS before login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// The client may ask for it.
    Offered,
    /// The client must ask for it.
    Required,
    /// Not on this port.
    No,
    /// It was not said.
    Unknown,
}

/// What the other side turned out to be. All texts are cleaned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// The database that was expected, or one of its family.
    Speaks {
        /// Its name, such as `MariaDB`.
        product: String,
        /// Its version, where it is said before login.
        version: Option<String>,
        /// Whether it speaks TLS.
        tls: Tls,
        /// What else it said that is worth knowing.
        note: Option<String>,
    },
    /// The database that was expected, which lets this connection in no further.
    Refused {
        /// Why.
        code: Code,
        /// Its own words.
        text: String,
    },
    /// Something else.
    Stranger {
        /// What it is, such as `an SSH server`; absent where it is not known.
        name: Option<String>,
        /// The kind that would be right for it.
        kind: Option<Kind>,
        /// Its own words.
        said: String,
    },
    /// Nothing came, or not enough to tell.
    Silent {
        /// What came.
        said: String,
    },
    /// The other side closed before it said enough to tell.
    Closed {
        /// True when it had been spoken to.
        asked: bool,
        /// What came.
        said: String,
    },
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Wait for more.
    Listen,
    /// Say this, then wait.
    Say(Vec<u8>),
    /// The reply stands unless more comes within a moment.
    Settle(Reply),
    /// All is known: say the parting words, if any, and leave.
    Leave(Reply, Vec<u8>),
}

/// How a contact ended that the server did not finish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The other side closed, by whatever means.
    Closed,
    /// Time ran out.
    Quiet,
}

/// What one protocol makes of the words since it was last spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Heard {
    /// The words are not complete.
    More,
    /// Say this; the reply is what is known already.
    Ask(Vec<u8>, Reply),
    /// All is known, unless more comes within a moment.
    Settle(Reply),
    /// All is known; the bytes are a parting.
    Know(Reply, Vec<u8>),
    /// These are not the protocol's words.
    Foreign,
}

impl Heard {
    /// All is known, and nothing is left to say.
    fn know(reply: Reply) -> Self {
        Self::Know(reply, Vec::new())
    }
}

/// What a protocol is judged by.
#[derive(Debug, Clone, Copy)]
struct Turn<'a> {
    /// How often it was spoken to.
    asked: usize,
    /// What came since.
    said: &'a [u8],
    /// What is known from the turns before.
    known: Option<&'a Reply>,
}

/// The protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Postgres,
    Mysql,
    Sqlserver,
    Oracle,
    Redis,
    Mongodb,
    Clickhouse,
    ClickhouseHttp,
    Cassandra,
    Elasticsearch,
    /// Nothing is ever said.
    Listening,
}

impl Protocol {
    fn of(kind: Kind, port: Port) -> Self {
        match kind {
            Kind::Postgres | Kind::Redshift => Self::Postgres,
            Kind::Mysql | Kind::Mariadb => Self::Mysql,
            Kind::Sqlserver => Self::Sqlserver,
            Kind::Oracle => Self::Oracle,
            Kind::Redis => Self::Redis,
            Kind::Mongodb => Self::Mongodb,
            // ClickHouse documentation, "Network ports": HTTP has a port of its own.
            Kind::Clickhouse if port.get() == 8123 => Self::ClickhouseHttp,
            Kind::Clickhouse => Self::Clickhouse,
            Kind::Cassandra => Self::Cassandra,
            Kind::Elasticsearch => Self::Elasticsearch,
            Kind::Tcp => Self::Listening,
        }
    }

    /// The first words; none where the server speaks first.
    fn opening(self) -> Option<Vec<u8>> {
        match self {
            Self::Postgres => Some(postgres::opening()),
            Self::Sqlserver => Some(sqlserver::opening()),
            Self::Oracle => Some(oracle::opening()),
            Self::Redis => Some(redis::opening()),
            Self::Mongodb => Some(mongodb::opening()),
            Self::Clickhouse => Some(clickhouse::opening()),
            Self::ClickhouseHttp => Some(http::get("/ping")),
            Self::Cassandra => Some(cassandra::opening()),
            Self::Elasticsearch => Some(http::get("/")),
            Self::Mysql | Self::Listening => None,
        }
    }

    fn read(self, turn: Turn<'_>) -> Heard {
        match self {
            Self::Postgres => postgres::read(turn),
            Self::Mysql => mysql::read(turn),
            Self::Sqlserver => sqlserver::read(turn),
            Self::Oracle => oracle::read(turn),
            Self::Redis => redis::read(turn),
            Self::Mongodb => mongodb::read(turn),
            Self::Clickhouse => clickhouse::read(turn),
            Self::ClickhouseHttp => clickhouse::read_http(turn),
            Self::Cassandra => cassandra::read(turn),
            Self::Elasticsearch => elasticsearch::read(turn),
            Self::Listening => Heard::Foreign,
        }
    }
}

/// One contact, from the open connection to the reply.
#[derive(Debug, Clone)]
pub struct Contact {
    kind: Kind,
    protocol: Protocol,
    /// A MySQL greeting came where none was expected, and is being answered.
    is_guest: bool,
    asked: usize,
    /// Everything since the server was last spoken to, at most `MOST` over all turns.
    said: Vec<u8>,
    room: usize,
    known: Option<Reply>,
}

impl Contact {
    /// Begins a contact with a database of this kind on this port.
    #[must_use]
    pub fn begin(kind: Kind, port: Port) -> Self {
        Self::with(kind, Protocol::of(kind, port))
    }

    /// Begins a contact in which nothing is said unless the server turns out to count it.
    #[must_use]
    pub fn overhear(kind: Kind) -> Self {
        let protocol = match kind {
            Kind::Mysql | Kind::Mariadb => Protocol::Mysql,
            _ => Protocol::Listening,
        };
        Self::with(kind, protocol)
    }

    fn with(kind: Kind, protocol: Protocol) -> Self {
        Self { kind, protocol, is_guest: false, asked: 0, said: Vec::new(), room: MOST, known: None }
    }

    /// True when the server is expected to speak first.
    #[must_use]
    pub fn server_speaks_first(&self) -> bool {
        self.protocol == Protocol::Mysql
    }

    /// True when something has been heard since the server was last spoken to.
    #[must_use]
    pub fn has_heard(&self) -> bool {
        !self.said.is_empty()
    }

    /// The first words, once nothing was heard for a while: a server that speaks by itself is not interrupted.
    pub fn open(&mut self) -> Option<Vec<u8>> {
        if self.asked > 0 || !self.said.is_empty() {
            return None;
        }
        let words = self.protocol.opening()?;
        self.asked = 1;
        Some(words)
    }

    /// Takes in what came. Beyond `MOST` bytes the reply is made from those.
    pub fn hear(&mut self, bytes: &[u8]) -> Step {
        let taken = bytes.get(..bytes.len().min(self.room)).unwrap_or_default();
        self.room -= taken.len();
        self.said.extend_from_slice(taken);
        if self.said.is_empty() {
            return Step::Listen;
        }
        match self.judge() {
            Step::Listen if self.room == 0 => Step::Leave(self.unknown(), Vec::new()),
            Step::Settle(reply) if self.room == 0 => Step::Leave(reply, Vec::new()),
            step => step,
        }
    }

    fn judge(&mut self) -> Step {
        match self.protocol.read(self.turn()) {
            Heard::More => Step::Listen,
            Heard::Ask(words, known) => {
                self.known = Some(known);
                self.asked += 1;
                self.said.clear();
                Step::Say(words)
            }
            Heard::Settle(reply) => Step::Settle(self.in_our_words(reply)),
            Heard::Know(reply, parting) => Step::Leave(self.in_our_words(reply), parting),
            Heard::Foreign => self.judge_foreign(),
        }
    }

    fn judge_foreign(&mut self) -> Step {
        if let Some(known) = self.known.clone() {
            return Step::Leave(self.in_our_words(known), Vec::new());
        }
        match stranger::recognise(&self.said) {
            // Once it was spoken to, its greeting is spoilt.
            stranger::Who::Mysql if self.asked == 0 && self.protocol != Protocol::Mysql => {
                self.protocol = Protocol::Mysql;
                self.is_guest = true;
                self.judge()
            }
            stranger::Who::Mysql => Step::Settle(self.stranger(Some("a MySQL or MariaDB server"), Some(Kind::Mysql))),
            stranger::Who::Tls => Step::Settle(self.wants_tls()),
            stranger::Who::Known { name, kind } => Step::Settle(self.stranger(Some(name), kind)),
            stranger::Who::Unclear => Step::Listen,
            stranger::Who::Nobody => Step::Settle(self.stranger(None, None)),
        }
    }

    /// The reply when the server says no more, and what is said in parting where it may still hear that.
    #[must_use]
    pub fn end(self, end: End) -> (Reply, Vec<u8>) {
        // A greeting on its way must not be left unanswered.
        let is_half_greeted = self.protocol == Protocol::Mysql
            && self.asked == 0
            && !self.said.is_empty()
            && mysql::read(self.turn()) == Heard::More;
        let parting = if end == End::Quiet && is_half_greeted { mysql::answer() } else { Vec::new() };
        if let Some(known) = self.known.clone() {
            return (self.in_our_words(known), parting);
        }
        if let Some(reply) = self.complete() {
            return (reply, parting);
        }
        let said = self.text();
        let reply = match end {
            End::Quiet => Reply::Silent { said },
            End::Closed => Reply::Closed { asked: self.asked > 0, said },
        };
        (reply, parting)
    }

    /// The reply from words that would have been followed by more.
    fn complete(&self) -> Option<Reply> {
        if self.said.is_empty() {
            return None;
        }
        match self.protocol.read(self.turn()) {
            Heard::Settle(reply) | Heard::Know(reply, _) | Heard::Ask(_, reply) => Some(self.in_our_words(reply)),
            Heard::More => match stranger::recognise(&self.said) {
                stranger::Who::Known { name, kind } if kind != Some(self.kind) => Some(self.stranger(Some(name), kind)),
                _ => None,
            },
            Heard::Foreign => match stranger::recognise(&self.said) {
                stranger::Who::Tls => Some(self.wants_tls()),
                stranger::Who::Known { name, kind } => Some(self.stranger(Some(name), kind)),
                stranger::Who::Mysql => Some(self.stranger(Some("a MySQL or MariaDB server"), Some(Kind::Mysql))),
                stranger::Who::Unclear | stranger::Who::Nobody => Some(self.stranger(None, None)),
            },
        }
    }

    fn turn(&self) -> Turn<'_> {
        Turn { asked: self.asked, said: &self.said, known: self.known.as_ref() }
    }

    fn text(&self) -> String {
        Untrusted::new(self.said.clone()).clean(TEXT)
    }

    fn stranger(&self, name: Option<&str>, kind: Option<Kind>) -> Reply {
        Reply::Stranger { name: name.map(str::to_owned), kind, said: self.text() }
    }

    /// More than anybody of this kind says.
    fn unknown(&self) -> Reply {
        if let Some(known) = self.known.clone() {
            return self.in_our_words(known);
        }
        self.complete().unwrap_or_else(|| self.stranger(None, None))
    }

    fn wants_tls(&self) -> Reply {
        Reply::Refused { code: Code::TlsRequired, text: "it answers with TLS and takes no clear text".to_owned() }
    }

    /// What the protocol found, seen from the configured kind.
    fn in_our_words(&self, reply: Reply) -> Reply {
        match reply {
            Reply::Speaks { product, version, tls, note } if !self.is_guest => {
                let product = if self.kind == Kind::Redshift { "Redshift".to_owned() } else { product };
                Reply::Speaks { product, version, tls, note }
            }
            Reply::Speaks { product, version, .. } => {
                let kind = if product == "MariaDB" { Kind::Mariadb } else { Kind::Mysql };
                let name = [product, version.unwrap_or_default()].join(" ").trim_end().to_owned();
                Reply::Stranger { name: Some(name.clone()), kind: Some(kind), said: name }
            }
            Reply::Refused { text, .. } if self.is_guest => Reply::Stranger {
                name: Some("a MySQL or MariaDB server".to_owned()),
                kind: Some(Kind::Mysql),
                said: text,
            },
            reply => reply,
        }
    }
}

/// A text of the server's, cleaned.
fn clean(bytes: &[u8]) -> String {
    Untrusted::new(bytes).clean(TEXT)
}

/// A version as it may stand in a sentence: only what versions are made of.
fn version(bytes: &[u8]) -> Option<String> {
    let text = Untrusted::new(bytes).clean(40);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | '_' | '~');
    let plain: String = text.chars().take_while(|c| is_plain(*c)).collect();
    plain.starts_with(|c: char| c.is_ascii_digit()).then_some(plain)
}
