//! What the database itself must allow: that it listens to others at all, and lets the bastion in. It changes no right of any
//! database user.

use super::Setup;
use super::step::Step;
use crate::model::{Kind, Owner};

pub(super) fn steps(setup: &Setup) -> Vec<Step> {
    setup
        .distinct()
        .into_iter()
        .map(|database| {
            let endpoint = database.endpoint();
            let title = format!("Let {} {endpoint} itself take connections from the bastion", database.kind);
            let why = "behind both firewalls the database still decides for itself: whether it listens on an address that the \
                       bastion reaches, and whom it talks to from there. It sees the bastion's address as the client's";
            let step = Step::new(None, Owner::DatabaseAdmin, title, why);
            let port = endpoint.port;
            let step = match managed(endpoint.host.as_str()) {
                true => step.say("a managed database listens by itself; the cloud's rules above are all that it needs"),
                false => step.run(
                    format!(
                        "on the database's machine: only 127.0.0.1 or ::1 before :{port} means that it listens to itself alone"
                    ),
                    format!("ss -ltn 'sport = :{port}'"),
                ),
            };
            step.say(own_rule(database.kind)).say(
                "the tunnel carries reading and writing alike; what its user may do is decided here, so give one that only reads where \
                 reading is enough",
            )
        })
        .collect()
}

/// Hosts where nobody logs in to a machine.
fn managed(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    [
        ".rds.amazonaws.com",
        ".redshift.amazonaws.com",
        ".redshift-serverless.amazonaws.com",
        ".cache.amazonaws.com",
        ".database.azure.com",
        ".database.windows.net",
    ]
    .iter()
    .any(|end| host.ends_with(end))
}

fn own_rule(kind: Kind) -> &'static str {
    match kind {
        Kind::Postgres => {
            "PostgreSQL asks listen_addresses (a restart) and pg_hba.conf (a reload): a hostssl line for the database, its user and the \
             bastion's address, with scram-sha-256"
        }
        Kind::Redshift => "Redshift asks for nothing more than the security group",
        Kind::Mysql | Kind::Mariadb => {
            "MySQL and MariaDB ask bind-address, and every account names the hosts that it may come from: the account must be \
             there for the bastion's address. Too many connections that break off before the login make it block that address \
             (Host is blocked) until FLUSH HOSTS, so test the port once, not in a loop"
        }
        Kind::Sqlserver => {
            "SQL Server asks whether TCP/IP is on (SQL Server Configuration Manager), and on which port; a named instance has a \
             port of its own. Azure SQL may want the login as user@server"
        }
        Kind::Oracle => {
            "Oracle's listener has an address list (listener.ora) and may have valid node checking (sqlnet.ora, tcp.invited_nodes)"
        }
        Kind::Redis => {
            "Redis asks bind and protected-mode: without a password it refuses everybody but its own machine"
        }
        Kind::Mongodb => {
            "MongoDB asks net.bindIp. A replica set tells clients the names of all its members, which no tunnel reaches: clients \
             connect with directConnection=true"
        }
        Kind::Clickhouse => "ClickHouse asks listen_host, and every user has a list of networks",
        Kind::Cassandra => {
            "Cassandra asks rpc_address; clients learn of the other nodes and must be told to stay with this one"
        }
        Kind::Elasticsearch => {
            "Elasticsearch asks network.host and http.port; clients must not sniff for the other nodes"
        }
        Kind::Tcp => "look for a list of allowed clients in its own settings",
    }
}
