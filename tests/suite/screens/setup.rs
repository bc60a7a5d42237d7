//! The set-up for the bastion's admin on screen: tabs, an opened step, the scripts, the receipt and what is wrong with it.

use std::sync::Arc;

use adit::model::{Database, Endpoint, Kind, Subject};
use adit::service::{Reply, Setup};
use adit::tui::{Effect, Msg};

use super::made::{every_state, name};
use super::stage::Stage;
use super::{SIZES, sheet};

/// What the service tells of a tunnel's set-up.
pub(crate) fn facts() -> Setup {
    let database =
        |kind, host: &str, port: u16| Database { kind, host: host.parse().unwrap(), port: port.try_into().unwrap() };
    let served = |tunnel: &str, database| adit::guide::Served { tunnel: name(tunnel), database };
    Setup {
        subject: Subject::Tunnel(name("orders")),
        bastion: name("prod"),
        address: Endpoint::new("bastion.example.com".parse().unwrap(), 22.try_into().unwrap()),
        user: "adit".to_owned(),
        key: Some(adit::guide::PublicKey {
            line: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBWECipm8OnzUP9tB4h+vie0rD7OeN05bur5Syp9xHAp adit:prod"
                .to_owned(),
            fingerprint: "SHA256:TsZ4/mk7Orn9M+YyaY3zKVShSLkE5ui9i2utZAwkmZY".to_owned(),
        }),
        key_unknown: None,
        databases: vec![
            served("orders", database(Kind::Postgres, "10.0.1.12", 5432)),
            served("billing", database(Kind::Mariadb, "10.0.1.13", 3306)),
        ],
        others: Vec::new(),
        from: Vec::new(),
        seen: vec!["203.0.113.7".parse().unwrap()],
        expires: None,
    }
}

/// The service answers what the page asked for.
#[track_caller]
pub(crate) fn answer(stage: &mut Stage, setup: Setup) {
    let asked = stage.asked();
    let id = asked.iter().rev().find_map(|effect| if let Effect::Ask { id, .. } = effect { Some(*id) } else { None });
    let id = id.unwrap_or_else(|| panic!("{asked:?}\n{}", stage.text()));
    stage.tell(Msg::Told { id, outcome: Ok(Reply::HandOff { setup: Box::new(setup) }) });
}

/// A receipt that a script printed for these facts, with the account as it should be but for what is replaced.
pub(crate) fn receipt(change: impl Fn(&str) -> String) -> String {
    let text = std::fs::read_to_string(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/guide/receipt.txt"),
    )
    .unwrap();
    let text = change(text.trim());
    let sum = adit_cksum(text.as_bytes());
    let whole = format!("{text}cksum={sum};");
    let lines: Vec<String> =
        whole.chars().collect::<Vec<_>>().chunks(64).map(|part| part.iter().collect::<String>()).collect();
    format!("adit-receipt-1-begin\n{}\nadit-receipt-1-end\n", lines.join("\n"))
}

/// POSIX cksum, by the tool itself.
fn adit_cksum(bytes: &[u8]) -> String {
    use std::io::Write as _;
    let mut child = std::process::Command::new("cksum")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    let out = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    out.split_whitespace().next().unwrap().to_owned()
}

fn open(stage: &mut Stage) {
    stage.press("s");
    answer(stage, facts());
}

#[test]
fn every_tab() {
    let all = every_state();
    super::same("setup-asked", &all, |stage| stage.press("s"));
    super::same("setup-fits", &all, open);
    super::same("setup-step", &all, |stage| {
        open(stage);
        stage.press("tab j j j");
    });
    super::same("setup-aws", &all, |stage| {
        open(stage);
        stage.press("l l l l l l l j j");
    });
    super::same("setup-scripts", &all, |stage| {
        open(stage);
        stage.press("h h");
    });
    super::same("setup-receipt", &all, |stage| {
        open(stage);
        stage.press("h");
    });
    super::same("setup-paste", &all, |stage| {
        open(stage);
        stage.press("p");
        stage.paste("Hello,\nhere it is:\nadit-receipt-1-begin\nbastion=prod;user=adit;");
    });
    super::same("setup-ticked", &all, |stage| {
        open(stage);
        stage.paste(&receipt(str::to_owned));
    });
    super::same("setup-broken", &all, |stage| {
        open(stage);
        stage.paste(&receipt(|text| text.replace("p=d700+1002+1002+-+/home/adit;", "p=d777+1002+1002+-+/home/adit;")));
    });
    super::same("setup-bastion", &all, |stage| {
        stage.press("2");
        open(stage);
    });
}

#[test]
fn small_screens_stay_usable() {
    for (width, height) in [(40, 10), (60, 17), (39, 7)] {
        let mut stage = Stage::new(80, 24);
        stage.show(every_state());
        open(&mut stage);
        stage.press("l l l l l j");
        stage.resize(width, height);
        sheet::compare(&format!("setup-small-{width}x{height}"), &stage.buffer());
    }
    let mut stage = Stage::with(80, 24, |look| look.ascii = true);
    stage.show(every_state());
    open(&mut stage);
    stage.press("j");
    sheet::compare("setup-ascii-80x24", &stage.buffer());
}

#[test]
fn no_size_and_no_name_breaks_a_tab() {
    let mut sizes: Vec<(u16, u16)> = (0..=12).flat_map(|width| (0..=12).map(move |height| (width, height))).collect();
    sizes.extend([(40, 8), (40, 10), (80, 24), (500, 200), (500, 1), (1, 200)]);
    sizes.extend(SIZES);
    let mut odd = facts();
    odd.user = "日本\u{1b}[2J\n\tx".to_owned();
    odd.key = None;
    odd.key_unknown = Some("\u{7}no agent".to_owned());
    for setup in [facts(), odd] {
        let mut stage = Stage::new(80, 24);
        stage.show(Arc::clone(&every_state()));
        stage.press("s");
        answer(&mut stage, setup);
        for (width, height) in &sizes {
            stage.resize(*width, *height);
            let text = stage.text();
            assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
            stage.press("space j tab pagedown pageup");
        }
    }
}
