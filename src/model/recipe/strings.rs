//! Connection strings and client commands, one function a form. Which form fits which kind is decided above.

use std::net::SocketAddr;
use std::path::Path;

use super::quote::{braces, conninfo, percent, pgpass, shell_line};
use super::{Recipe, RecipeError};
use crate::model::{Kind, Listen};

/// Where a client connects.
pub(super) enum Place<'a> {
    /// A TCP address.
    Tcp(SocketAddr),
    /// A Unix socket.
    Unix(&'a Path),
}

/// A folder and the port that a socket in it is named by, as libpq wants them.
pub(super) struct PgSocket {
    /// The folder.
    pub folder: String,
    /// The port in the name.
    pub port: u16,
}

impl Recipe<'_> {
    /// Where a client on this machine connects.
    pub(super) fn place(&self) -> Place<'_> {
        match self.listen {
            Listen::Tcp(address) => Place::Tcp(self.listen.client_address().unwrap_or(*address)),
            Listen::Unix(path) => Place::Unix(path),
        }
    }

    /// The TCP address, or an error that names who cannot do without one.
    fn address(&self, what: &str) -> Result<SocketAddr, RecipeError> {
        match self.place() {
            Place::Tcp(address) => Ok(address),
            Place::Unix(_) => Err(RecipeError::NoSocket { what: what.to_owned() }),
        }
    }

    /// The folder and the port in a PostgreSQL socket's name.
    pub(super) fn pg_socket(path: &Path) -> Result<PgSocket, RecipeError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let folder = path.parent().unwrap_or(Path::new("/"));
        match name.strip_prefix(".s.PGSQL.").and_then(|port| port.parse().ok()) {
            Some(port) => Ok(PgSocket { folder: folder.display().to_string(), port }),
            None => Err(RecipeError::SocketName {
                path: path.display().to_string(),
                suggestion: format!("unix:{}", folder.join(".s.PGSQL.5432").display()),
            }),
        }
    }

    /// The user as it stands before a host.
    fn user_at(&self) -> String {
        self.user.map(|user| format!("{}@", percent(user))).unwrap_or_default()
    }

    /// The database as a path; empty where none is configured.
    fn slash_dbname(&self) -> String {
        self.dbname.map(|dbname| format!("/{}", percent(dbname))).unwrap_or_default()
    }

    /// A Redis database's number, if one is configured.
    fn redis_number(&self) -> Result<Option<u32>, RecipeError> {
        self.dbname
            .map(|dbname| dbname.parse().map_err(|_| RecipeError::NotANumber { dbname: dbname.to_owned() }))
            .transpose()
    }

    /// A URL as the kind's libraries take it.
    pub(super) fn url(&self) -> Result<String, RecipeError> {
        match self.place() {
            Place::Tcp(address) => self.tcp_url(address),
            Place::Unix(path) => self.socket_url(path),
        }
    }

    fn tcp_url(&self, address: SocketAddr) -> Result<String, RecipeError> {
        let (user, dbname) = (self.user_at(), self.slash_dbname());
        Ok(match self.kind {
            // Redshift speaks PostgreSQL's protocol, and every PostgreSQL library takes this scheme.
            Kind::Postgres | Kind::Redshift => format!("postgresql://{user}{address}{dbname}"),
            // The scheme that both families' libraries take.
            Kind::Mysql | Kind::Mariadb => format!("mysql://{user}{address}{dbname}"),
            Kind::Sqlserver => {
                let query = self.dbname.map(|d| format!("?database={}", percent(d))).unwrap_or_default();
                format!("sqlserver://{user}{address}{query}")
            }
            Kind::Oracle => format!("oracle://{user}{address}{dbname}"),
            Kind::Redis => {
                let number = self.redis_number()?.map(|n| format!("/{n}")).unwrap_or_default();
                format!("redis://{user}{address}{number}")
            }
            // Without directConnection a driver goes to the replica set's own names, past the tunnel.
            Kind::Mongodb => {
                let dbname = if dbname.is_empty() { "/" } else { &dbname };
                format!("mongodb://{user}{address}{dbname}?directConnection=true")
            }
            Kind::Clickhouse => format!("clickhouse://{user}{address}{dbname}"),
            Kind::Cassandra => format!("cassandra://{user}{address}{dbname}"),
            Kind::Elasticsearch => format!("http://{user}{address}"),
            Kind::Tcp => format!("tcp://{address}"),
        })
    }

    fn socket_url(&self, path: &Path) -> Result<String, RecipeError> {
        let (user, dbname) = (self.user_at(), self.slash_dbname());
        let whole = path.display().to_string();
        // libpq, Go and Rust drivers take the folder as `host`; the MySQL ones the path as `socket`.
        match self.kind {
            Kind::Postgres | Kind::Redshift => {
                let socket = Self::pg_socket(path)?;
                let dbname = if dbname.is_empty() { "/" } else { &dbname };
                Ok(format!("postgresql://{user}{dbname}?host={}&port={}", percent(&socket.folder), socket.port))
            }
            Kind::Mysql | Kind::Mariadb => {
                let dbname = if dbname.is_empty() { "/" } else { &dbname };
                Ok(format!("mysql://{user}localhost{dbname}?socket={}", percent(&whole)))
            }
            Kind::Redis => {
                let number = self.redis_number()?.map(|n| format!("?db={n}")).unwrap_or_default();
                let path: Vec<String> = whole.split('/').map(percent).collect();
                Ok(format!("unix://{user}{}{number}", path.join("/")))
            }
            Kind::Mongodb => {
                let dbname = if dbname.is_empty() { "/" } else { &dbname };
                Ok(format!("mongodb://{user}{}{dbname}?directConnection=true", percent(&whole)))
            }
            Kind::Tcp => Ok(format!("unix:{whole}")),
            Kind::Sqlserver | Kind::Oracle | Kind::Clickhouse | Kind::Cassandra | Kind::Elasticsearch => {
                Err(RecipeError::NoSocket { what: format!("a {} client", self.kind) })
            }
        }
    }

    /// A `psql` command.
    pub(super) fn psql(&self) -> Result<String, RecipeError> {
        let (host, port) = self.pg_place()?;
        let mut parts = match (self.name, self.place()) {
            // The name is what a certificate is checked against, the address where the tunnel listens.
            (Some(name), Place::Tcp(_)) => vec![format!("host={}", conninfo(name)), format!("hostaddr={host}")],
            _ => vec![format!("host={}", conninfo(&host))],
        };
        parts.push(format!("port={port}"));
        parts.extend(self.user.map(|user| format!("user={}", conninfo(user))));
        parts.extend(self.dbname.map(|dbname| format!("dbname={}", conninfo(dbname))));
        Ok(shell_line(&["psql".to_owned(), parts.join(" ")]))
    }

    /// A `mysql` command. An address, never `localhost`: the client would take the machine's own socket instead.
    pub(super) fn mysql(&self) -> String {
        let mut words = vec!["mysql".to_owned()];
        match self.place() {
            Place::Tcp(address) => {
                words.extend([format!("--host={}", address.ip()), format!("--port={}", address.port())]);
            }
            Place::Unix(path) => words.push(format!("--socket={}", path.display())),
        }
        words.extend(self.user.map(|user| format!("--user={user}")));
        words.extend(self.dbname.map(|dbname| format!("--database={dbname}")));
        shell_line(&words)
    }

    /// A `redis-cli` command.
    pub(super) fn redis_cli(&self) -> Result<String, RecipeError> {
        let mut words = vec!["redis-cli".to_owned()];
        match self.place() {
            Place::Tcp(address) => {
                words.extend(["-h".to_owned(), address.ip().to_string(), "-p".to_owned(), address.port().to_string()]);
            }
            Place::Unix(path) => words.extend(["-s".to_owned(), path.display().to_string()]),
        }
        if let Some(user) = self.user {
            words.extend(["--user".to_owned(), user.to_owned()]);
        }
        if let Some(number) = self.redis_number()? {
            words.extend(["-n".to_owned(), number.to_string()]);
        }
        Ok(shell_line(&words))
    }

    /// A `sqlcmd` command; the port follows a comma there.
    pub(super) fn sqlcmd(&self) -> Result<String, RecipeError> {
        let address = self.address("sqlcmd")?;
        let mut words = vec!["sqlcmd".to_owned(), "-S".to_owned(), format!("{},{}", address.ip(), address.port())];
        if let Some(user) = self.user {
            words.extend(["-U".to_owned(), user.to_owned()]);
        }
        if let Some(dbname) = self.dbname {
            words.extend(["-d".to_owned(), dbname.to_owned()]);
        }
        Ok(shell_line(&words))
    }

    /// A JDBC URL.
    pub(super) fn jdbc(&self) -> Result<String, RecipeError> {
        let address = self.address("a JDBC driver")?;
        let dbname = self.dbname.map(percent).unwrap_or_default();
        let query = |key: &str| self.user.map(|user| format!("{key}{}", percent(user))).unwrap_or_default();
        Ok(match self.kind {
            Kind::Postgres => format!("jdbc:postgresql://{address}/{dbname}{}", query("?user=")),
            Kind::Redshift => format!("jdbc:redshift://{address}/{dbname}{}", query(";UID=")),
            Kind::Mysql => format!("jdbc:mysql://{address}/{dbname}{}", query("?user=")),
            Kind::Mariadb => format!("jdbc:mariadb://{address}/{dbname}{}", query("?user=")),
            Kind::Sqlserver => {
                let mut out = format!("jdbc:sqlserver://{address}");
                out.extend(self.dbname.map(|dbname| format!(";databaseName={}", braces(dbname))));
                out.extend(self.user.map(|user| format!(";user={}", braces(user))));
                out
            }
            Kind::Oracle => format!("jdbc:oracle:thin:@//{address}/{dbname}"),
            Kind::Redis | Kind::Mongodb | Kind::Clickhouse | Kind::Cassandra | Kind::Elasticsearch | Kind::Tcp => {
                return Err(RecipeError::Misfit { format: super::Format::Jdbc, kind: self.kind });
            }
        })
    }

    /// A line for `.pgpass`; what is not configured matches anything, and the password is the person's to append.
    /// It is found for the URL and the variables; where a name stands in the `psql` command, there is a second line for that.
    pub(super) fn pgpass(&self) -> Result<String, RecipeError> {
        let (host, port) = self.pg_place()?;
        let field = |value: Option<&str>| value.map_or_else(|| "*".to_owned(), pgpass);
        let line = |host: &str| format!("{}:{port}:{}:{}:", pgpass(host), field(self.dbname), field(self.user));
        Ok(match (self.name, self.place()) {
            (Some(name), Place::Tcp(_)) => format!("{}\n{}", line(&host), line(name)),
            _ => line(&host),
        })
    }

    /// Host, or the socket's folder, and port as libpq takes them.
    fn pg_place(&self) -> Result<(String, u16), RecipeError> {
        match self.place() {
            Place::Tcp(address) => Ok((address.ip().to_string(), address.port())),
            Place::Unix(path) => Self::pg_socket(path).map(|socket| (socket.folder, socket.port)),
        }
    }

    /// Address and port.
    pub(super) fn hostport(&self) -> Result<String, RecipeError> {
        self.address("host and port").map(|address| address.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Format, SshWay};
    use super::*;

    fn write(kind: &str, listen: &str, user: &str, dbname: &str, format: Format) -> Result<String, String> {
        let listen: Listen = listen.parse().unwrap();
        let some = |text: &'static str| (!text.is_empty()).then_some(text);
        let (user, dbname) = (some(user.to_owned().leak()), some(dbname.to_owned().leak()));
        let recipe = Recipe { kind: kind.parse().unwrap(), listen: &listen, name: None, user, dbname };
        recipe.write(format, &SshWay::example()).map_err(|error| error.to_string())
    }

    #[test]
    fn strings_by_kind_and_form() {
        let tcp = "127.0.0.1:15432";
        let pg = "unix:/run/a b/.s.PGSQL.6543";
        let rows = [
            ("postgres", tcp, "app", "orders", Format::Url, "postgresql://app@127.0.0.1:15432/orders"),
            ("postgres", tcp, "", "", Format::Url, "postgresql://127.0.0.1:15432"),
            ("postgres", "[::1]:15432", "a b", "o/é", Format::Url, "postgresql://a%20b@[::1]:15432/o%2F%C3%A9"),
            ("postgres", "0.0.0.0:15432", "", "", Format::Url, "postgresql://127.0.0.1:15432"),
            ("postgres", pg, "app", "", Format::Url, "postgresql://app@/?host=%2Frun%2Fa%20b&port=6543"),
            ("redshift", tcp, "app", "d", Format::Url, "postgresql://app@127.0.0.1:15432/d"),
            ("mysql", tcp, "app", "d", Format::Url, "mysql://app@127.0.0.1:15432/d"),
            ("mariadb", "unix:/run/m", "app", "d", Format::Url, "mysql://app@localhost/d?socket=%2Frun%2Fm"),
            ("sqlserver", tcp, "sa", "d", Format::Url, "sqlserver://sa@127.0.0.1:15432?database=d"),
            ("oracle", tcp, "scott", "XE", Format::Url, "oracle://scott@127.0.0.1:15432/XE"),
            ("redis", tcp, "", "2", Format::Url, "redis://127.0.0.1:15432/2"),
            ("redis", "unix:/run/r", "", "2", Format::Url, "unix:///run/r?db=2"),
            ("mongodb", tcp, "", "", Format::Url, "mongodb://127.0.0.1:15432/?directConnection=true"),
            ("mongodb", tcp, "u@x", "d", Format::Url, "mongodb://u%40x@127.0.0.1:15432/d?directConnection=true"),
            ("clickhouse", tcp, "u", "d", Format::Url, "clickhouse://u@127.0.0.1:15432/d"),
            ("cassandra", tcp, "", "ks", Format::Url, "cassandra://127.0.0.1:15432/ks"),
            ("elasticsearch", tcp, "e", "", Format::Url, "http://e@127.0.0.1:15432"),
            ("tcp", tcp, "x", "y", Format::Url, "tcp://127.0.0.1:15432"),
            (
                "postgres",
                tcp,
                "app",
                "orders",
                Format::Psql,
                r#"psql "host=127.0.0.1 port=15432 user=app dbname=orders""#,
            ),
            ("postgres", tcp, "", "it's", Format::Psql, r"psql 'host=127.0.0.1 port=15432 dbname='\''it\'\''s'\'''"),
            ("postgres", "unix:/run/.s.PGSQL.6543", "", "", Format::Psql, r#"psql "host=/run port=6543""#),
            ("mysql", tcp, "app", "d", Format::Mysql, "mysql --host=127.0.0.1 --port=15432 --user=app --database=d"),
            ("mariadb", "unix:/run/m", "", "", Format::Mysql, "mysql --socket=/run/m"),
            ("redis", tcp, "app", "1", Format::RedisCli, "redis-cli -h 127.0.0.1 -p 15432 --user app -n 1"),
            ("redis", "unix:/run/r", "", "", Format::RedisCli, "redis-cli -s /run/r"),
            ("sqlserver", tcp, "sa", "d", Format::Sqlcmd, "sqlcmd -S 127.0.0.1,15432 -U sa -d d"),
            ("postgres", tcp, "app", "d", Format::Jdbc, "jdbc:postgresql://127.0.0.1:15432/d?user=app"),
            ("mariadb", tcp, "", "d", Format::Jdbc, "jdbc:mariadb://127.0.0.1:15432/d"),
            ("redshift", tcp, "app", "d", Format::Jdbc, "jdbc:redshift://127.0.0.1:15432/d;UID=app"),
            (
                "sqlserver",
                tcp,
                "sa",
                "a;b",
                Format::Jdbc,
                "jdbc:sqlserver://127.0.0.1:15432;databaseName={a;b};user=sa",
            ),
            ("oracle", tcp, "", "XE", Format::Jdbc, "jdbc:oracle:thin:@//127.0.0.1:15432/XE"),
            ("postgres", tcp, "app", "", Format::Pgpass, "127.0.0.1:15432:*:app:"),
            ("postgres", "[::1]:5", "a:b", "d", Format::Pgpass, r"\:\:1:5:d:a\:b:"),
            ("postgres", tcp, "", "", Format::Hostport, "127.0.0.1:15432"),
            ("tcp", "[::1]:5", "", "", Format::Hostport, "[::1]:5"),
        ];
        for (kind, listen, user, dbname, format, expected) in rows {
            assert_eq!(write(kind, listen, user, dbname, format).as_deref(), Ok(expected), "{kind} {listen} {format}");
        }
        let mongosh = write("mongodb", tcp, "", "d", Format::Mongosh).unwrap();
        assert_eq!(mongosh, r#"mongosh "mongodb://127.0.0.1:15432/d?directConnection=true""#);
    }

    #[test]
    fn a_named_database_keeps_its_name_for_certificates() {
        let tcp: Listen = "127.0.0.1:15432".parse().unwrap();
        let unix: Listen = "unix:/run/.s.PGSQL.6543".parse().unwrap();
        let write = |kind: &str, listen: &Listen, format| {
            let name = Some("db.internal");
            let recipe = Recipe { kind: kind.parse().unwrap(), listen, name, user: Some("app"), dbname: None };
            recipe.plain(format).unwrap()
        };
        let psql = write("postgres", &tcp, Format::Psql);
        assert_eq!(psql, r#"psql "host=db.internal hostaddr=127.0.0.1 port=15432 user=app""#);
        let pass = write("postgres", &tcp, Format::Pgpass);
        assert_eq!(pass, "127.0.0.1:15432:*:app:\ndb.internal:15432:*:app:");
        assert_eq!(write("postgres", &unix, Format::Psql), r#"psql "host=/run port=6543 user=app""#);
        // Libraries know no hostaddr: the URL goes where the tunnel listens.
        assert_eq!(write("postgres", &tcp, Format::Url), "postgresql://app@127.0.0.1:15432");
        assert_eq!(write("mysql", &tcp, Format::Mysql), "mysql --host=127.0.0.1 --port=15432 --user=app");
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let rows = [
            ("redis", "15432", "", Format::Psql, "does not fit a redis tunnel"),
            ("tcp", "15432", "", Format::Jdbc, "does not fit a tcp tunnel"),
            ("clickhouse", "15432", "", Format::Jdbc, "does not fit"),
            ("redis", "15432", "orders", Format::RedisCli, "they are numbers"),
            ("postgres", "unix:/run/x", "", Format::Psql, "listen on unix:/run/.s.PGSQL.5432"),
            ("sqlserver", "unix:/run/x", "", Format::Sqlcmd, "cannot go through a Unix socket"),
            ("postgres", "unix:/run/.s.PGSQL.1", "", Format::Jdbc, "cannot go through a Unix socket"),
            ("tcp", "unix:/run/x", "", Format::Hostport, "cannot go through a Unix socket"),
        ];
        for (kind, listen, dbname, format, expected) in rows {
            let error = write(kind, listen, "", dbname, format).unwrap_err();
            assert!(error.contains(expected), "{kind} {format}: {error}");
        }
    }
}
