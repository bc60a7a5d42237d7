//! Everything that can go wrong with a bastion, as values that may be changed while it runs.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::model::Port;

/// How a bastion behaves. Changes count from the next connection, login, forward or byte on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switches {
    /// What happens to a new connection.
    pub door: Door,
    /// What happens to a login.
    pub login: Login,
    /// Which forwards are allowed.
    pub forwarding: Forwarding,
    /// Added to every byte on its way, once in each direction.
    pub latency: Duration,
    /// The most that passes in each direction; no limit where absent.
    pub bytes_per_second: Option<u32>,
    /// Nothing passes in either direction, and nobody is told: a path that died (`link_timeout`).
    pub frozen: bool,
    /// Sessions die at intervals.
    pub flap: Option<Flap>,
    /// Shown before the login.
    pub banner: Option<String>,
    /// Offers only a key exchange that is no longer safe (`no_common_algorithm`).
    pub only_old_algorithms: bool,
}

impl Default for Switches {
    /// A bastion without fault.
    fn default() -> Self {
        Self {
            door: Door::Open,
            login: Login::Keys,
            forwarding: Forwarding::Allowed,
            latency: Duration::ZERO,
            bytes_per_second: None,
            frozen: false,
            flap: None,
            banner: None,
            only_old_algorithms: false,
        }
    }
}

/// What happens to a new connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Door {
    /// SSH is spoken.
    Open,
    /// Nobody listens (`tcp_refused`). Sessions that are there stay.
    Shut,
    /// Accepted and closed without a word (`closed_before_banner`).
    Drop,
    /// Accepted, told this line instead of a banner, and closed: `Exceeded MaxStartups` (`refused_for_now`), or what another
    /// kind of server says (`not_ssh`).
    TurnAway(String),
    /// Accepted and told nothing (`banner_timeout`).
    Silent,
    /// Shown the banner and nothing after it (`kex_timeout`).
    BannerOnly,
}

impl Door {
    /// As OpenSSH turns a connection away that is one too many (sshd.c, `MaxStartups`).
    #[must_use]
    pub fn crowded() -> Self {
        Self::TurnAway("Exceeded MaxStartups".to_owned())
    }
}

/// What happens to a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    /// The user with an authorised key is let in, nobody else (`key_refused`).
    Keys,
    /// Everybody is let in, without any proof.
    OpenToAll,
    /// Only passwords are taken, and none is right (`publickey_disabled`).
    PasswordsOnly,
    /// After the key, a code is asked for (`person_needed`).
    SecondFactor,
    /// The server says there were too many failures (`too_many_failures`).
    TooManyFailures,
    /// The account's time is over (`account_refused`).
    AccountExpired,
    /// The connection is closed during the login (`login_dropped`).
    Drop,
    /// The login is never answered (`login_timeout`).
    Hang,
}

/// Which forwards are allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forwarding {
    /// All.
    Allowed,
    /// None, as with `AllowTcpForwarding no` (`forward_prohibited`).
    Prohibited,
    /// These `host:port` only, compared as written, as `PermitOpen` does.
    Only(BTreeSet<String>),
    /// None, with these words, however long and whatever is in them.
    ProhibitedSaying(String),
    /// The server does not know what a forward is (`forward_unavailable`).
    Unsupported,
}

/// What a bastion finds when it is asked to open a forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A server on this port of loopback.
    Loopback(Port),
    /// The port refuses (`target_refused`).
    Refused,
    /// No answer; the bastion says so after this time, which for a real one is often two minutes (`target_timeout`, or
    /// `open_timeout` where the client has less patience).
    TimesOut(Duration),
    /// The bastion does not know the name (`target_name_unknown`).
    NameUnknown,
    /// The bastion has no way there (`target_no_route`).
    NoRoute,
}

/// Sessions that die at intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flap {
    /// How long it works.
    pub up: Duration,
    /// How long every new connection is then dropped; nought to kill the sessions only.
    pub down: Duration,
}
