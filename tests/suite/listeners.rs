//! Where a tunnel listens: IPv6, a Unix socket, more than loopback; and configuration changed by hand while it runs.

use std::os::unix::fs::PermissionsExt;

use crate::support::output::finish;
use crate::support::target::Echo;
use crate::support::{Adit, Postgres, Sshd, Target, ports, soon, tool, wait_until};

#[test]
fn a_unix_socket_serves_psql_and_is_private_and_taken_over() {
    let (sshd, server) = (Sshd::start(), Postgres::shared());
    let adit = Adit::at(&sshd, "");
    // psql looks for this name in the folder that it is given as the host.
    let socket = adit.user_home().join(".s.PGSQL.5432");
    adit.add_tunnel_with("orders", "postgres", server.port, &["--listen", &format!("unix:{}", socket.display())]);
    let ask = || {
        let folder = adit.user_home();
        tool("psql", &["-XAt", "-h", folder.to_str().unwrap(), "-U", "app", "-d", "orders", "-c", "select 6 * 7"])
    };
    adit.ok(&["up", "orders"]);
    assert_eq!(ask().expect(0).stdout, "42\n");
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o077, 0, "nobody else may use it");
    adit.kill_service();
    assert!(socket.exists());
    adit.ok(&["up", "orders"]);
    assert_eq!(ask().expect(0).stdout, "42\n");
    adit.ok(&["down", "orders"]);
    assert!(!socket.exists(), "it goes with the tunnel");
    std::fs::write(&socket, "somebody's file").unwrap();
    let output = adit.run(&["up", "orders"]).expect(1);
    assert_eq!(std::fs::read_to_string(&socket).unwrap(), "somebody's file", "{output:?}");
}

#[test]
fn ipv6_loopback_works_where_there_is_one() {
    let port = ports::free();
    if std::net::TcpListener::bind(("::1", port)).is_err() {
        return;
    }
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    adit.add_tunnel_with("t", "tcp", target.port, &["--listen", &format!("[::1]:{port}")]);
    adit.ok(&["up", "t"]);
    let mut stream = std::net::TcpStream::connect(("::1", port)).unwrap();
    std::io::Write::write_all(&mut stream, b"echo\nx").unwrap();
    std::io::Read::read_exact(&mut stream, &mut [0]).unwrap();
    assert_eq!(adit.tunnel("t")["listen"], format!("[::1]:{port}"));
}

#[test]
fn an_address_of_another_machine_is_a_fault() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    adit.add_tunnel("t", "tcp", target.port);
    // 192.0.2.0/24 is for documentation; nobody has it.
    let config = adit.config().replace("listen = \"127.0.0.1:", "allow_remote_clients = true\nlisten = \"192.0.2.7:");
    adit.write_config(&config);
    let output = adit.run(&["up", "t"]).expect(1);
    assert!(output.stdout.contains("address_not_local"), "{output:?}");
    assert_ne!(adit.tunnel("t")["warnings"].as_array().map(Vec::len), Some(0), "a standing warning");
}

#[test]
fn the_file_edited_by_hand_is_followed() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    let (keep, go) = (adit.add_tunnel("keep", "tcp", target.port), adit.add_tunnel("go", "tcp", target.port));
    adit.ok(&["up", "--all"]);
    let mut echo = Echo::open(keep).unwrap();
    let config = adit.config();
    let at = config.find("[tunnels.go]").unwrap();
    // A comment more, a tunnel less, and an editor that replaces the file.
    let new = adit.path("config.new");
    std::fs::write(&new, format!("# by hand\n{}", &config[..at])).unwrap();
    std::fs::rename(new, adit.path("config.toml")).unwrap();
    assert!(wait_until(soon(), || Echo::open(go).is_err()), "what is no longer described is closed");
    echo.ping().unwrap();
    assert_eq!(adit.tunnel("keep")["reconnects"], 0);
    adit.run(&["status", "go"]).expect(3);
    std::fs::write(adit.path("config.toml"), config).unwrap();
    assert!(wait_until(soon(), || adit.run(&["status", "go"]).code == 0));
    assert_eq!(adit.tunnel("go")["phase"], "stopped");
    echo.ping().unwrap();
}

#[test]
fn another_home_finds_the_port_taken_by_this_one() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let (one, two) = (Adit::at(&sshd, ""), Adit::at(&sshd, ""));
    let port = one.add_tunnel("t", "tcp", target.port);
    one.ok(&["up", "t"]);
    two.add_tunnel_with("t", "tcp", target.port, &["--listen", &port.to_string()]);
    two.run(&["up", "t"]).expect(1);
    let fault = &two.tunnel("t")["fault"];
    assert_eq!(fault["code"], "port_in_use", "{fault}");
    // The service hides its memory from debuggers, and with it, from all but root, which sockets it holds.
    if rustix::process::geteuid().is_root() {
        let pid = one.service_pid().unwrap().to_string();
        assert!(fault["message"].as_str().unwrap().contains(&pid), "{fault}");
    }
}

#[test]
fn a_bare_environment_is_enough() {
    let adit = Adit::new();
    let mut command = adit.command(&["paths"]);
    command.env_clear();
    finish(command, "").expect(0);
    let mut homeless = adit.bare_command();
    homeless.env_clear().args(["paths", "--json"]);
    let output = finish(homeless, "");
    assert!(matches!(output.code, 0 | 2), "{output:?}");
    assert!(!output.stderr.contains("panicked"), "{}", output.stderr);
}
