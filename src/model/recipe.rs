//! How a client reaches a database through its tunnel: strings, commands and variables as text, never with a password.
//! It does not look whether the tunnel is up, and it runs nothing.

use super::database::Kind;
use super::endpoint::Listen;
use super::tunnel::Tunnel;

mod quote;
mod ssh;
mod strings;
mod variables;

pub use quote::shell_word;
pub use ssh::SshWay;
pub use variables::{Variables, named_variables};

/// A form that a recipe can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// A URL as libraries take it.
    Url,
    /// `NAME=VALUE` lines, the kind's own variables.
    Env,
    /// A `psql` command.
    Psql,
    /// A `mysql` command.
    Mysql,
    /// A `redis-cli` command.
    RedisCli,
    /// A `mongosh` command.
    Mongosh,
    /// A `sqlcmd` command.
    Sqlcmd,
    /// A JDBC URL.
    Jdbc,
    /// A line for `~/.pgpass`, the password left out.
    Pgpass,
    /// `HOST:PORT` alone.
    Hostport,
    /// The same tunnel by OpenSSH: a complete `ssh -N -L …` command.
    Ssh,
    /// The same tunnel by OpenSSH: a `Host` block for `~/.ssh/config`.
    SshConfig,
}

impl Format {
    /// All formats, in the order of the documentation.
    pub const ALL: [Self; 12] = [
        Self::Url,
        Self::Env,
        Self::Psql,
        Self::Mysql,
        Self::RedisCli,
        Self::Mongosh,
        Self::Sqlcmd,
        Self::Jdbc,
        Self::Pgpass,
        Self::Hostport,
        Self::Ssh,
        Self::SshConfig,
    ];

    /// The format as a command line names it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Env => "env",
            Self::Psql => "psql",
            Self::Mysql => "mysql",
            Self::RedisCli => "redis-cli",
            Self::Mongosh => "mongosh",
            Self::Sqlcmd => "sqlcmd",
            Self::Jdbc => "jdbc",
            Self::Pgpass => "pgpass",
            Self::Hostport => "hostport",
            Self::Ssh => "ssh",
            Self::SshConfig => "ssh-config",
        }
    }

    /// The form that is the command line of a kind's own client, where one is known.
    #[must_use]
    pub fn client(kind: Kind) -> Option<Self> {
        match kind {
            Kind::Postgres | Kind::Redshift => Some(Self::Psql),
            Kind::Mysql | Kind::Mariadb => Some(Self::Mysql),
            Kind::Redis => Some(Self::RedisCli),
            Kind::Mongodb => Some(Self::Mongosh),
            Kind::Sqlserver => Some(Self::Sqlcmd),
            Kind::Oracle | Kind::Clickhouse | Kind::Cassandra | Kind::Elasticsearch | Kind::Tcp => None,
        }
    }

    /// Whether a kind of database can be written in this form.
    ///
    /// ClickHouse has no JDBC form: its official driver speaks HTTP, not the native protocol that the kind stands for.
    #[must_use]
    pub fn fits(self, kind: Kind) -> bool {
        match self {
            Self::Url | Self::Env | Self::Hostport | Self::Ssh | Self::SshConfig => true,
            Self::Psql | Self::Pgpass => matches!(kind, Kind::Postgres | Kind::Redshift),
            Self::Mysql => matches!(kind, Kind::Mysql | Kind::Mariadb),
            Self::RedisCli => kind == Kind::Redis,
            Self::Mongosh => kind == Kind::Mongodb,
            Self::Sqlcmd => kind == Kind::Sqlserver,
            Self::Jdbc => matches!(
                kind,
                Kind::Postgres | Kind::Redshift | Kind::Mysql | Kind::Mariadb | Kind::Sqlserver | Kind::Oracle
            ),
        }
    }
}

impl std::str::FromStr for Format {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == text)
            .ok_or_else(|| FormatError { text: text.chars().take(80).collect() })
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why a text is not a format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a format: use url, env, psql, mysql, redis-cli, mongosh, sqlcmd, jdbc, pgpass, hostport, ssh or ssh-config"
)]
pub struct FormatError {
    /// The text as given.
    pub text: String,
}

/// Why a recipe cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecipeError {
    /// The form belongs to another kind of database.
    #[error("{format} does not fit a {kind} tunnel: use {}", fitting(*kind))]
    Misfit {
        /// The form asked for.
        format: Format,
        /// The tunnel's kind.
        kind: Kind,
    },
    /// The client cannot connect through a Unix socket.
    #[error("{what} cannot go through a Unix socket: give the tunnel a TCP port to listen on")]
    NoSocket {
        /// The client or form, in words.
        what: String,
    },
    /// PostgreSQL's clients name the folder and derive the socket's name from the port.
    #[error("PostgreSQL clients look for a socket named .s.PGSQL.PORT, and {path} is not: listen on {suggestion}")]
    SocketName {
        /// The socket's path.
        path: String,
        /// A listen value that works.
        suggestion: String,
    },
    /// Redis databases are numbers.
    #[error("{dbname:?} is not a Redis database: they are numbers")]
    NotANumber {
        /// The configured name.
        dbname: String,
    },
}

/// The formats that fit a kind, as a list in words.
fn fitting(kind: Kind) -> String {
    let fit: Vec<&str> = Format::ALL.into_iter().filter(|f| f.fits(kind)).map(Format::as_str).collect();
    match fit.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => fit.join(""),
    }
}

/// The facts that a client needs: what it speaks, where it connects, as whom and to which database.
#[derive(Debug, Clone, Copy)]
pub struct Recipe<'a> {
    /// What stands at the far end.
    pub kind: Kind,
    /// Where the tunnel listens.
    pub listen: &'a Listen,
    /// The database's own name as the bastion sees it, where it has one: TLS certificates are made out to names.
    pub name: Option<&'a str>,
    /// The database user, if one is configured.
    pub user: Option<&'a str>,
    /// The database name, if one is configured.
    pub dbname: Option<&'a str>,
}

impl<'a> Recipe<'a> {
    /// The facts of a tunnel that listens there.
    #[must_use]
    pub fn of(tunnel: &'a Tunnel, listen: &'a Listen) -> Self {
        Self {
            kind: tunnel.database.kind,
            listen,
            name: Some(tunnel.database.host.as_str()).filter(|name| name.parse::<std::net::IpAddr>().is_err()),
            user: tunnel.user.as_deref().filter(|text| !text.is_empty()),
            dbname: tunnel.dbname.as_deref().filter(|text| !text.is_empty()),
        }
    }

    /// The recipe in one form, without a trailing newline. `way` is what OpenSSH would have to know.
    ///
    /// # Errors
    /// When the form does not fit the kind, or the client cannot reach where the tunnel listens.
    pub fn write(&self, format: Format, way: &SshWay<'_>) -> Result<String, RecipeError> {
        match format {
            Format::Ssh => Ok(way.command(self.listen)),
            Format::SshConfig => Ok(way.config(self.listen)),
            _ => self.plain(format),
        }
    }

    /// The recipe in a form that goes through the tunnel, so needs to know nothing of the bastion.
    ///
    /// # Errors
    /// As `write`; the forms of OpenSSH itself do not fit.
    pub fn plain(&self, format: Format) -> Result<String, RecipeError> {
        if !format.fits(self.kind) {
            return Err(RecipeError::Misfit { format, kind: self.kind });
        }
        match format {
            Format::Url => self.url(),
            Format::Env => Ok(self.variables()?.lines()),
            Format::Psql => self.psql(),
            Format::Mysql => Ok(self.mysql()),
            Format::RedisCli => self.redis_cli(),
            Format::Mongosh => Ok(format!("mongosh {}", shell_word(&self.url()?))),
            Format::Sqlcmd => self.sqlcmd(),
            Format::Jdbc => self.jdbc(),
            Format::Pgpass => self.pgpass(),
            Format::Hostport => self.hostport(),
            Format::Ssh | Format::SshConfig => Err(RecipeError::Misfit { format, kind: self.kind }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_reads_back_and_every_kind_fits_some() {
        for format in Format::ALL {
            assert_eq!(format.as_str().parse::<Format>(), Ok(format));
        }
        assert!("URL".parse::<Format>().is_err());
        for kind in Kind::ALL {
            assert!(Format::Url.fits(kind) && Format::Ssh.fits(kind));
        }
        let error = RecipeError::Misfit { format: Format::Psql, kind: Kind::Redis };
        assert_eq!(
            error.to_string(),
            "psql does not fit a redis tunnel: use url, env, redis-cli, hostport, ssh or ssh-config"
        );
    }
}
