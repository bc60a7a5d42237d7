//! Environment variables: the kind's own, which its clients read without being told, and adit's own by tunnel.

use super::quote::shell_word;
use super::strings::Place;
use super::{Recipe, RecipeError};
use crate::model::{Kind, Name};

/// Variables to set, in order, and variables to take away because they would win over those.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Variables {
    /// Name and value.
    pub set: Vec<(String, String)>,
    /// Names.
    pub unset: Vec<&'static str>,
}

impl Variables {
    /// `NAME=VALUE` lines, quoted for a shell, without a trailing newline.
    #[must_use]
    pub fn lines(&self) -> String {
        let lines: Vec<String> = self.set.iter().map(|(name, value)| format!("{name}={}", shell_word(value))).collect();
        lines.join("\n")
    }

    fn put(&mut self, name: &str, value: impl Into<String>) {
        self.set.push((name.to_owned(), value.into()));
    }

    fn put_some(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }
}

impl Recipe<'_> {
    /// The kind's own variables and `DATABASE_URL`.
    ///
    /// # Errors
    /// When the client cannot reach where the tunnel listens.
    pub fn variables(&self) -> Result<Variables, RecipeError> {
        let mut out = Variables::default();
        let url = self.url()?;
        let (host, port) = self.host_and_port();
        match self.kind {
            Kind::Postgres | Kind::Redshift => {
                out.put("PGHOST", host);
                out.put("PGPORT", port);
                out.put_some("PGUSER", self.user);
                out.put_some("PGDATABASE", self.dbname);
                // Both win over PGHOST (PostgreSQL manual, "Environment Variables").
                out.unset = vec!["PGHOSTADDR", "PGSERVICE"];
            }
            Kind::Mysql | Kind::Mariadb => {
                if let Place::Unix(path) = self.place() {
                    out.put("MYSQL_UNIX_PORT", path.display().to_string());
                    out.unset = vec!["MYSQL_HOST", "MYSQL_TCP_PORT"];
                } else {
                    out.put("MYSQL_HOST", host);
                    out.put("MYSQL_TCP_PORT", port);
                }
                out.put_some("MYSQL_USER", self.user);
                out.put_some("MYSQL_DATABASE", self.dbname);
            }
            Kind::Sqlserver => {
                out.put("SQLCMDSERVER", format!("{host},{port}"));
                out.put_some("SQLCMDUSER", self.user);
                out.put_some("SQLCMDDBNAME", self.dbname);
            }
            Kind::Oracle => {
                let service = self.dbname.map(|dbname| format!("/{dbname}")).unwrap_or_default();
                out.put("TWO_TASK", format!("//{}{service}", self.spelled()));
            }
            Kind::Redis => {
                out.put("REDIS_HOST", host);
                out.put("REDIS_PORT", port);
                out.put("REDIS_URL", url.clone());
            }
            Kind::Mongodb => out.put("MONGODB_URI", url.clone()),
            Kind::Clickhouse => {
                out.put("CLICKHOUSE_HOST", host);
                out.put("CLICKHOUSE_PORT", port);
                out.put_some("CLICKHOUSE_USER", self.user);
                out.put_some("CLICKHOUSE_DATABASE", self.dbname);
            }
            Kind::Cassandra => {
                out.put("CQLSH_HOST", host);
                out.put("CQLSH_PORT", port);
            }
            Kind::Elasticsearch => out.put("ELASTICSEARCH_URL", url.clone()),
            Kind::Tcp => {}
        }
        out.put("DATABASE_URL", url);
        Ok(out)
    }

    /// Host and port as a client takes them apart; a Unix socket is its path and no port, for PostgreSQL its folder and
    /// the port in its name.
    fn host_and_port(&self) -> (String, String) {
        match self.place() {
            Place::Tcp(address) => (address.ip().to_string(), address.port().to_string()),
            Place::Unix(path) => match (self.kind, Self::pg_socket(path)) {
                (Kind::Postgres | Kind::Redshift, Ok(socket)) => (socket.folder, socket.port.to_string()),
                _ => (path.display().to_string(), String::new()),
            },
        }
    }

    /// Where the tunnel listens, as one word.
    fn spelled(&self) -> String {
        match self.place() {
            Place::Tcp(address) => address.to_string(),
            Place::Unix(path) => format!("unix:{}", path.display()),
        }
    }
}

/// `ADIT_<NAME>_HOST`, `_PORT` and `_URL` of a tunnel.
#[must_use]
pub fn named_variables(name: &Name, recipe: &Recipe<'_>) -> Vec<(String, String)> {
    let stem = format!("ADIT_{}", name.as_variable());
    let (host, port) = recipe.host_and_port();
    let url = recipe.url().unwrap_or_else(|_| recipe.spelled());
    vec![(format!("{stem}_HOST"), host), (format!("{stem}_PORT"), port), (format!("{stem}_URL"), url)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Listen;

    fn lines(kind: &str, listen: &str, user: Option<&str>, dbname: Option<&str>) -> String {
        let listen: Listen = listen.parse().unwrap();
        Recipe { kind: kind.parse().unwrap(), listen: &listen, name: None, user, dbname }.variables().unwrap().lines()
    }

    #[test]
    fn each_kind_has_its_own() {
        let pg = lines("postgres", "15432", Some("app"), Some("my orders"));
        assert_eq!(
            pg,
            "PGHOST=127.0.0.1\nPGPORT=15432\nPGUSER=app\nPGDATABASE=\"my orders\"\n\
             DATABASE_URL=postgresql://app@127.0.0.1:15432/my%20orders"
        );
        assert_eq!(
            lines("mariadb", "13306", None, None),
            "MYSQL_HOST=127.0.0.1\nMYSQL_TCP_PORT=13306\nDATABASE_URL=mysql://127.0.0.1:13306"
        );
        assert!(lines("postgres", "unix:/run/.s.PGSQL.7", None, None).starts_with("PGHOST=/run\nPGPORT=7\n"));
        assert!(lines("mysql", "unix:/run/m", None, None).starts_with("MYSQL_UNIX_PORT=/run/m\n"));
        assert!(lines("sqlserver", "1433", Some("sa"), None).contains("SQLCMDSERVER=127.0.0.1,1433\nSQLCMDUSER=sa\n"));
        assert!(
            lines("mongodb", "1", None, None).contains("MONGODB_URI=\"mongodb://127.0.0.1:1/?directConnection=true\"")
        );
        assert_eq!(lines("tcp", "[::1]:9", None, None), "DATABASE_URL=\"tcp://[::1]:9\"");
    }

    #[test]
    fn named_ones_follow_the_tunnel() {
        let name: Name = "orders-eu".parse().unwrap();
        let listen: Listen = "15432".parse().unwrap();
        let recipe = Recipe { kind: Kind::Redis, listen: &listen, name: None, user: None, dbname: None };
        let pairs = named_variables(&name, &recipe);
        let expected = [
            ("ADIT_ORDERS_EU_HOST", "127.0.0.1"),
            ("ADIT_ORDERS_EU_PORT", "15432"),
            ("ADIT_ORDERS_EU_URL", "redis://127.0.0.1:15432"),
        ];
        assert_eq!(pairs, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }

    #[test]
    fn lines_mean_the_same_to_a_shell() {
        let text = lines("postgres", "15432", Some("it's $me"), Some("a`b\"c"));
        let script = format!("{text}\nprintf '%s|%s' \"$PGUSER\" \"$PGDATABASE\"");
        let output = std::process::Command::new("sh").arg("-c").arg(script).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "it's $me|a`b\"c");
    }
}
