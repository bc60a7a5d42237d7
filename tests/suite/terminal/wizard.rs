//! From an empty home to a query through a real sshd, in a real terminal; the program is closed while the admin does their part.

use super::desk::Desk;
use crate::support::postgres::psql;
use crate::support::{Adit, Postgres, Sshd};

/// The public key as it stands on the screen, on a line of its own.
fn shown_key(desk: &Desk) -> String {
    let text = desk.text();
    let line = text.lines().find_map(|line| line.trim_matches(['│', ' ']).strip_prefix("ssh-ed25519 "));
    format!("ssh-ed25519 {}", line.unwrap_or_else(|| panic!("no key in\n{text}")))
}

#[test]
fn from_an_empty_home_to_a_query_with_the_program_closed_at_the_hand_off() {
    let (sshd, server) = (Sshd::start(), Postgres::shared());
    let adit = Adit::new();
    let mut desk = Desk::open(&adit, &[], 110, 32);
    desk.sees("No tunnels yet");
    desk.sees("What to have at hand");
    desk.send("n");
    desk.sees("Through which server does the way lead?");
    desk.send(&format!("\u{1b}[200~{}@127.0.0.1:{}\n\u{1b}[201~", sshd.user, sshd.port));
    desk.sees(&sshd.port.to_string());
    desk.send("\r");
    desk.sees("What shall the login show?");
    desk.send("\r");
    desk.sees("Which database, as the bastion sees it?");
    // Typed without waiting, as by somebody who knows the way.
    desk.send(&format!("\r127.0.0.1\t\u{15}{}\rapp\rorders\r", server.port));
    desk.sees("How do you want to reach it here?");
    desk.sees("orders");
    desk.send("\r");
    desk.sees("Now the bastion's admin must let the key in.");
    desk.sees(&format!("permitopen=\"127.0.0.1:{}\"", server.port));
    let key = shown_key(&desk);
    desk.sees("All of it, with firewalls");
    desk.send("\u{3}");
    assert_eq!(desk.ended().code(), Some(0));
    desk.is_given_back();
    assert!(!adit.home().join("config.toml").exists(), "nothing is configured before it is whole");

    sshd.authorize(&format!("restrict,port-forwarding,permitopen=\"127.0.0.1:{}\"", server.port), &key);
    // Not even the service has to be the same.
    adit.ok(&["daemon", "stop"]);
    let mut desk = Desk::open(&adit, &[], 110, 32);
    desk.sees("waiting for admin");
    desk.send("\r");
    desk.sees("Now the bastion's admin must let the key in.");
    desk.sees(&key);
    desk.send("\r");
    desk.sees("This server has not been seen before");
    desk.sees(&sshd.fingerprint("ed25519"));
    desk.send("yes\r");
    desk.sees("It holds");
    desk.send("\r");
    desk.sees("The tunnel is set up.");
    desk.sees("● orders up");
    desk.send("\r");
    desk.sees("╭ orders ─");
    let listen = adit.tunnel("orders")["listen"].as_str().unwrap().to_owned();
    let port = listen.rsplit_once(':').unwrap().1.parse().unwrap();
    assert_eq!(psql(port, "orders", "app", "select 6 * 7").expect(0).stdout, "42\n");
    desk.send("q");
    assert_eq!(desk.ended().code(), Some(0));
    desk.is_given_back();
}
