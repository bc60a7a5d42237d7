//! One private PostgreSQL server for the whole run, started when the first test asks for it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::mariadb::{own_folder, plain_user};
use super::output::{Output, finish, tool};
use super::wait::{soon, wait_until};
use super::{ports, reaper};

/// A server with the database `orders`, and the user `app` who needs no password.
pub(crate) struct Postgres {
    pub(crate) port: u16,
    folder: PathBuf,
}

impl Postgres {
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// A server of one test's own, for what would disturb the others.
    pub(crate) fn private() -> Self {
        Self::start()
    }

    fn start() -> Self {
        let folder = own_folder("adit-pg-");
        let (data, port) = (folder.join("data"), ports::free());
        let mut init = plain_user(&program("initdb"));
        init.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-D"]).arg(&data);
        finish(init, "").expect(0);
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let mut serve = plain_user(&program("postgres"));
        serve.arg("-D").arg(&data).args(["-p", &port.to_string(), "-k"]).arg(&folder);
        serve.args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=200"]);
        serve.stdout(log.try_clone().unwrap()).stderr(log);
        reaper::start_for_all(serve);
        let server = Self { port, folder };
        let ready = wait_until(soon(), || server.ask("postgres", "postgres", "select 1").code == 0);
        assert!(ready, "PostgreSQL does not start: {}", server.log());
        server.ask("postgres", "postgres", "create role app superuser login").expect(0);
        server.ask("postgres", "app", "create database orders").expect(0);
        server
    }

    /// Asks the server directly, past any tunnel.
    pub(crate) fn ask(&self, database: &str, user: &str, sql: &str) -> Output {
        psql(self.port, database, user, sql)
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

/// Runs one statement through a port; unaligned, rows only.
#[track_caller]
pub(crate) fn psql(port: u16, database: &str, user: &str, sql: &str) -> Output {
    let port = port.to_string();
    let mut command = Command::new(program("psql"));
    command.args(["-X", "-A", "-t", "-h", "127.0.0.1", "-p", &port, "-U", user, "-d", database, "-c", sql]);
    command.env("PGCONNECT_TIMEOUT", "20");
    finish(command, "")
}

/// A program of PostgreSQL's, in the path or where Debian keeps the newest version's own.
pub(crate) fn program(name: &str) -> PathBuf {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path().join("bin").join(name))).collect())
        .unwrap_or_default();
    versions.retain(|path| path.exists());
    versions.sort();
    versions.pop().unwrap_or_else(|| Path::new(name).to_owned())
}

/// Runs one of PostgreSQL's programs against a port.
#[track_caller]
pub(crate) fn client(name: &str, port: u16, arguments: &[&str]) -> Output {
    let port = port.to_string();
    let path = program(name);
    let all: Vec<&str> =
        ["-h", "127.0.0.1", "-p", &port, "-U", "app"].into_iter().chain(arguments.iter().copied()).collect();
    tool(path.to_str().unwrap(), &all)
}
