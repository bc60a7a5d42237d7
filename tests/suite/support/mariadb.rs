//! One private MariaDB server for the whole run, and the plain account under which database servers run when we are root.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::output::{Output, finish, tool};
use super::wait::{soon, wait_until};
use super::{ports, reaper};

/// A server with the database `orders` and the user `app`, password `app`. It blocks a client address after three broken
/// handshakes in a row.
pub(crate) struct MariaDb {
    pub(crate) port: u16,
    folder: PathBuf,
}

impl MariaDb {
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<MariaDb> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// A server of one test's own, for what would disturb the others.
    pub(crate) fn private() -> Self {
        Self::start()
    }

    fn start() -> Self {
        let folder = own_folder("adit-my-");
        let (data, port) = (folder.join("data"), ports::free());
        let mut init = plain_user(Path::new("mariadb-install-db"));
        init.arg("--no-defaults").arg(format!("--datadir={}", data.display()));
        // A server that starts removes all temporary tables of the folder, those of others that run included.
        let temporary = format!("--tmpdir={}", folder.display());
        init.arg(&temporary).args(["--auth-root-authentication-method=normal", "--skip-test-db"]);
        finish(init, "").expect(0);
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let server_program = tool("sh", &["-c", "PATH=$PATH:/usr/sbin command -v mariadbd"]).expect(0).stdout;
        let mut serve = plain_user(Path::new(server_program.trim()));
        serve.arg("--no-defaults").arg(format!("--datadir={}", data.display())).arg(format!("--port={port}"));
        serve.arg(&temporary);
        serve
            .arg(format!("--socket={}", folder.join("s").display()))
            .arg(format!("--pid-file={}", folder.join("p").display()));
        // The address is any: broken handshakes are counted for addresses other than loopback only.
        serve.args(["--bind-address=0.0.0.0", "--max-connect-errors=3", "--innodb-flush-log-at-trx-commit=0"]);
        serve.stdout(log.try_clone().unwrap()).stderr(log);
        reaper::start_for_all(serve);
        let server = Self { port, folder };
        let ready = wait_until(soon(), || server.by_socket("select 1").code == 0);
        assert!(ready, "MariaDB does not start: {}", server.log());
        server
            .by_socket(
                "create database orders; create user app@'%' identified by 'app'; grant all on orders.* to app@'%';",
            )
            .expect(0);
        server
    }

    /// Asks as the administrator, past every network.
    pub(crate) fn by_socket(&self, sql: &str) -> Output {
        let socket = self.folder.join("s");
        tool("mariadb", &["--no-defaults", "-S", socket.to_str().unwrap(), "-u", "root", "-N", "-B", "-e", sql])
    }

    /// A global status counter.
    pub(crate) fn counter(&self, name: &str) -> u64 {
        let row = self.by_socket(&format!("show global status like '{name}'")).expect(0).stdout;
        row.split_whitespace().nth(1).and_then(|value| value.parse().ok()).unwrap()
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

/// Runs one statement as `app` through a port.
#[track_caller]
pub(crate) fn mysql(port: u16, sql: &str) -> Output {
    let port = port.to_string();
    tool(
        "mariadb",
        &["--no-defaults", "-h", "127.0.0.1", "-P", &port, "-u", "app", "-papp", "-N", "-B", "-e", sql, "orders"],
    )
}

/// A command as ourselves, or as the account `nobody` when we are root: database servers refuse to run as root.
pub(super) fn plain_user(program: &Path) -> Command {
    if !rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let group = tool("id", &["-gn", "nobody"]).expect(0).stdout;
    let mut command = Command::new("setpriv");
    command.args(["--reuid=nobody", "--clear-groups"]).arg(format!("--regid={}", group.trim())).arg("--").arg(program);
    command.env("HOME", "/");
    command
}

/// A folder for a server's files, removed when the tests end; it belongs to whom `plain_user` runs as.
pub(super) fn own_folder(prefix: &str) -> PathBuf {
    let folder = tempfile::TempDir::with_prefix(prefix).unwrap().keep();
    reaper::remove_later(&folder);
    std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o755)).unwrap();
    if rustix::process::geteuid().is_root() {
        tool("chown", &["nobody", folder.to_str().unwrap()]).expect(0);
    }
    folder
}
