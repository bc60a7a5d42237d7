//! The database's own client in the person's terminal: it has all of it, keys that stop or interrupt included, until it ends.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::TempDir;

use super::desk::Desk;
use super::whole;
use crate::support::Adit;

/// Tells of each line and each Ctrl-C, until the line "done".
const CLIENT: &str = "#!/bin/sh\ntrap 'echo interrupted' INT\necho \"client with $*\"\n\
                      while [ \"$line\" != done ]; do read -r line && echo \"read $line\"; done\nexit ${1+$CODE}\n";

/// A folder with a client of this name in it, first in the path.
fn client(name: &str) -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join(name);
    std::fs::write(&file, CLIENT).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    (folder, path)
}

/// Goes to the demo's orders, once they are up, and opens their client.
fn open(desk: &mut Desk) {
    desk.send("/orders\r");
    desk.wait("orders up", |screen| {
        screen.contents().lines().any(|line| line.contains("orders") && line.contains(" ms"))
    });
    desk.send("\r");
    desk.sees("client with ");
}

fn variables<'a>(path: &'a str, code: &'a str) -> [(&'a str, &'a str); 2] {
    [("PATH", path), ("CODE", code)]
}

#[test]
fn a_client_has_the_terminal_until_it_ends() {
    let (_folder, path) = client("psql");
    let adit = Adit::new();
    let mut desk = Desk::with(&adit, &["demo"], 100, 30, &variables(&path, "0"));
    desk.sees("[demo]");
    open(&mut desk);
    desk.is_given_back();
    // Meant for the client alone; on a terminal it goes to everybody.
    desk.send("\u{3}");
    desk.sees("interrupted");
    // Nobody else takes any of what is typed.
    for line in ["q", "2", "?", " ", "q again"] {
        desk.send(&format!("{line}\n"));
        desk.sees(&format!("read {}", line.trim()));
    }
    desk.send("done\n");
    desk.wait("the whole screen", |screen| whole(screen, 100, 30));
    desk.is_taken();
    desk.send("2");
    desk.sees("╭ Bastions ─");
    desk.send("q");
    assert_eq!(desk.ended().code(), Some(0));
    desk.is_given_back();
}

#[test]
fn what_a_client_said_when_it_gave_up_can_be_read() {
    let (_folder, path) = client("psql");
    let adit = Adit::new();
    let mut desk = Desk::with(&adit, &["demo"], 100, 30, &variables(&path, "2"));
    desk.sees("[demo]");
    open(&mut desk);
    desk.send("done\n");
    desk.sees("psql ended with exit status: 2; enter goes back to adit");
    desk.send("\n");
    desk.wait("the whole screen", |screen| whole(screen, 100, 30));
    desk.send("q");
    assert_eq!(desk.ended().code(), Some(0));
    desk.is_given_back();
}

#[test]
fn a_client_that_is_not_there_is_said() {
    let (folder, _) = client("other");
    // What is needed to get there.
    for program in ["sh", "setsid"] {
        let places = ["/bin", "/usr/bin"].map(|place| Path::new(place).join(program));
        let place = places.iter().find(|place| place.exists()).unwrap();
        std::os::unix::fs::symlink(place, folder.path().join(program)).unwrap();
    }
    let path = folder.path().to_str().unwrap();
    let adit = Adit::new();
    let mut desk = Desk::with(&adit, &["demo"], 100, 30, &variables(path, "0"));
    desk.sees("[demo]");
    desk.send("/orders\r");
    desk.wait("orders up", |screen| {
        screen.contents().lines().any(|line| line.contains("orders") && line.contains(" ms"))
    });
    desk.send("\r");
    desk.sees("psql is not installed here");
    desk.send("jq");
    assert_eq!(desk.ended().code(), Some(0));
    desk.is_given_back();
}

#[test]
fn a_client_is_stopped_and_continued_with_everything_around_it() {
    let (_folder, path) = client("psql");
    let adit = Adit::new();
    let script = "set -m; \"$@\"; echo \"stopped with $?\"; read -r line; fg >/dev/null; echo \"ended with $?\"";
    let mut desk = Desk::script_with(&adit, script, &["demo"], 100, 30, &variables(&path, "0"));
    desk.sees("[demo]");
    open(&mut desk);
    desk.send("\u{1a}");
    desk.sees("stopped with ");
    desk.send("\n");
    // The client has the terminal again, not the screen.
    desk.send("one\n");
    desk.sees("read one");
    desk.is_given_back();
    desk.send("done\n");
    desk.wait("the whole screen", |screen| whole(screen, 100, 30));
    desk.send("q");
    desk.sees("ended with 0");
    desk.ended();
    desk.is_given_back();
}
