//! Stops servers and removes folders when the tests end, also when they are killed: a shell at the far end of a pipe acts when
//! the pipe closes. It stops nothing but what it was told by process id.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};

/// PostgreSQL ends at once on INT and waits for its clients on TERM; MariaDB hears TERM only.
/// Reads "pid N", "gone N", "dir PATH", "home PATH" lines and, at the end of its input, stops and removes what is left.
const SCRIPT: &str = r#"
trap '' INT HUP TERM
pids=" "; dirs=""; homes=""
while read -r verb what; do
  case $verb in
    pid) pids="$pids$what " ;;
    gone) pids=$(printf '%s' "$pids" | sed "s/ $what / /") ;;
    dir) dirs="$dirs $what" ;;
    home) homes="$homes $what" ;;
  esac
done
for home in $homes; do [ -d "$home" ] && "$ADIT" --home "$home" daemon stop >/dev/null 2>&1; done
for pid in $pids; do kill -INT "$pid" 2>/dev/null; kill -TERM "$pid" 2>/dev/null; done
for turn in 1 2 3 4 5 6 7 8 9 10; do
  left=""
  for pid in $pids; do kill -0 "$pid" 2>/dev/null && left="$left $pid"; done
  [ -z "$left" ] && break
  sleep 0.3
done
for pid in $left; do kill -KILL "$pid" 2>/dev/null; done
for dir in $dirs; do rm -rf "$dir"; done
"#;

fn tell(line: &str) {
    static REAPER: OnceLock<Mutex<Child>> = OnceLock::new();
    let reaper = REAPER.get_or_init(|| {
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT]).env("ADIT", env!("CARGO_BIN_EXE_adit"));
        let child = shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Mutex::new(child.expect("sh is there"))
    });
    let mut child = reaper.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let pipe = child.stdin.as_mut().expect("the pipe stays open until the tests end");
    pipe.write_all(format!("{line}\n").as_bytes()).expect("the reaper listens");
}

/// Starts a server that is to run until the tests end, whichever test asked for it first.
pub(crate) fn start_for_all(mut command: Command) {
    static SERVERS: Mutex<Vec<Child>> = Mutex::new(Vec::new());
    match command.spawn() {
        Ok(child) => {
            watch(child.id());
            SERVERS.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(child);
        }
        Err(error) => panic!("cannot start {command:?}: {error}"),
    }
}

/// Stops this process when the tests end.
pub(crate) fn watch(pid: u32) {
    tell(&format!("pid {pid}"));
}

/// This process was stopped and waited for; its number may belong to somebody else from now on.
pub(crate) fn forget(pid: u32) {
    tell(&format!("gone {pid}"));
}

/// Removes this folder when the tests end.
pub(crate) fn remove_later(folder: &Path) {
    tell(&format!("dir {}", folder.display()));
}

/// Ends the service of this home when the tests end, where the home is still there.
pub(crate) fn end_service_of(home: &Path) {
    tell(&format!("home {}", home.display()));
}
