//! The background service: one of it, told from a stranger, orderly when it goes, and no loss when it is killed.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::target::Echo;
use crate::support::{Adit, Sshd, Target, soon, tree, wait_until};

fn socket(adit: &Adit) -> PathBuf {
    adit.json(&["paths"])["socket"].as_str().unwrap().into()
}

#[test]
fn without_a_service_everything_is_stopped_and_the_code_is_5() {
    let adit = Adit::new();
    adit.ok(&["bastion", "add", "prod", "--host", "h", "--user", "u"]);
    adit.add_tunnel("t", "redis", 6379);
    let status = adit.run(&["status", "--json"]).expect(5).json();
    assert_eq!((&status["version"], &status["service"]), (&1.into(), &serde_json::Value::Null));
    assert_eq!(status["tunnels"][0]["phase"], "stopped");
    assert_ne!(adit.run(&["status"]).expect(5).stdout, "");
    adit.run(&["daemon", "status"]).expect(5);
    adit.run(&["down", "t"]);
    assert!(!socket(&adit).exists(), "none of these starts it");
}

#[test]
fn a_hundred_starts_leave_one_service() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    adit.add_tunnel("t", "tcp", target.port);
    let pids: Vec<_> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..100)
            .map(|turn| {
                let adit = &adit;
                scope.spawn(move || {
                    let words = if turn % 2 == 0 { &["daemon", "start"][..] } else { &["up", "t"][..] };
                    adit.run(words).expect(0);
                    adit.service_pid()
                })
            })
            .collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    assert!(pids.iter().all(|pid| pid.is_some() && *pid == pids[0]), "{pids:?}");
    let home = adit.home();
    let table = crate::support::tool("ps", &["-A", "-ww", "-o", "pid=,args="]).expect(0).stdout;
    let services: Vec<_> =
        table.lines().filter(|line| line.contains(home.to_str().unwrap()) && line.contains("daemon")).collect();
    assert_eq!(services.len(), 1, "{services:?}");
    assert_eq!(sshd.failed_logins(), 0);
}

#[test]
fn a_killed_service_is_taken_over_and_what_was_wanted_comes_back() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    let wanted = adit.add_tunnel("wanted", "tcp", target.port);
    let other = adit.add_tunnel("other", "tcp", target.port);
    let auto = adit.add_tunnel_with("auto", "tcp", target.port, &["--autostart"]);
    adit.ok(&["up", "wanted", "other"]);
    adit.ok(&["down", "other"]);
    let old = adit.kill_service();
    let begun = Instant::now();
    adit.ok(&["daemon", "start"]);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_ne!(adit.service_pid(), Some(old));
    adit.wait_up("wanted");
    adit.wait_up("auto");
    Echo::open(wanted).unwrap();
    Echo::open(auto).unwrap();
    assert_eq!(adit.tunnel("other")["phase"], "stopped");
    assert!(Echo::open(other).is_err());
    adit.kill_service();
    adit.ok(&["up", "wanted"]);
    Echo::open(wanted).unwrap();
}

#[test]
fn what_failed_stays_wanted() {
    let (mut sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    adit.add_tunnel("t", "tcp", target.port);
    sshd.stop();
    adit.run(&["up", "t", "--wait", "1s"]).expect(1);
    adit.ok(&["daemon", "stop"]);
    sshd.resume();
    adit.ok(&["daemon", "start"]);
    adit.wait_up("t");
}

#[test]
fn sigterm_is_an_orderly_stop() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    let port = adit.add_tunnel("t", "tcp", target.port);
    let mut service = adit.spawn(&["daemon", "run"]);
    assert!(wait_until(soon(), || adit.service_pid() == Some(service.pid())), "{}", adit.log());
    adit.ok(&["up", "t"]);
    let mut echo = Echo::open(port).unwrap();
    service.signal(Signal::TERM);
    assert!(
        wait_until(Duration::from_secs(2), || std::net::TcpStream::connect(("127.0.0.1", port)).is_err()),
        "closed to new ones"
    );
    echo.ping().unwrap();
    drop(echo);
    let _quiet = service.take_stdout();
    let ended = service.finish();
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(!socket(&adit).exists(), "the socket is gone");
    assert!(wait_until(soon(), || sshd.sessions().is_empty()));
    std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
}

#[test]
fn a_second_sigterm_does_not_wait() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    let port = adit.add_tunnel("t", "tcp", target.port);
    adit.ok(&["up", "t"]);
    let pid = adit.service_pid().unwrap();
    let _open = Echo::open(port).unwrap();
    tree::signal(pid, Signal::TERM);
    assert!(wait_until(soon(), || std::net::TcpStream::connect(("127.0.0.1", port)).is_err()));
    tree::signal(pid, Signal::TERM);
    assert!(wait_until(Duration::from_secs(3), || !tree::is_alive(pid)));
}

#[test]
fn start_stop_restart_and_status_of_the_service() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    let port = adit.add_tunnel("t", "tcp", target.port);
    adit.ok(&["daemon", "start"]);
    adit.ok(&["daemon", "start"]);
    let first = adit.service_pid().unwrap();
    adit.ok(&["daemon", "status"]);
    adit.ok(&["up", "t"]);
    adit.ok(&["daemon", "restart"]);
    assert_ne!(adit.service_pid(), Some(first));
    assert!(!tree::is_alive(first));
    adit.wait_up("t");
    Echo::open(port).unwrap();
    adit.ok(&["daemon", "stop"]);
    adit.run(&["status"]).expect(5);
    assert!(Echo::open(port).is_err());
    let second = adit.spawn(&["daemon", "run"]);
    assert!(wait_until(soon(), || adit.service_pid() == Some(second.pid())));
    let third = adit.run(&["daemon", "run"]);
    assert_ne!(third.code, 0, "one runs already");
    assert!(third.stderr.contains(&second.pid().to_string()), "{}", third.stderr);
}

#[test]
fn a_service_of_another_version_is_a_sentence_and_5() {
    let adit = Adit::new();
    adit.ok(&["bastion", "add", "prod", "--host", "h", "--user", "u"]);
    adit.add_tunnel("t", "redis", 6379);
    let path = socket(&adit);
    let folder = path.parent().unwrap();
    if !folder.exists() {
        crate::support::adit::make_home(folder);
    }
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o700)).unwrap();
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let hello = format!("{{\"protocol\":999,\"version\":\"9.9.9\",\"pid\":{}}}", std::process::id());
            let length = u32::try_from(hello.len()).unwrap();
            let _sent = stream.write_all(&length.to_be_bytes()).and_then(|()| stream.write_all(hello.as_bytes()));
            std::thread::spawn(move || std::io::copy(&mut stream, &mut std::io::sink()));
        }
    });
    for words in [&["up", "t"][..], &["down", "t"], &["daemon", "stop"], &["status"]] {
        let output = adit.run(words).expect(5);
        assert!(output.stderr.contains("version"), "{words:?}: {output:?}");
    }
    assert!(path.exists(), "a stranger's socket is not ours to remove");
}

#[test]
fn a_socket_left_behind_is_cleared_by_the_next() {
    let adit = Adit::new();
    adit.ok(&["daemon", "start"]);
    adit.kill_service();
    assert!(socket(&adit).exists());
    adit.run(&["status"]).expect(5);
    assert!(socket(&adit).exists(), "only the holder of the lock may remove it");
    adit.ok(&["daemon", "start"]);
    adit.run(&["status"]).expect(0);
}

#[test]
fn the_service_keeps_none_of_the_callers_streams() {
    let adit = Adit::new();
    // Reading both streams to their end is part of every call of the suites; here also an odd one.
    let script = "exec 7>\"$1/odd\"; \"$0\" --home \"$1\" daemon start >/dev/null 2>&1; exec 7>&-";
    let mut command = std::process::Command::new("sh");
    crate::support::adit::make_home(&adit.home());
    command.args(["-c", script, env!("CARGO_BIN_EXE_adit")]).arg(adit.home());
    crate::support::output::finish(command, "").expect(0);
    let pid = adit.service_pid().unwrap();
    let Ok(entries) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { return };
    let open: Vec<_> = entries.flatten().filter_map(|entry| std::fs::read_link(entry.path()).ok()).collect();
    assert!(!open.iter().any(|path| path.ends_with("odd")), "{open:?}");
    assert!(!open.iter().any(|path| path.starts_with("/dev/pts")), "{open:?}");
    let cwd = std::fs::read_link(format!("/proc/{pid}/cwd")).unwrap();
    assert_eq!(cwd.to_str(), Some("/"), "it holds no folder that somebody may want to unmount");
}

#[test]
fn another_home_is_another_service() {
    let (one, two) = (Adit::new(), Adit::new());
    one.ok(&["daemon", "start"]);
    two.ok(&["daemon", "start"]);
    assert_ne!(one.service_pid(), two.service_pid());
    one.ok(&["daemon", "stop"]);
    two.run(&["status"]).expect(0);
}

#[test]
fn an_edit_of_the_file_reaches_the_running_service() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    adit.ok(&["daemon", "start"]);
    let port = adit.add_tunnel("t", "tcp", target.port);
    adit.ok(&["up", "t"]);
    Echo::open(port).unwrap();
    let new = crate::support::ports::free();
    adit.ok(&["tunnel", "edit", "t", "--listen", &new.to_string()]);
    assert!(wait_until(soon(), || Echo::open(new).is_ok()), "{}", adit.tunnel("t"));
    assert!(Echo::open(port).is_err());
}
