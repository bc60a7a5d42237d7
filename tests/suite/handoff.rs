//! The hand-off where it counts: its script makes an account on a real bastion, twice; a tunnel carries a query; the receipt ticks,
//! names what is broken afterwards, and the undoing leaves no trace.

mod place;

use std::os::unix::fs::PermissionsExt;

use crate::support::output::finish;
use crate::support::{Adit, tool};
use place::Place;

/// A healthy home of adit's, with nothing behind it.
fn described() -> Adit {
    let adit = Adit::new();
    adit.ok(&["bastion", "add", "prod", "--host", "bastion.example.com", "--user", "adit"]);
    adit.ok(&["tunnel", "add", "orders", "--bastion", "prod", "--database", "postgres", "--host", "10.0.1.12"]);
    adit
}

fn shells() -> Vec<&'static str> {
    ["dash", "busybox sh", "bash --posix"]
        .into_iter()
        .filter(|shell| tool("sh", &["-c", &format!("command -v {}", shell.split(' ').next().unwrap())]).code == 0)
        .collect()
}

/// What mail makes of a text: quoted, broken elsewhere, blanks at the ends, words around it.
fn mailed(receipt: &str) -> String {
    let chars: Vec<char> = receipt.chars().map(|c| if c == '\n' { ' ' } else { c }).collect();
    let quoted: String =
        chars.chunks(37).map(|part| format!("> > {}\u{a0} \r\n", part.iter().collect::<String>())).collect();
    format!("On Monday somebody wrote:\r\n\r\n{quoted}\r\n-- \r\nregards\r\n")
}

#[test]
fn the_script_makes_an_account_that_carries_a_query_and_its_undoing_leaves_no_trace() {
    for shell in shells() {
        let Some(place) = Place::with("tunnel") else { return };
        let before = place.state();
        let plan = place.run(shell, &["--script"], "--dry-run").expect(0);
        assert!(
            plan.stdout.contains("would make the account tunnel") && plan.stdout.contains("permitopen="),
            "{plan:?}"
        );
        assert_eq!(place.state(), before, "{shell}: a dry run changes nothing");
        let first = place.run(shell, &["--script"], "").expect(0);
        let made = place.state();
        let second = place.run(shell, &["--script"], "").expect(0);
        assert_eq!(place.state(), made, "{shell}: the second run changes nothing\n{second:?}");
        assert!(
            place.read("/etc/passwd").contains("nologin") && place.read("/etc/shadow").contains("tunnel:*:"),
            "{made}"
        );
        for printed in [&first.stdout, &second.stdout] {
            assert!(printed.len() < 2000, "{} bytes: {printed}", printed.len());
            let judged = place.judged(&mailed(printed)).expect(0).json();
            assert_eq!((&judged["verdict"], &judged["user"]), (&"pass".into(), &"tunnel".into()), "{judged:#}");
            let checks = judged["checks"].as_array().unwrap();
            assert!(checks.len() >= 12 && checks.iter().all(|check| check["code"].is_null()), "{judged:#}");
        }
        place.carries_a_query();
        let looked = place.run(shell, &["--check"], "").expect(0);
        assert_eq!(place.state(), made, "{shell}: a look changes nothing");
        place.judged(&looked.stdout).expect(0);
        let plan = place.run(shell, &["--undo"], "--dry-run").expect(0);
        assert!(plan.stdout.contains("would remove the account tunnel"), "{plan:?}");
        assert_eq!(place.state(), made, "{shell}: a dry run changes nothing");
        place.run(shell, &["--undo"], "").expect(0);
        assert_eq!(place.state(), before, "{shell}: no trace is left");
        place.run(shell, &["--undo"], "").expect(0);
        assert_eq!(place.state(), before, "{shell}: nor after a second time");
    }
}

#[test]
fn the_dashboard_reads_what_the_script_printed() {
    let Some(place) = Place::with("tunnel") else { return };
    let made = place.run("dash", &["--script"], "").expect(0).stdout;
    let mut stage = crate::screens::stage::Stage::new(100, 40);
    stage.show(crate::screens::made::every_state());
    stage.press("d p");
    crate::screens::setup::answer(&mut stage, place.setup());
    stage.paste(&mailed(&made));
    stage.sees("tunnel on prod: all is as sshd demands");
    place.inside("chmod 777 /home/tunnel/.ssh", "").expect(0);
    let looked = place.run("dash", &["--check"], "").expect(0).stdout;
    stage.press("p");
    stage.paste(&mailed(&looked));
    stage.sees("ssh_dir_mode");
    stage.sees("▸ bastion's admin");
    let place = Place::with("other").unwrap();
    let foreign = place.run("dash", &["--check"], "").expect(0).stdout;
    stage.press("p");
    stage.paste(&foreign);
    stage.sees("the receipt is from another set-up: it is about user other on prod");
}

#[test]
fn the_address_that_a_session_tells_stands_in_the_rules() {
    let Some(place) = Place::with("mate") else { return };
    let asks = |words: &[&str]| place.adit.ok(&[&["setup", "orders", "--for", "ufw"], words].concat());
    assert!(asks(&[]).contains("read -r client"), "nothing is known without a session");
    place.run("dash", &["--script"], "").expect(0);
    place.adit.run(&["up", "orders"]).expect(0);
    let told = asks(&[]);
    assert!(told.contains("ufw allow proto tcp from 127.0.0.1/32 to any port"), "{told}");
    assert!(told.contains("the bastion saw you come from 127.0.0.1 in a session"), "{told}");
    let words: Vec<&str> = told.split_whitespace().collect();
    assert!(!words.join(" ").contains("from=\"127.0.0.1"), "the line names nothing that nobody promised: {told}");
    assert!(!asks(&["--from", "203.0.113.7"]).contains("in a session"), "what is given is all");
    place.adit.run(&["down", "orders"]).expect(0);
}

#[test]
fn what_breaks_afterwards_is_named_by_the_receipt_and_mended_by_the_script() {
    let Some(place) = Place::with("tunnel") else { return };
    place.run("dash", &["--script"], "").expect(0);
    let keys = "/home/tunnel/.ssh/authorized_keys";
    let line = place.read(keys).lines().last().unwrap().to_owned();
    let (head, tail) = line.split_at(line.len() - 40);
    let broken = format!("printf '%s\\n%s\\n' {} {} >{keys}", quoted(head), quoted(tail));
    let spoiled =
        format!("printf '%s\\n' {} >{keys}", quoted(&line.replace("permitopen=\"127.0.0.1", "permitopen=\"localhost")));
    for (spoil, code) in [
        ("chmod 777 /home/tunnel", "home_mode"),
        ("chmod 777 /home/tunnel/.ssh", "ssh_dir_mode"),
        (&format!("chmod 666 {keys}"), "keys_file_mode"),
        (&format!("chown mate {keys}"), "wrong_owner"),
        ("chown mate /home/tunnel", "wrong_owner"),
        (&format!(": >{keys}"), "key_absent"),
        (&broken, "key_split"),
        (&spoiled, "permitopen_mismatch"),
        ("usermod -L tunnel", "account_locked"),
    ] {
        place.inside(spoil, "").expect(0);
        let receipt = place.run("dash", &["--check"], "").expect(0).stdout;
        assert!(receipt.len() < 2000, "{}: {receipt}", receipt.len());
        assert_eq!(place.told_by_receipt(&receipt), place.told_by_look(), "{spoil}: the receipt leaves nothing out");
        let judged = place.judged(&mailed(&receipt)).expect(1).json();
        let failed: Vec<&serde_json::Value> =
            judged["checks"].as_array().unwrap().iter().filter(|check| check["verdict"] == "fail").collect();
        assert_eq!(failed.len(), 1, "{spoil}: {judged:#}");
        assert_eq!((&failed[0]["code"], &failed[0]["owner"]), (&code.into(), &"bastion_admin".into()), "{spoil}");
        assert!(failed[0]["advice"][0]["command"].is_string() && judged["verdict"] == "fail", "{judged:#}");
        let again = place.run("dash", &["--script"], "").expect(0);
        place.judged(&again.stdout).expect(0);
    }
    place.carries_a_query();
    place.inside("sed -i '/^tunnel:/d' /etc/passwd", "").expect(0);
    let receipt = place.run("busybox sh", &["--check"], "").expect(0).stdout;
    let judged = place.judged(&receipt).expect(1).json();
    assert_eq!(judged["checks"][0]["code"], "user_not_allowed", "{judged:#}");
}

fn quoted(text: &str) -> String {
    adit::model::shell_word(text)
}

#[test]
fn an_account_that_is_there_keeps_everything_else() {
    for shell in shells() {
        let Some(place) = Place::with("ana") else { return };
        place
            .inside(
                "useradd -M -d /home/elsewhere -s /bin/bash -c 'Ana, room 1' ana && mkdir -p /home/elsewhere/.ssh",
                "",
            )
            .expect(0);
        // The mark of a new account, which also stops keys; somebody else's keys, as an editor on Windows leaves them.
        let other =
            "# mine\r\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAKsZIRhZgdUgYAmEhVuWPMTQLxlhRaMPAZwyJu5Dg11 ana@home";
        place.write("/home/elsewhere/.ssh/authorized_keys", other);
        place.write("/home/elsewhere/note", "keep");
        place.inside("chown -R ana:ana /home/elsewhere && chmod 700 /home/elsewhere/.ssh && usermod -p '!' ana && chage -d 2020-02-02 ana", "")
            .expect(0);
        let before = place.state();
        // Not every system has every way to act as somebody.
        let missing: &[&str] = match shell {
            "dash" => &[],
            "bash --posix" => &["setpriv"],
            _ => &["setpriv", "chroot"],
        };
        let without = |script: String| {
            missing.iter().fold(script, |script, tool| script.replace(&format!("elif {tool} --"), "elif false --"))
        };
        let ran = place.run_text(shell, &without(place.adit.ok(&["setup", "orders", "--script"])), "").expect(0);
        place.judged(&ran.stdout).expect(0);
        let text = place.read("/home/elsewhere/.ssh/authorized_keys");
        assert!(text.starts_with(&format!("{other}\n")), "{text}");
        assert!(place.read("/etc/passwd").contains("Ana, room 1:/home/elsewhere:/bin/bash"));
        let made = place.state();
        place.run(shell, &["--script"], "").expect(0);
        assert_eq!(place.state(), made, "{shell}");
        place.carries_a_query();
        // A second database: the same line is widened, not added to.
        place.adit.ok(&[
            "tunnel",
            "add",
            "stock",
            "--bastion",
            "prod",
            "--database",
            "tcp",
            "--host",
            "127.0.0.1",
            "--port",
            "1",
        ]);
        let ran = place.run(shell, &["--script"], "").expect(0);
        place.judged(&ran.stdout).expect(0);
        let text = place.read("/home/elsewhere/.ssh/authorized_keys");
        assert_eq!((text.matches("adit:prod").count(), text.matches("127.0.0.1:1\"").count()), (1, 1), "{text}");
        place.run_text(shell, &without(place.adit.ok(&["setup", "orders", "--undo"])), "").expect(0);
        assert_eq!(place.state(), before, "{shell}: no trace is left");
    }
}

#[test]
fn a_line_with_the_same_key_becomes_the_new_one_and_comes_back() {
    let Some(place) = Place::with("mate") else { return };
    let key = place.adit.ok(&["key", "show", "prod"]);
    place.inside("mkdir -p /home/mate/.ssh && chmod 700 /home/mate/.ssh", "").expect(0);
    place.write("/home/mate/.ssh/authorized_keys", &format!("{key}# end\n"));
    place.inside("chown -R mate:mate /home/mate && chmod 600 /home/mate/.ssh/authorized_keys", "").expect(0);
    let before = place.state();
    let ran = place.run("dash", &["--script"], "").expect(0);
    place.judged(&ran.stdout).expect(0);
    assert!(ran.stderr.contains("line 1 has the key with other options"), "{ran:?}");
    place.carries_a_query();
    place.run("dash", &["--undo"], "").expect(0);
    assert_eq!(place.state(), before);
    // What somebody put there by hand is not the undoing's business.
    let ran = place.run("dash", &["--undo"], "").expect(0);
    assert!(ran.stderr.contains("it stays"), "{ran:?}");
    assert_eq!(place.state(), before);
}

#[test]
fn an_account_with_other_keys_or_open_tunnels_is_left_or_ended() {
    let Some(place) = Place::with("tunnel") else { return };
    place.run("dash", &["--script"], "").expect(0);
    place.adit.run(&["up", "orders"]).expect(0);
    place.inside("echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAKsZIRhZgdUgYAmEhVuWPMTQLxlhRaMPAZwyJu5Dg11 x' >>/home/tunnel/.ssh/authorized_keys", "")
        .expect(0);
    let ran = place.run("dash", &["--undo"], "").expect(0);
    assert!(ran.stderr.contains("has other lines, so the account tunnel stays"), "{ran:?}");
    assert!(!place.read("/home/tunnel/.ssh/authorized_keys").contains("adit:prod"));
    place.run("dash", &["--script"], "").expect(0);
    place.inside("sed -i '/ x$/d' /home/tunnel/.ssh/authorized_keys", "").expect(0);
    // The session of the open tunnel belongs to the account, and goes with it.
    let ran = place.run("busybox sh", &["--undo"], "").expect(0);
    assert!(!place.read("/etc/passwd").contains("tunnel") && !place.read("/etc/group").contains("tunnel"), "{ran:?}");
    assert!(!place.path("/home/tunnel").exists());
    place.adit.run(&["down", "orders", "--now"]);
}

#[test]
fn a_script_that_cannot_do_its_work_says_why_and_changes_nothing() {
    let Some(place) = Place::with("tunnel") else { return };
    let script = place.adit.ok(&["setup", "orders", "--script"]);
    let before = place.state();
    let file = place.path("/home/script");
    let as_nobody = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let output = place.inside("setpriv --reuid 65534 --regid 65534 --clear-groups sh /home/script", "");
        std::fs::remove_file(&file).unwrap();
        output
    };
    let refused = as_nobody(&script).expect(1);
    assert!(refused.stderr.contains("must run as root") && refused.stdout.is_empty(), "{refused:?}");
    let blob = place.adit.ok(&["key", "show", "prod"]).split(' ').nth(1).unwrap().to_owned();
    let (head, tail) = blob.split_at(40);
    for damaged in
        [script.replace(&blob, head), script.replace("permitopen=", "permitopen"), script.replace(tail, "AAAA")]
    {
        let refused = place.run_text("dash", &damaged, "").expect(1);
        assert!(refused.stderr.contains("damaged"), "{refused:?}");
    }
    let refused = place.run_text("dash", &script, "--force").expect(1);
    assert!(refused.stderr.contains("--dry-run and --shell"), "{refused:?}");
    assert_eq!(place.state(), before);
    // A key that mail has broken over two lines is put together again.
    let ran = place.run_text("dash", &script.replace(&blob, &format!("'{head}\n{tail}'")), "").expect(0);
    place.judged(&ran.stdout).expect(0);
    place.run("dash", &["--undo"], "").expect(0);
    assert_eq!(place.state(), before);
    // Somebody else's folder where the home would be.
    place.inside("mkdir /home/tunnel", "").expect(0);
    let refused = place.run("dash", &["--script"], "").expect(1);
    assert!(refused.stderr.contains("/home/tunnel is there, but no account tunnel"), "{refused:?}");
    place
        .inside("rmdir /home/tunnel && useradd -m -k /nonexistent tunnel && ln -s /etc /home/tunnel/.ssh", "")
        .expect(0);
    let linked = place.state();
    let refused = place.run("dash", &["--script"], "").expect(1);
    assert!(refused.stderr.contains("is a link"), "{refused:?}");
    assert_eq!(place.state().replace("tunnel:*:", "tunnel:!:"), linked);
    place.inside("rm /home/tunnel/.ssh && mkdir /home/tunnel/.ssh && ln /etc/passwd /home/tunnel/.ssh/authorized_keys 2>/dev/null || { cp /etc/passwd /home/second && ln /home/second /home/tunnel/.ssh/authorized_keys; }", "")
        .expect(0);
    let refused = place.run("dash", &["--script"], "").expect(1);
    assert!(refused.stderr.contains("a second name elsewhere"), "{refused:?}");
    place.inside("rm -r /home/tunnel/.ssh && mount -o bind,ro /home/tunnel /home/tunnel 2>/dev/null || mount --bind /home/tunnel /home/tunnel && mount -o remount,bind,ro /home/tunnel", "")
        .expect(0);
    let refused = place.run("dash", &["--script"], "").expect(1);
    assert!(refused.stderr.contains("could not make the folder /home/tunnel/.ssh"), "{refused:?}");
    assert!(refused.stderr.contains("Read-only"), "{refused:?}");
}

#[test]
fn settings_that_stop_the_tunnel_are_told_at_once() {
    let Some(place) = Place::with("tunnel") else { return };
    let config = place.read("/etc/ssh/sshd_config");
    place.write("/etc/ssh/sshd_config", &format!("{config}AllowTcpForwarding no\nAllowUsers root mate\n"));
    let ran = place.run("dash", &["--script"], "").expect(1);
    assert!(ran.stderr.contains("AllowTcpForwarding"), "{ran:?}");
    let judged = place.judged(&ran.stdout).expect(1).json();
    let codes: Vec<&str> =
        judged["checks"].as_array().unwrap().iter().filter_map(|check| check["code"].as_str()).collect();
    assert_eq!(codes, ["user_not_allowed", "forwarding_off"], "{judged:#}");
    // Keys elsewhere: the line goes where sshd looks.
    place.run("dash", &["--undo"], "").expect(0);
    place.write("/etc/ssh/sshd_config", &format!("{config}AuthorizedKeysFile /etc/ssh/keys/%u\n"));
    let before = place.state();
    let ran = place.run("dash", &["--script"], "").expect(0);
    place.judged(&ran.stdout).expect(0);
    assert!(place.read("/etc/ssh/keys/tunnel").contains("adit:prod"));
    place.run("dash", &["--undo"], "").expect(0);
    assert_eq!(place.state(), before);
    assert!(!place.path("/etc/ssh/keys").exists());
}

#[test]
fn a_receipt_stays_small_whatever_there_is_to_tell() {
    let Some(place) = Place::with("tunnel") else { return };
    for number in 0..40 {
        let host = format!("database-{number}.department.internal.example.com");
        place.adit.ok(&[
            "tunnel",
            "add",
            &format!("t{number}"),
            "--bastion",
            "prod",
            "--database",
            "postgres",
            "--host",
            &host,
        ]);
    }
    let config = place.read("/etc/ssh/sshd_config");
    let users: String = (0..100).map(|number| format!(" person{number}")).collect();
    place.write("/etc/ssh/sshd_config", &format!("{config}AllowUsers{users} tunnel\n"));
    let ran = place.run("dash", &["--script"], "").expect(0);
    assert!(ran.stdout.len() < 2000, "{}: {}", ran.stdout.len(), ran.stdout);
    place.judged(&ran.stdout).expect(0);
    // A secret in somebody's line is not told.
    let keys = "/home/tunnel/.ssh/authorized_keys";
    let text = place
        .read(keys)
        .replace("restrict,", "command=\"mysql -psesame \\\"x\\\"\",environment=\"P=sesame\",restrict,");
    place.write(keys, &text);
    let ran = place.run("busybox sh", &["--check"], "").expect(0);
    assert!(!ran.stdout.contains("sesame") && ran.stdout.len() < 2000, "{}", ran.stdout);
    place.judged(&ran.stdout).expect(0);
    place.adit.ok(&["tunnel", "add", "late", "--bastion", "prod", "--database", "redis", "--host", "late.example.com"]);
    let judged = place.judged(&ran.stdout).expect(1).json();
    let failed = judged["checks"].as_array().unwrap().iter().find(|check| check["verdict"] == "fail").unwrap();
    assert_eq!(failed["code"], "permitopen_mismatch", "{failed:#}");
}

#[test]
fn a_paste_that_is_no_receipt_is_named() {
    let adit = described();
    let script = adit.ok(&["setup", "orders", "--check"]);
    let receipt = tool("sh", &["-c", &script]).expect(0).stdout;
    let read = |name: &str, text: &[u8]| {
        let file = adit.path("paste");
        std::fs::write(&file, text).unwrap();
        let mut command = adit.command(&["setup", name, "--receipt"]);
        command.stdin(std::fs::File::open(file).unwrap());
        let output = command.output().unwrap();
        (output.status.code().unwrap(), output.stdout.len(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let mut two = receipt.clone();
    two.push_str(&other_receipt(&adit));
    let half = &receipt[..receipt.len() / 2];
    let pasted: Vec<(&[u8], &str)> = vec![
        (b"", "nothing to read"),
        (b"hello\n", "no receipt in this text"),
        (b"\x00\xff\xfe\x1b[2J\x80binary", "no receipt"),
        (half.as_bytes(), "only a part of the receipt"),
        (&receipt.as_bytes()[receipt.len() / 2..], "only a part of the receipt"),
        (two.as_bytes(), "2 receipts"),
    ];
    for (text, words) in pasted {
        let (code, out, said) = read("orders", text);
        assert_eq!((code, out), (2, 0), "{said}");
        assert!(said.contains(words), "{said}");
    }
    let large = "x".repeat(10 << 20);
    let (code, _, said) = read("orders", large.as_bytes());
    assert!(code == 2 && said.contains("longer than"), "{said}");
    let altered = receipt.replacen("bastion=prod", "bastion=pred", 1);
    assert_ne!(altered, receipt, "{receipt}");
    let (code, _, said) = read("orders", altered.as_bytes());
    assert!(code == 2 && said.contains("altered"), "{said}");
    // The same twice, as in an answer with the whole thread below it, is one.
    let (code, out, said) = read("orders", format!("{receipt}\n> {}", receipt.replace('\n', "\n> ")).as_bytes());
    assert!(code == 1 && out > 0, "{said}");
    adit.ok(&["bastion", "add", "edge", "--host", "edge.example.com", "--user", "adit"]);
    let (code, out, said) = read("edge", receipt.as_bytes());
    assert!((code, out) == (2, 0) && said.contains("another set-up"), "{said}");
}

/// One about the same account, with the key of somebody who gave it another name.
fn other_receipt(adit: &Adit) -> String {
    let script = adit.ok(&["setup", "orders", "--check", "--from", "203.0.113.99"]);
    tool("sh", &["-c", &script]).expect(0).stdout
}

#[test]
fn a_hand_off_is_written_down_for_its_owner_alone() {
    let adit = described();
    let text = adit.ok(&["setup", "orders", "--from", "203.0.113.7", "--expires", "2099-12-31"]);
    for words in [
        "bastion.example.com",
        "10.0.1.12",
        "5432",
        "adit:prod",
        "from=\"203.0.113.7\"",
        "expiry-time=\"20991231\"",
        "First way",
        "Second way",
    ] {
        assert!(text.contains(words), "{words} is missing:\n{text}");
    }
    let file = adit.path("packet.md");
    let name = file.to_str().unwrap();
    let written = adit.run(&["setup", "orders", "--markdown", "--output", name]).expect(0);
    assert_eq!(written.stdout, "");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let kept = std::fs::read_to_string(&file).unwrap();
    assert!(kept.starts_with("# Set-up of the tunnel orders through the bastion prod\n"), "{kept}");
    let refused = adit.run(&["setup", "orders", "--output", name]).expect(2);
    assert!(refused.stderr.contains("exists"), "{refused:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), kept);
    let json = adit.json(&["setup", "bastion:prod", "--for", "aws"]);
    assert_eq!((&json["version"], &json["bastion"], &json["user"]), (&1.into(), &"prod".into(), &"adit".into()));
    assert!(
        json["steps"]
            .as_array()
            .unwrap()
            .iter()
            .any(|step| step["platform"] == "aws" && step["who"] == "database_admin")
    );
    assert!(adit.json(&["setup", "orders", "--script"])["script"].as_str().unwrap().starts_with("#!/bin/sh\n"));
    for (words, code, said) in [
        (vec!["setup", "order"], 3, "did you mean orders?"),
        (vec!["setup", "bastion:orders"], 3, "no bastion named"),
        (vec!["setup", "orders", "--for", "macos"], 2, "not a platform"),
        (vec!["setup", "orders", "--expires", "2020-01-01"], 2, "no day to come"),
        (vec!["setup", "orders", "--expires", "soon"], 2, "2026-12-31"),
        (vec!["setup", "orders", "--from", "somewhere"], 2, "invalid"),
        (vec!["setup", "orders", "--script", "--for", "aws"], 2, "for linux"),
        (vec!["setup", "orders", "--script", "--undo"], 2, "cannot be used with"),
    ] {
        let output = adit.run(&words).expect(code);
        assert!(output.stderr.contains(said) && output.stdout.is_empty(), "{words:?}: {output:?}");
    }
    std::fs::remove_file(adit.path("keys/prod")).unwrap();
    let _public = std::fs::remove_file(adit.path("keys/prod.pub"));
    let output = adit.run(&["setup", "orders"]).expect(0);
    assert!(output.stdout.contains("the public key is not known here"), "{}", output.stdout);
    let output = adit.run(&["setup", "orders", "--script"]).expect(2);
    assert!(output.stderr.contains("no public key"), "{output:?}");
    let piped = finish(adit.command(&["setup", "orders", "--check"]), "");
    assert!(piped.stdout.starts_with("#!/bin/sh"), "{piped:?}");
}
