//! The kinds of database and where one stands. How a client connects is in `recipe`; nothing here opens a socket.

use serde::{Deserialize, Serialize};

use super::endpoint::{Endpoint, Host, Port};

/// A kind of database, or plain TCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// PostgreSQL and what speaks its protocol.
    Postgres,
    /// MySQL.
    Mysql,
    /// MariaDB.
    Mariadb,
    /// Amazon Redshift.
    Redshift,
    /// Microsoft SQL Server.
    Sqlserver,
    /// Oracle Database.
    Oracle,
    /// Redis, Valkey, KeyDB.
    Redis,
    /// MongoDB.
    Mongodb,
    /// ClickHouse, native protocol.
    Clickhouse,
    /// Apache Cassandra, ScyllaDB.
    Cassandra,
    /// Elasticsearch, OpenSearch.
    Elasticsearch,
    /// Anything that listens on a TCP port.
    Tcp,
}

impl Kind {
    /// All kinds, in the order of the documentation.
    pub const ALL: [Self; 12] = [
        Self::Postgres,
        Self::Mysql,
        Self::Mariadb,
        Self::Redshift,
        Self::Sqlserver,
        Self::Oracle,
        Self::Redis,
        Self::Mongodb,
        Self::Clickhouse,
        Self::Cassandra,
        Self::Elasticsearch,
        Self::Tcp,
    ];

    /// The kind's name in the configuration, JSON and on screen.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
            Self::Mariadb => "mariadb",
            Self::Redshift => "redshift",
            Self::Sqlserver => "sqlserver",
            Self::Oracle => "oracle",
            Self::Redis => "redis",
            Self::Mongodb => "mongodb",
            Self::Clickhouse => "clickhouse",
            Self::Cassandra => "cassandra",
            Self::Elasticsearch => "elasticsearch",
            Self::Tcp => "tcp",
        }
    }

    /// The port that the vendor's documentation names; plain TCP has none.
    #[must_use]
    pub fn default_port(self) -> Option<Port> {
        let port = match self {
            Self::Postgres => 5432,
            Self::Mysql | Self::Mariadb => 3306,
            Self::Redshift => 5439,
            Self::Sqlserver => 1433,
            Self::Oracle => 1521,
            Self::Redis => 6379,
            Self::Mongodb => 27017,
            Self::Clickhouse => 9000,
            Self::Cassandra => 9042,
            Self::Elasticsearch => 9200,
            Self::Tcp => return None,
        };
        Port::new(port)
    }

    /// True for the servers that count an unfinished first contact against the bastion's address
    /// (MySQL manual, `max_connect_errors`).
    #[must_use]
    pub fn counts_strangers(self) -> bool {
        matches!(self, Self::Mysql | Self::Mariadb)
    }
}

impl std::str::FromStr for Kind {
    type Err = KindError;

    fn from_str(text: &str) -> Result<Self, KindError> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| KindError { text: text.chars().take(80).collect() })
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why a text is not a kind of database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a kind of database: use postgres, mysql, mariadb, redshift, sqlserver, oracle, redis, mongodb, clickhouse, cassandra, elasticsearch or tcp"
)]
pub struct KindError {
    /// The text as given.
    pub text: String,
}

/// A database as the bastion sees it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Database {
    /// Its kind.
    pub kind: Kind,
    /// Its host, resolved on the bastion.
    pub host: Host,
    /// Its port.
    pub port: Port,
}

impl Database {
    /// Host and port.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint {
        Endpoint::new(self.host.clone(), self.port)
    }
}
