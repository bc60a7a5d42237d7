//! `adit run`: a command with its tunnels around it.

use rustix::process::Signal;

use crate::support::target::Echo;
use crate::support::{Adit, Postgres, Redis, Sshd, Target, ports, soon, wait_until};

#[test]
fn the_first_name_sets_the_kinds_own_variables() {
    let (sshd, postgres, redis) = (Sshd::start(), Postgres::shared(), Redis::shared());
    let adit = Adit::at(&sshd, "");
    let orders = adit.add_tunnel_with("orders-eu", "postgres", postgres.port, &["--user", "app", "--dbname", "orders"]);
    let cache = adit.add_tunnel("cache", "redis", redis.port);
    let answer = adit.ok(&["run", "orders-eu", "--", "psql", "-XAtc", "select current_database()"]);
    assert_eq!(answer, "orders\n");
    assert_eq!(adit.tunnel("orders-eu")["phase"], "stopped", "it takes down what it brought up");
    let env = adit.ok(&["run", "orders-eu", "cache", "--", "env"]);
    for line in [
        "PGHOST=127.0.0.1".to_owned(),
        format!("PGPORT={orders}"),
        "PGUSER=app".to_owned(),
        "PGDATABASE=orders".to_owned(),
        format!("DATABASE_URL=postgresql://app@127.0.0.1:{orders}/orders"),
        "ADIT_ORDERS_EU_HOST=127.0.0.1".to_owned(),
        format!("ADIT_ORDERS_EU_PORT={orders}"),
        format!("ADIT_ORDERS_EU_URL=postgresql://app@127.0.0.1:{orders}/orders"),
        "ADIT_CACHE_HOST=127.0.0.1".to_owned(),
        format!("ADIT_CACHE_PORT={cache}"),
    ] {
        assert!(env.lines().any(|have| have == line), "{line} is not in:\n{env}");
    }
}

#[test]
fn exit_codes_pass_through_and_what_was_up_stays_up() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    let port = adit.add_tunnel("t", "tcp", target.port);
    adit.ok(&["up", "t"]);
    adit.run(&["run", "t", "--", "sh", "-c", "exit 42"]).expect(42);
    adit.run(&["run", "t", "--", "sh", "-c", "kill -TERM $$"]).expect(143);
    assert_eq!(adit.tunnel("t")["phase"], "up");
    Echo::open(port).unwrap();
    adit.run(&["run", "x", "--", "true"]).expect(3);
    adit.run(&["run", "t"]).expect(2);
    let missing = adit.run(&["run", "t", "--", "/nonexistent/program"]);
    assert!(
        matches!(missing.code, 126 | 127 | 1 | 2) && missing.stderr.contains("/nonexistent/program"),
        "{missing:?}"
    );
}

#[test]
fn a_tunnel_that_does_not_come_up_means_the_command_is_not_started() {
    let sshd = Sshd::start();
    let adit = Adit::at(&sshd, "");
    adit.add_tunnel("t", "tcp", ports::free());
    let mark = adit.home().join("started");
    let output = adit.run(&["run", "t", "--", "touch", mark.to_str().unwrap()]).expect(1);
    assert!(!mark.exists(), "{output:?}");
    assert!(output.stderr.contains("target_refused") || output.stderr.contains("refused"), "{output:?}");
}

#[test]
fn signals_reach_the_command() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    let port = adit.add_tunnel("t", "tcp", target.port);
    let mark = adit.home().join("ready");
    let script = "trap 'exit 7' TERM; touch \"$0\"; while :; do read -r line || exec tail -f /dev/null; done";
    let script = script.replace("exec tail -f /dev/null", "{ tail -f /dev/null & wait; }");
    let call = adit.spawn(&["run", "t", "--", "sh", "-c", &script, mark.to_str().unwrap()]);
    assert!(wait_until(soon(), || mark.exists()));
    Echo::open(port).unwrap();
    call.signal(Signal::TERM);
    let output = call.finish();
    assert_eq!(output.code, 7, "{output:?}");
    assert_eq!(adit.tunnel("t")["phase"], "stopped");
}
