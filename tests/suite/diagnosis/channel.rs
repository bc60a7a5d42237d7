//! The forward and the database behind it.

use std::io::Write as _;
use std::net::{Shutdown, TcpStream};

use adit::sandbox::{Forwarding, Switches, Target as Found};

use super::scene::{Condition, Dropping, Scene, condition, drain, says, serve, slow};
use crate::support::{MariaDb, Postgres, Redis, ports};

pub(super) fn all() -> Vec<Condition> {
    [settings(), targets(), databases()].into_iter().flatten().collect()
}

/// Hides the shell, so that nothing can be seen on the bastion.
const BLIND: &str = "ForceCommand /bin/false";

fn settings() -> Vec<Condition> {
    let off: &[&str] = &["forwarding_off"];
    let mismatch: &[&str] = &["permitopen_mismatch"];
    let prohibited: &[&str] = &["forward_prohibited"];
    vec![
        condition("forwarding off", "open", off, || Scene::real("AllowTcpForwarding no", "")),
        condition("remote forwarding only", "open", off, || Scene::real("AllowTcpForwarding remote", "")),
        condition("all forwarding disabled", "open", off, || Scene::real("DisableForwarding yes", "")),
        condition("a restricted key", "open", off, || Scene::real("", "restrict")),
        condition("a key without forwarding", "open", off, || Scene::real("", "no-port-forwarding")),
        condition("another target allowed by the server", "open", mismatch, || {
            Scene::real("PermitOpen 192.0.2.1:5432", "")
        }),
        condition("no target allowed", "open", mismatch, || Scene::real("PermitOpen none", "")),
        condition("another target allowed by the key", "open", mismatch, || {
            Scene::real("", "permitopen=\"192.0.2.1:5432\"")
        }),
        condition("forwarding off, no shell to look with", "open", prohibited, || {
            Scene::real(&format!("{BLIND}\nAllowTcpForwarding no"), "")
        }),
        condition("another target, no shell to look with", "open", prohibited, || {
            Scene::real(&format!("{BLIND}\nPermitOpen 192.0.2.1:5432"), "")
        }),
        condition("another spelling, no shell to look with", "open", prohibited, || {
            let target = crate::support::Target::start().port;
            Scene::real_to(&format!("{BLIND}\nPermitOpen localhost:{target}"), "", "tcp", target)
        }),
        condition("a refusal of 120 kB with escapes", "open", prohibited, || {
            let forwarding = Forwarding::ProhibitedSaying("\x1b]0;x\x07\u{9b}31mno\r\n".repeat(8_000));
            Scene::sandbox_with(Switches { forwarding, ..Switches::default() }, None)
        }),
        condition("a server without forwards", "open", &["forward_unavailable"], || {
            Scene::sandbox_with(Switches { forwarding: Forwarding::Unsupported, ..Switches::default() }, None)
        }),
    ]
}

fn targets() -> Vec<Condition> {
    vec![
        condition("the port is closed", "open", &["target_refused"], || {
            Scene::real_to("", "", "postgres", ports::free())
        }),
        slow("a firewall before the database drops", "open", &["open_timeout", "target_timeout"], || {
            let dropping = Dropping::new();
            Scene::real_to("", "", "postgres", dropping.port).keeping(dropping)
        }),
        condition("the bastion does not know the name", "open", &["target_name_unknown"], || {
            Scene::real("", "").after(|adit| {
                adit.ok(&["tunnel", "edit", "t", "--host", "no-such-database.invalid"]);
            })
        }),
        condition("the bastion has no way there", "open", &["target_no_route"], || {
            Scene::sandbox_with(Switches::default(), Some(Found::NoRoute))
        }),
        condition("no room for sessions", "-", &["-"], || Scene::real("MaxSessions 0", "")),
        condition("a restricted line that allows it", "-", &["-"], || {
            let port = Postgres::shared().port;
            let options = format!("restrict,port-forwarding,permitopen=\"127.0.0.1:{port}\"");
            Scene::real_to("", &options, "postgres", port)
        }),
    ]
}

fn databases() -> Vec<Condition> {
    let wrong: &[&str] = &["wrong_protocol"];
    vec![
        condition("PostgreSQL answers", "-", &["-"], || Scene::real_to("", "", "postgres", Postgres::shared().port)),
        condition("MariaDB answers", "-", &["-"], || Scene::real_to("", "", "mariadb", MariaDb::shared().port)),
        condition("Redis answers", "-", &["-"], || Scene::real_to("", "", "redis", Redis::shared().port)),
        condition("MariaDB instead of PostgreSQL", "speak", wrong, || {
            Scene::real_to("", "", "postgres", MariaDb::shared().port)
        }),
        condition("Redis instead of PostgreSQL", "speak", &["silent", "wrong_protocol"], || {
            Scene::real_to("", "", "postgres", Redis::shared().port)
        }),
        slow("PostgreSQL instead of MariaDB", "speak", &["silent", "wrong_protocol"], || {
            Scene::real_to("", "", "mysql", Postgres::shared().port)
        }),
        condition("PostgreSQL instead of Redis", "speak", &["closed_by_database", "wrong_protocol"], || {
            Scene::real_to("", "", "redis", Postgres::shared().port)
        }),
        slow("silence", "speak", &["silent"], || Scene::real_to("", "", "postgres", serve(drain))),
        condition("closed at once", "speak", &["closed_by_database", "tls_required"], || {
            Scene::real_to("", "", "postgres", serve(drop::<TcpStream>))
        }),
        condition("a web server", "speak", wrong, || {
            Scene::real_to("", "", "redis", serve(says(b"HTTP/1.1 400 Bad Request\r\n\r\n")))
        }),
        condition("an SSH server", "speak", wrong, || {
            Scene::real_to("", "", "postgres", serve(says(b"SSH-2.0-x\r\n")))
        }),
        condition("MySQL has blocked the bastion", "speak", &["host_blocked"], || {
            refusing(1129, "Host '10.0.0.1' is blocked because of many connection errors")
        }),
        condition("MySQL does not let the bastion in", "speak", &["host_not_allowed"], || {
            refusing(1130, "Host '10.0.0.1' is not allowed to connect to this MySQL server")
        }),
        condition("MySQL is full", "speak", &["too_many_connections"], || refusing(1040, "Too many connections")),
    ]
}

/// A server that refuses with this error before any greeting (MySQL protocol, `ERR_Packet`).
fn refusing(code: u16, text: &'static str) -> Scene {
    let port = serve(move |mut stream: TcpStream| {
        let mut packet = vec![0xff];
        packet.extend(code.to_le_bytes());
        packet.extend(text.as_bytes());
        let length = u32::try_from(packet.len()).unwrap().to_le_bytes();
        let _gone = stream.write_all(&[length[0], length[1], length[2], 0]).and_then(|()| stream.write_all(&packet));
        let _gone = stream.shutdown(Shutdown::Write);
        drain(stream);
    });
    Scene::real_to("", "", "mysql", port)
}
