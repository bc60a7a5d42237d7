//! Changes of the configuration on the screen of a real service: renamed while it carries, removed, and undone.

use crate::support::target::Echo;
use crate::support::{Adit, Sshd, Target};

use super::desk::Desk;

#[test]
fn a_tunnel_that_is_up_is_renamed_removed_and_brought_back() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    let port = adit.add_tunnel("orders", "tcp", target.port);
    adit.ok(&["up", "orders"]);
    let mut desk = Desk::open(&adit, &[], 100, 30);
    desk.sees("╭ orders ─");
    desk.send("R");
    desk.sees("Rename orders");
    desk.send("-eu\r");
    desk.sees("done: rename orders to orders-eu; u undoes it");
    // It is brought up again under its new name, on its old port.
    adit.wait_up("orders-eu");
    Echo::open(port).unwrap();
    let before = adit.config();
    desk.send("x");
    desk.sees("orders-eu");
    desk.send("y");
    desk.sees("done: remove");
    assert!(!adit.config().contains("orders"), "{}", adit.config());
    assert!(Echo::open(port).is_err(), "its port is free");
    desk.send("u");
    desk.sees("undone: removed orders-eu");
    assert_eq!(adit.config(), before);
    desk.sees("orders-eu");
    desk.send("u");
    desk.sees("done again: removed orders-eu");
    desk.send("u");
    desk.sees("undone: removed orders-eu");
    // What a person changed meanwhile is not overwritten.
    let mine = format!("{before}# mine\n");
    adit.write_config(&mine);
    desk.send("ju");
    desk.sees("was changed since");
    assert_eq!(adit.config(), mine);
    desk.send("jq");
    desk.ended();
}

#[test]
fn the_journal_is_told_by_command_as_well() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    adit.add_tunnel("orders", "tcp", target.port);
    assert_eq!(adit.run(&["journal"]).expect(5).stdout, "");
    adit.run(&["journal", "order"]).expect(3);
    adit.ok(&["up", "orders"]);
    let all = adit.json(&["journal"]);
    assert_eq!((&all["version"], &all["missed"]), (&1.into(), &0.into()), "{all}");
    let own = adit.json(&["journal", "orders"]);
    let events: Vec<&str> = own["events"].as_array().unwrap().iter().map(|e| e["event"].as_str().unwrap()).collect();
    assert!(events.contains(&"up"), "{own}");
    assert!(own["events"].as_array().unwrap().iter().all(|e| e["tunnel"] == "orders" && e["at"].is_string()), "{own}");
    assert!(all["events"].as_array().unwrap().len() > events.len(), "the service's own are among all: {all}");
    let text = adit.ok(&["journal", "orders"]);
    assert_eq!(text.lines().count(), events.len());
    assert!(text.lines().all(|line| line.contains("Z  orders  ")), "{text}");
    adit.run(&["journal", "order"]).expect(3);
}
