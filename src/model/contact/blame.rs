//! What a reply means for the way: the fault, who must act and what helps. How sure that is, and how it is shown, others say.

use std::net::IpAddr;

use super::{Reply, Tls};
use crate::model::advice::Advice;
use crate::model::database::{Database, Kind};
use crate::model::fault::{Code, Fault};
use crate::model::name::Name;

impl Reply {
    /// The fault that a reply is, if it is one; with the tunnel's name the commands fit it. Anything may answer, or nothing,
    /// where plain TCP was asked for.
    #[must_use]
    pub fn fault(&self, database: &Database, tunnel: Option<&Name>) -> Option<Fault> {
        let (target, kind) = (database.endpoint(), database.kind);
        let fault = match self {
            Self::Speaks { tls: Tls::Required, product, .. } => {
                Fault::new(Code::TlsRequired, format!("{target} is {product} and takes no client without TLS"))
            }
            // Other servers close on words that they do not understand.
            Self::Closed { asked: true, said }
                if said.is_empty() && is_cut_short(kind) && usual_kind(database, None).is_none() =>
            {
                Fault::new(
                    Code::TlsRequired,
                    format!(
                        "{target} closes as soon as it is spoken to in clear text, as a server does that speaks only TLS"
                    ),
                )
            }
            Self::Refused { code, text } if kind != Kind::Tcp => refusal(*code, text, database),
            Self::Closed { said, .. } => {
                let said = if said.is_empty() { "without a word".to_owned() } else { format!("after \"{said}\"") };
                Fault::new(Code::ClosedByDatabase, format!("{target} accepts and closes {said}"))
            }
            Self::Stranger { name, said, .. } if kind != Kind::Tcp => {
                let message = match name {
                    Some(name) => format!("{target} answers as {name}, not as {kind}"),
                    None => format!("{target} answers, but not as {kind}: \"{said}\""),
                };
                Fault::new(Code::WrongProtocol, message)
            }
            Self::Silent { said } if kind != Kind::Tcp => {
                let message = match said.as_str() {
                    "" => format!("{target} accepts and says nothing"),
                    said => format!("{target} accepts, says \"{said}\" and stops"),
                };
                Fault::new(Code::Silent, message)
            }
            Self::Speaks { .. } | Self::Refused { .. } | Self::Stranger { .. } | Self::Silent { .. } => {
                return None;
            }
        };
        let advice = advice(fault.code, self, database, tunnel);
        Some(advice.into_iter().fold(fault, Fault::advise))
    }
}

/// The servers that begin with TLS where they want it, instead of agreeing on it first.
fn is_cut_short(kind: Kind) -> bool {
    match kind {
        Kind::Redis | Kind::Mongodb | Kind::Clickhouse | Kind::Cassandra | Kind::Elasticsearch => true,
        Kind::Postgres | Kind::Redshift | Kind::Mysql | Kind::Mariadb | Kind::Sqlserver | Kind::Oracle | Kind::Tcp => {
            false
        }
    }
}

fn refusal(code: Code, text: &str, database: &Database) -> Fault {
    let target = database.endpoint();
    let words = match code {
        Code::TooManyConnections => "has no room for one more connection",
        Code::HostBlocked => "has blocked the bastion",
        Code::HostNotAllowed => "does not let the bastion's address in",
        Code::StartingUp => "is starting or stopping",
        Code::TlsRequired => "takes no client without TLS",
        _ => "refuses the connection",
    };
    Fault::new(
        code,
        if text.is_empty() { format!("{target} {words}") } else { format!("{target} {words}: \"{text}\"") },
    )
}

fn advice(code: Code, reply: &Reply, database: &Database, tunnel: Option<&Name>) -> Vec<Advice> {
    let kind = database.kind;
    match code {
        Code::WrongProtocol => wrong_kind(reply, tunnel).into_iter().collect(),
        Code::TlsRequired => vec![with_tls(kind, tunnel)],
        Code::HostBlocked => lift_the_block(kind),
        Code::HostNotAllowed => admit(reply, kind),
        Code::TooManyConnections => make_room(kind),
        Code::StartingUp => {
            vec![Advice::words("wait a minute and try again; if it stays, its log says what it waits for")]
        }
        Code::Silent => {
            let mut advice: Vec<_> = usual_kind(database, tunnel).into_iter().collect();
            if matches!(kind, Kind::Mysql | Kind::Mariadb) {
                advice.push(Advice::words(
                    "a MySQL server speaks first: one that does not may be waiting for a name server (skip_name_resolve helps), or be another kind of server",
                ));
            } else if is_cut_short(kind) {
                advice.push(with_tls(kind, tunnel));
            }
            advice.extend(ask_there(database));
            advice
        }
        Code::ClosedByDatabase => {
            let mut advice: Vec<_> = usual_kind(database, tunnel).into_iter().collect();
            advice.push(Advice::words(
                "a load balancer without a healthy server behind it, or a list of allowed addresses without the bastion's, looks like this",
            ));
            advice.extend(ask_there(database));
            advice
        }
        _ => Vec::new(),
    }
}

fn wrong_kind(reply: &Reply, tunnel: Option<&Name>) -> Option<Advice> {
    let right = match reply {
        Reply::Stranger { kind, .. } => *kind,
        _ => None,
    };
    Some(match (right, tunnel) {
        (Some(kind), Some(tunnel)) => Advice::command(
            format!("if {kind} is what you want there, tell the tunnel so"),
            format!("adit tunnel edit {tunnel} --database {kind}"),
        ),
        (Some(_) | None, _) => Advice::words("check the tunnel's database, host and port"),
    })
}

/// The kind that this port is known for, where it is another than the configured one.
fn usual_kind(database: &Database, tunnel: Option<&Name>) -> Option<Advice> {
    let kinds: Vec<_> = Kind::ALL.into_iter().filter(|kind| kind.default_port() == Some(database.port)).collect();
    let usual = *kinds.first().filter(|_| !kinds.contains(&database.kind))?;
    let text = format!("{} is the usual port of {usual}, not of {}", database.port, database.kind);
    Some(match tunnel {
        Some(tunnel) => Advice::command(text, format!("adit tunnel edit {tunnel} --database {usual}")),
        None => Advice::words(text),
    })
}

fn with_tls(kind: Kind, tunnel: Option<&Name>) -> Advice {
    let how = match kind {
        Kind::Postgres | Kind::Redshift => "add sslmode=require to the connection string",
        Kind::Mysql => "connect with --ssl-mode=REQUIRED",
        Kind::Mariadb => "connect with --ssl",
        Kind::Sqlserver => {
            "connect with encryption (sqlcmd -N, Encrypt=yes) and name the server's own host for its certificate"
        }
        Kind::Oracle => "connect with PROTOCOL=TCPS",
        Kind::Redis => "connect with rediss:// or redis-cli --tls",
        Kind::Mongodb => "add tls=true to the connection string",
        Kind::Clickhouse => "connect with --secure; the usual port for that is 9440",
        Kind::Cassandra => "connect with cqlsh --ssl",
        Kind::Elasticsearch => "connect with https://",
        Kind::Tcp => "connect with TLS",
    };
    let text = format!("the tunnel is fine, the client must use TLS: {how}");
    match tunnel {
        Some(tunnel) => Advice::command(text, format!("adit url {tunnel}")),
        None => Advice::words(text),
    }
}

fn lift_the_block(kind: Kind) -> Vec<Advice> {
    let flush = if kind == Kind::Mariadb {
        "mariadb-admin -u root -p flush-hosts"
    } else {
        "mysqladmin -u root -p flush-hosts"
    };
    let mut advice = vec![Advice::command("the database's keeper can lift the block", flush)];
    if kind == Kind::Mysql {
        advice.push(Advice::command(
            "the same on MySQL 8.4 and later",
            "mysql -u root -p -e 'truncate table performance_schema.host_cache'",
        ));
    }
    advice.push(Advice::words(
        "it comes from connections that were broken off, as port checks do; raise max_connect_errors or stop those",
    ));
    advice
}

fn admit(reply: &Reply, kind: Kind) -> Vec<Advice> {
    let text = match reply {
        Reply::Refused { text, .. } => text.as_str(),
        _ => "",
    };
    let address = text.split(['"', '\'']).find_map(|word| word.parse::<IpAddr>().ok());
    match kind {
        Kind::Postgres | Kind::Redshift => {
            let address = address.map_or_else(|| "the bastion's address".to_owned(), network);
            vec![
                Advice::words(format!(
                    "unless pg_hba.conf names your user and database, its keeper adds a line: host all all {address} scram-sha-256"
                )),
                Advice::command("and has the server read it", "psql -U postgres -c 'select pg_reload_conf()'"),
            ]
        }
        Kind::Mysql | Kind::Mariadb => {
            let client = if kind == Kind::Mariadb { "mariadb" } else { "mysql" };
            let from = address.map_or_else(|| "the bastion's address".to_owned(), |address| address.to_string());
            vec![Advice::command(
                format!(
                    "no account may come from {from}; the database's keeper sees here where accounts may come from"
                ),
                format!("{client} -u root -p -e 'select user, host from mysql.user'"),
            )]
        }
        Kind::Redis => vec![
            Advice::words("the keeper sets a password (requirepass in redis.conf), which ends protected mode"),
            Advice::command("what is set now, asked on the server itself", "redis-cli config get protected-mode"),
        ],
        Kind::Sqlserver
        | Kind::Oracle
        | Kind::Mongodb
        | Kind::Clickhouse
        | Kind::Cassandra
        | Kind::Elasticsearch
        | Kind::Tcp => vec![Advice::words("the database's keeper must allow the bastion's address")],
    }
}

/// An address as a network of one.
fn network(address: IpAddr) -> String {
    let bits = if address.is_ipv4() { 32 } else { 128 };
    format!("{address}/{bits}")
}

fn make_room(kind: Kind) -> Vec<Advice> {
    let look = match kind {
        Kind::Postgres | Kind::Redshift => {
            "psql -U postgres -c 'select usename, client_addr, state, count(*) from pg_stat_activity group by 1, 2, 3 order by 4 desc'"
        }
        Kind::Mysql => "mysql -u root -p -e 'show processlist'",
        Kind::Mariadb => "mariadb -u root -p -e 'show processlist'",
        Kind::Redis => "redis-cli client list",
        Kind::Sqlserver => {
            "sqlcmd -Q 'select login_name, host_name, count(*) from sys.dm_exec_sessions group by login_name, host_name'"
        }
        Kind::Oracle | Kind::Mongodb | Kind::Clickhouse | Kind::Cassandra | Kind::Elasticsearch | Kind::Tcp => {
            return vec![Advice::words("close clients that are not needed, or have the limit raised")];
        }
    };
    vec![Advice::command("the database's keeper sees who holds the connections", look)]
}

/// What settles it on the database's own machine.
fn ask_there(database: &Database) -> Option<Advice> {
    let port = database.port;
    let ask = match database.kind {
        Kind::Postgres => format!("pg_isready -h 127.0.0.1 -p {port}"),
        Kind::Mysql => format!("mysqladmin -h 127.0.0.1 -P {port} ping"),
        Kind::Mariadb => format!("mariadb-admin -h 127.0.0.1 -P {port} ping"),
        Kind::Redis => format!("redis-cli -p {port} ping"),
        Kind::Elasticsearch => format!("curl -sS http://127.0.0.1:{port}/"),
        Kind::Mongodb => format!("mongosh --port {port} --eval 'db.hello()'"),
        Kind::Clickhouse => format!("clickhouse-client --port {port} --query 'select 1'"),
        Kind::Cassandra => format!("cqlsh 127.0.0.1 {port} -e 'show version'"),
        Kind::Oracle => "lsnrctl status".to_owned(),
        Kind::Redshift | Kind::Sqlserver | Kind::Tcp => return None,
    };
    Some(Advice::command("asked on the database's own machine, this settles whether it answers at all", ask))
}
