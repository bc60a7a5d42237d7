//! In the demo each broken tunnel is explained by its true cause in one key press.

use super::demo;

#[test]
fn one_key_press_names_the_cause() {
    let (_adit, mut desk) = demo(120, 40);
    for (tunnel, rung, code, turn) in [
        ("ledger", "prove", "key_refused", "the bastion's admin must act"),
        ("payroll", "prove", "key_refused", "the bastion's admin must act"),
        ("invoices", "open", "forward_prohibited", "the bastion's admin must act"),
        ("inventory", "open", "target_refused", "the database's keeper must act"),
        ("customers", "speak", "wrong_protocol", "you must act"),
        ("warehouse", "trust", "host_key_changed", "the bastion's admin must act"),
        ("preview", "trust", "host_key_unknown", "you must act"),
    ] {
        desk.sees("1 Tunnels");
        desk.send(&format!("/{tunnel}\r"));
        desk.sees(&format!("╭ {tunnel} ─"));
        desk.send("d");
        desk.sees(&format!("Diagnosis of {tunnel}"));
        desk.sees(&format!("broken at {rung}"));
        desk.sees(&format!("{code}, "));
        desk.sees(turn);
        desk.send("\u{1b}");
        desk.sees("1 Tunnels");
        desk.send("\u{1b}");
        desk.wait("the whole list", |screen| !screen.contents().contains(&format!("/ {tunnel}")));
    }
    // A tunnel that is up is looked at beside its traffic, which goes on.
    desk.send("/orders\r");
    desk.sees("╭ orders ─");
    desk.send("d");
    desk.sees("all is as it should be");
    desk.send("\u{1b}");
    desk.sees("1 Tunnels");
    // A bastion is looked at as well.
    desk.send("2");
    desk.sees("╭ Bastions ─");
    desk.send("d");
    desk.sees("Diagnosis of bastion ");
    desk.sees("begun ");
    desk.send("\u{1b}");
    desk.sees("2 Bastions");
    // And what somebody else's program said is explained.
    desk.send("E");
    desk.sees("What does this error mean?");
    desk.send("channel 2: open failed: administratively prohibited: open failed\r");
    desk.sees("forward_prohibited, certain");
    desk.send("\u{1b}");
    desk.wait("the list alone", |screen| !screen.contents().contains("What does this error mean?"));
    desk.send("q");
    assert_eq!(desk.ended().code(), Some(0));
    desk.is_given_back();
}
