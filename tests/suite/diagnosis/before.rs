//! From the bastion's name to its banner.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use super::scene::{Condition, Dropping, Scene, condition, drain, says, slow};
use crate::support::wait::pace;
use crate::support::{MariaDb, Postgres, Redis, ports};

pub(super) fn all() -> Vec<Condition> {
    [names(), banners(), strangers()].into_iter().flatten().collect()
}

fn names() -> Vec<Condition> {
    vec![
        condition("a name that nobody has", "resolve", &["name_unknown", "dns_unavailable"], || {
            Scene::at_port(22).after(|adit| {
                adit.ok(&["bastion", "edit", "prod", "--host", "no-such-bastion.invalid"]);
            })
        }),
        condition("nobody listens", "reach", &["tcp_refused"], || Scene::at_port(ports::free())),
        slow("a firewall drops", "reach", &["tcp_timeout"], || {
            let dropping = Dropping::new();
            Scene::at_port(dropping.port).keeping(dropping)
        }),
    ]
}

fn banners() -> Vec<Condition> {
    vec![
        condition("accepts and closes", "greet", &["closed_before_banner"], || Scene::scripted(drop)),
        condition("accepts and resets", "greet", &["closed_before_banner"], || Scene::scripted(reset)),
        slow("accepts and says nothing", "greet", &["banner_timeout"], || Scene::scripted(drain)),
        condition("too many at the door", "greet", &["refused_for_now"], || {
            let scene = Scene::real("MaxStartups 1:100:1\nLoginGraceTime 60", "");
            let port: u16 = scene.adit.json(&["bastion", "show", "prod"])["bastion"]["port"].as_u64().unwrap() as u16;
            let waiting = TcpStream::connect(("127.0.0.1", port)).unwrap();
            // It counts once sshd has greeted it.
            let mut banner = [0; 4];
            std::io::Read::read_exact(&mut &waiting, &mut banner).unwrap();
            scene.keeping(waiting)
        }),
        condition("a ban for a while", "greet", &["refused_for_now"], || {
            Scene::scripted(|mut stream: TcpStream| {
                let _gone = stream.write_all(b"Not allowed at this time\r\n");
            })
        }),
        condition("lines without end", "greet", &["not_ssh"], || {
            Scene::scripted(|mut stream: TcpStream| while stream.write_all(b"\x1b]0;x\x07xyzzy\r\n").is_ok() {})
        }),
        slow("a tarpit, a byte at a time", "greet", &["not_ssh", "banner_timeout"], || {
            Scene::scripted(|mut stream: TcpStream| {
                while stream.write_all(b"x").is_ok() {
                    pace(Duration::from_millis(500));
                }
            })
        }),
        condition("a banner byte by byte", "greet", &["kex_timeout"], || {
            Scene::scripted(|mut stream: TcpStream| {
                for byte in b"SSH-2.0-slow\r\n" {
                    let _gone = stream.write_all(&[*byte]);
                    pace(Duration::from_millis(5));
                }
            })
        }),
        slow("a banner, then silence", "greet", &["kex_timeout"], || Scene::scripted(says(b"SSH-2.0-quiet\r\n"))),
        condition("SSH 1", "greet", &["not_ssh"], || Scene::scripted(says(b"SSH-1.5-OpenSSH_1.0\r\n"))),
    ]
}

fn strangers() -> Vec<Condition> {
    vec![
        condition("a web server that talks", "greet", &["not_ssh"], || {
            Scene::scripted(says(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
        }),
        condition("a mail server", "greet", &["not_ssh"], || Scene::scripted(says(b"220 mail.example ESMTP\r\n"))),
        condition("a TLS alert", "greet", &["not_ssh"], || Scene::scripted(says(b"\x15\x03\x01\x00\x02\x02\x0a"))),
        condition("MariaDB on the port", "greet", &["not_ssh"], || Scene::at_port(MariaDb::shared().port)),
        slow("PostgreSQL on the port", "greet", &["banner_timeout"], || Scene::at_port(Postgres::shared().port)),
        slow("Redis on the port", "greet", &["banner_timeout"], || Scene::at_port(Redis::shared().port)),
        condition("junk with escapes in Latin-1", "greet", &["not_ssh"], || {
            Scene::scripted(says(b"\xe9\x1b[2J\x9b31m\r\n".repeat(40).leak()))
        }),
    ]
}

fn reset(stream: TcpStream) {
    let socket = socket2::SockRef::from(&stream);
    socket.set_linger(Some(Duration::ZERO)).unwrap();
}
