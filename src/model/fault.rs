//! What went wrong: a code, the rung it belongs to, who must act. A fault is a fact; whether to try again is judged by the
//! engine, with `Code::retry` as its only rule.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::advice::{Advice, Owner};
use super::rung::Rung;

/// Whether trying again by itself can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It may pass: try again with backoff.
    Backoff,
    /// The server asked for quiet: try again, but not before this many seconds.
    After(u32),
    /// Only a person or a change of configuration can help.
    Never,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $variant:ident = $text:literal, $rung:ident, $owner:ident, $retry:expr;)*) => {
        /// Every cause that a tunnel can fail for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Code {
            $($(#[doc = $doc])* $variant,)*
        }

        impl Code {
            /// All codes, from the lowest rung up.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code's name in JSON and on screen.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The rung that the code belongs to.
            #[must_use]
            pub fn rung(self) -> Rung {
                match self { $(Self::$variant => Rung::$rung,)* }
            }

            /// Who must act, as far as the code alone tells.
            #[must_use]
            pub fn owner(self) -> Owner {
                match self { $(Self::$variant => Owner::$owner,)* }
            }

            /// Whether trying again by itself can help.
            #[must_use]
            pub fn retry(self) -> Retry {
                match self { $(Self::$variant => $retry,)* }
            }
        }
    };
}

codes! {
    /// Another process holds the local port.
    PortInUse = "port_in_use", Bind, You, Retry::Never;
    /// This user may not listen on that port.
    PortForbidden = "port_forbidden", Bind, You, Retry::Never;
    /// The listen address is not one of this machine's.
    AddressNotLocal = "address_not_local", Bind, You, Retry::Never;
    /// The bastion's name does not exist.
    NameUnknown = "name_unknown", Resolve, You, Retry::Backoff;
    /// No name server answers.
    DnsUnavailable = "dns_unavailable", Resolve, Network, Retry::Backoff;
    /// The bastion's port refuses.
    TcpRefused = "tcp_refused", Reach, BastionAdmin, Retry::Backoff;
    /// The bastion's port does not answer.
    TcpTimeout = "tcp_timeout", Reach, Network, Retry::Backoff;
    /// No way to the bastion's address.
    NoRoute = "no_route", Reach, Network, Retry::Backoff;
    /// A session that was up stopped answering.
    LinkTimeout = "link_timeout", Reach, Network, Retry::Backoff;
    /// A session that was up was closed.
    LinkClosed = "link_closed", Reach, BastionAdmin, Retry::Backoff;
    /// The server closed before it said anything.
    ClosedBeforeBanner = "closed_before_banner", Greet, BastionAdmin, Retry::Backoff;
    /// The server accepts and says nothing.
    BannerTimeout = "banner_timeout", Greet, BastionAdmin, Retry::Backoff;
    /// Something else than SSH answers.
    NotSsh = "not_ssh", Greet, You, Retry::Backoff;
    /// The server is refusing for a while.
    RefusedForNow = "refused_for_now", Greet, BastionAdmin, Retry::After(20);
    /// The key exchange did not finish.
    KexTimeout = "kex_timeout", Greet, Network, Retry::Backoff;
    /// Client and server share no algorithm.
    NoCommonAlgorithm = "no_common_algorithm", Greet, BastionAdmin, Retry::Never;
    /// The proxy command ended before SSH could start.
    ProxyCommandFailed = "proxy_command_failed", Greet, You, Retry::Backoff;
    /// No known_hosts file knows the server's key.
    HostKeyUnknown = "host_key_unknown", Trust, You, Retry::Never;
    /// The server shows another key than the one that is known.
    HostKeyChanged = "host_key_changed", Trust, BastionAdmin, Retry::Never;
    /// The server's key is marked as revoked.
    HostKeyRevoked = "host_key_revoked", Trust, BastionAdmin, Retry::Never;
    /// The key's file is not there.
    KeyMissing = "key_missing", Prove, You, Retry::Never;
    /// The key's file cannot be read.
    KeyUnreadable = "key_unreadable", Prove, You, Retry::Never;
    /// The key's file is open to others, or not ours.
    KeyPermissions = "key_permissions", Prove, You, Retry::Never;
    /// The key's file is no private key that can be used.
    KeyFormat = "key_format", Prove, You, Retry::Never;
    /// The key is encrypted.
    PassphraseNeeded = "passphrase_needed", Prove, You, Retry::Never;
    /// The passphrase does not open the key.
    PassphraseWrong = "passphrase_wrong", Prove, You, Retry::Never;
    /// The agent does not answer, or holds no key.
    AgentUnavailable = "agent_unavailable", Prove, You, Retry::Never;
    /// The server refused the key.
    KeyRefused = "key_refused", Prove, BastionAdmin, Retry::Never;
    /// The server takes no keys at all.
    PublickeyDisabled = "publickey_disabled", Prove, BastionAdmin, Retry::Never;
    /// The server counted too many failed logins.
    TooManyFailures = "too_many_failures", Prove, BastionAdmin, Retry::Never;
    /// The login needs more than a key.
    PersonNeeded = "person_needed", Prove, You, Retry::Never;
    /// The key was right and the account is not let in.
    AccountRefused = "account_refused", Prove, BastionAdmin, Retry::Never;
    /// The server closed while the login was under way.
    LoginDropped = "login_dropped", Prove, BastionAdmin, Retry::Backoff;
    /// The login did not finish in time.
    LoginTimeout = "login_timeout", Prove, BastionAdmin, Retry::Backoff;
    /// The server's login banner cannot be decoded.
    BannerUnreadable = "banner_unreadable", Prove, BastionAdmin, Retry::Never;
    /// The certificate's time is over.
    CertificateExpired = "certificate_expired", Prove, BastionAdmin, Retry::Never;
    /// The account's home folder can be written by others (sshd's `StrictModes`).
    HomeMode = "home_mode", Prove, BastionAdmin, Retry::Never;
    /// The account's `.ssh` folder can be written by others.
    SshDirMode = "ssh_dir_mode", Prove, BastionAdmin, Retry::Never;
    /// The `authorized_keys` file can be written by others, or cannot be read by sshd.
    KeysFileMode = "keys_file_mode", Prove, BastionAdmin, Retry::Never;
    /// A file or folder on the way to `authorized_keys` belongs to somebody else.
    WrongOwner = "wrong_owner", Prove, BastionAdmin, Retry::Never;
    /// sshd reads keys from another place than the one that holds this one.
    KeysFileElsewhere = "keys_file_elsewhere", Prove, BastionAdmin, Retry::Never;
    /// No line of the files that sshd reads holds the key.
    KeyAbsent = "key_absent", Prove, BastionAdmin, Retry::Never;
    /// The key is there, broken over more than one line.
    KeySplit = "key_split", Prove, BastionAdmin, Retry::Never;
    /// The key's line has options that sshd does not understand, or that keep it from being used.
    KeyOptions = "key_options", Prove, BastionAdmin, Retry::Never;
    /// The key's line admits other addresses than ours (`from=`).
    FromMismatch = "from_mismatch", Prove, BastionAdmin, Retry::Never;
    /// The key's line has ended (`expiry-time`).
    KeyExpired = "key_expired", Prove, BastionAdmin, Retry::Never;
    /// The account is locked.
    AccountLocked = "account_locked", Prove, BastionAdmin, Retry::Never;
    /// The account's time is over.
    AccountExpired = "account_expired", Prove, BastionAdmin, Retry::Never;
    /// The account's shell does not exist or cannot be run.
    ShellMissing = "shell_missing", Prove, BastionAdmin, Retry::Never;
    /// sshd's settings keep the account out, or there is no such account.
    UserNotAllowed = "user_not_allowed", Prove, BastionAdmin, Retry::Never;
    /// sshd's settings or the key's line switch forwarding off.
    ForwardingOff = "forwarding_off", Open, BastionAdmin, Retry::Backoff;
    /// sshd's settings or the key's line allow other targets than this one.
    PermitopenMismatch = "permitopen_mismatch", Open, BastionAdmin, Retry::Backoff;
    /// The bastion does not allow this forward.
    ForwardProhibited = "forward_prohibited", Open, BastionAdmin, Retry::Backoff;
    /// The database's port refuses the bastion.
    TargetRefused = "target_refused", Open, DatabaseAdmin, Retry::Backoff;
    /// The database's port does not answer the bastion.
    TargetTimeout = "target_timeout", Open, Network, Retry::Backoff;
    /// The bastion does not know the database's name.
    TargetNameUnknown = "target_name_unknown", Open, You, Retry::Backoff;
    /// The bastion has no way to the database's address.
    TargetNoRoute = "target_no_route", Open, Network, Retry::Backoff;
    /// The bastion did not answer the request to open a forward.
    OpenTimeout = "open_timeout", Open, Network, Retry::Backoff;
    /// The bastion cannot open forwards at all.
    ForwardUnavailable = "forward_unavailable", Open, BastionAdmin, Retry::Backoff;
    /// The database says nothing.
    Silent = "silent", Speak, DatabaseAdmin, Retry::Backoff;
    /// Another protocol answers.
    WrongProtocol = "wrong_protocol", Speak, You, Retry::Backoff;
    /// The database speaks only TLS.
    TlsRequired = "tls_required", Speak, You, Retry::Backoff;
    /// The database does not let the bastion's address in.
    HostNotAllowed = "host_not_allowed", Speak, DatabaseAdmin, Retry::Backoff;
    /// The database has blocked the bastion's address.
    HostBlocked = "host_blocked", Speak, DatabaseAdmin, Retry::Backoff;
    /// The database has no room for one more connection.
    TooManyConnections = "too_many_connections", Speak, DatabaseAdmin, Retry::Backoff;
    /// The database is starting.
    StartingUp = "starting_up", Speak, DatabaseAdmin, Retry::Backoff;
    /// The database closed at once.
    ClosedByDatabase = "closed_by_database", Speak, DatabaseAdmin, Retry::Backoff;
    /// There was no time left to look. Belongs to any rung; its findings name theirs.
    OutOfTime = "out_of_time", Speak, You, Retry::Backoff;
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// What went wrong, without when: the layers below the engine know no clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The cause.
    pub code: Code,
    /// One sentence with the facts, cleaned of control characters.
    pub message: String,
    /// Who must act; the code's owner unless the facts say otherwise.
    pub owner: Owner,
    /// What to do, most useful first.
    pub advice: Vec<Advice>,
}

impl Fault {
    /// A fault with the code's own owner and no advice yet.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), owner: code.owner(), advice: Vec::new() }
    }

    /// The same fault with one more piece of advice.
    #[must_use]
    pub fn advise(mut self, advice: Advice) -> Self {
        self.advice.push(advice);
        self
    }

    /// The same fault with another owner than its code suggests.
    #[must_use]
    pub fn owned_by(mut self, owner: Owner) -> Self {
        self.owner = owner;
        self
    }

    /// True where only a person or a change can end it.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.code.retry() == Retry::Never
    }
}

/// A fault as a viewer sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FaultStatus {
    /// Where on the ladder.
    pub rung: Rung,
    /// The cause.
    pub code: Code,
    /// One sentence with the facts.
    pub message: String,
    /// Who must act.
    pub owner: Owner,
    /// What to do, most useful first.
    pub advice: Vec<Advice>,
    /// When it was first seen.
    pub since: Timestamp,
    /// Seconds until the next attempt; absent when it waits for a person.
    pub retry_in_s: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_climb_the_ladder_and_serialize_as_they_print() {
        assert!(Code::ALL.is_sorted_by_key(|code| code.rung()));
        for code in Code::ALL {
            assert_eq!(serde_json::to_string(code).unwrap(), format!("\"{code}\""));
        }
    }

    #[test]
    fn no_refused_login_or_host_key_fault_is_retried() {
        for code in Code::ALL.iter().filter(|code| code.rung() == Rung::Trust) {
            assert_eq!(code.retry(), Retry::Never);
        }
        for code in [Code::KeyRefused, Code::PublickeyDisabled, Code::TooManyFailures, Code::AccountRefused] {
            assert_eq!(code.retry(), Retry::Never);
        }
    }
}
