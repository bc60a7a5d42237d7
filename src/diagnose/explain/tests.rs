//! Every sample is given its class first, innocent texts are given nothing, and no text can do harm.

use proptest::prelude::*;

use super::*;

fn first(text: &str) -> Option<String> {
    explain(text).into_iter().next().map(|found| found.class)
}

fn classes(text: &str) -> Vec<String> {
    explain(text).into_iter().map(|found| found.class).collect()
}

#[test]
fn every_sample_is_given_its_class_first() {
    let mut wrong = Vec::new();
    for class in catalog::classes() {
        for sample in &class.samples {
            let found = first(&sample.text);
            if found.as_ref() != Some(&class.class) {
                wrong.push(format!("{} ({}) is given {found:?}: {}", class.class, sample.from, sample.text));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of the samples:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn whole_logs_are_given_the_class_that_explains_them() {
    #[derive(serde::Deserialize)]
    struct Pasted {
        class: String,
        text: String,
    }
    let all: Vec<Pasted> = serde_json::from_str(include_str!("../../../tests/fixtures/explain/pasted.json")).unwrap();
    for pasted in all {
        assert_eq!(first(&pasted.text), Some(pasted.class), "{}", pasted.text);
    }
}

#[test]
fn innocent_texts_are_given_nothing() {
    for text in INNOCENT {
        assert_eq!(classes(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn samples_survive_what_mail_and_chat_do_to_them() {
    for class in catalog::classes() {
        for sample in &class.samples {
            let quoted: String = sample.text.lines().map(|line| format!("> {line}\r\n")).collect();
            assert_eq!(first(&quoted).as_ref(), Some(&class.class), "quoted: {quoted}");
            let coloured = format!("\u{1b}[1;31m{}\u{1b}[0m", sample.text.to_uppercase());
            assert_eq!(first(&coloured).as_ref(), Some(&class.class), "coloured: {coloured}");
        }
    }
    let broken = "ana@laptop: channel 2: open failed: administratively\nprohibited: open failed";
    assert_eq!(classes(broken), ["forward_prohibited"]);
    let broken = "> psql: error: connection to server at \"127.0.0.1\", port 15432 failed:\n> Connection refused";
    assert_eq!(classes(broken), ["tunnel_not_up"]);
}

#[test]
fn causes_come_before_what_follows_from_them() {
    let log = "Authentication refused: bad ownership or modes for directory /home/adit/.ssh\n\
               Failed publickey for adit from 203.0.113.7 port 51622 ssh2: ED25519 SHA256:9c0f\n\
               Connection closed by authenticating user adit 203.0.113.7 port 51622 [preauth]";
    assert_eq!(classes(log), ["ssh_dir_mode", "key_refused"]);
    let trace =
        "Can't initialize tunnel\n  Cannot establish tunnel to bastion:22\n    Auth fail for methods 'publickey'";
    assert_eq!(classes(trace), ["key_refused"]);
    let client = "bind [127.0.0.1]:15432: Address already in use\n\
                  channel_setup_fwd_listener_tcpip: cannot listen to port: 15432\nCould not request local forwarding.";
    assert_eq!(classes(client), ["port_in_use"]);
}

#[test]
fn commands_are_filled_in_from_the_text() {
    let commands = |text: &str| -> Vec<String> {
        explain(text).iter().flat_map(|found| &found.advice).filter_map(|advice| advice.command.clone()).collect()
    };
    assert_eq!(commands("Permissions 0644 for '/home/ana/.ssh/my key' are too open."), Vec::<String>::new());
    assert_eq!(commands("Permissions 0644 for '~/.ssh/prod' are too open."), ["chmod 600 ~/.ssh/prod"]);
    let banner = "@ WARNING: UNPROTECTED PRIVATE KEY FILE! @\nPermissions 0644 for '/k' are too open.";
    assert_eq!(commands(banner), ["chmod 600 /k"]);
    let locked = commands("User adit not allowed because account is locked");
    assert_eq!(locked, ["sudo usermod -p '*' adit"]);
    let busy = explain("bind [127.0.0.1]:15432: Address already in use");
    assert!(busy[0].fix.contains("`ss -ltnp 'sport = :15432'`"), "{}", busy[0].fix);
    for nasty in ["$(reboot)", "-oProxyCommand=x", "a;b", "a`b`", "a b", "", "a\u{1b}[2Jb'"] {
        let text = format!("User {nasty} not allowed because account is locked");
        for command in commands(&text) {
            assert!(!command.contains("reboot") && !command.contains("-o") && !command.contains(';'), "{command}");
        }
    }
}

#[test]
fn a_match_tells_where_and_says_it_harmlessly() {
    let found =
        explain("one\n\u{1b}]52;c;QUJD\u{7}two\nssh: \u{202e}connect to host b port 22: Connection refused\u{9b}");
    assert_eq!((found[0].class.as_str(), found[0].line), ("tcp_refused", 3));
    assert!(!found[0].text.contains(['\u{1b}', '\u{202e}', '\u{9b}']), "{:?}", found[0].text);
    let code = found[0].code.unwrap();
    assert_eq!((code, found[0].owner), (Code::TcpRefused, code.owner()));
}

#[test]
fn a_longer_text_is_cut() {
    let mut text = "é".repeat(LONGEST / 2);
    text.push_str("\nHost key verification failed.");
    assert!(explain(&text).is_empty());
    assert_eq!(cut(&text).len(), LONGEST);
    let many = "Permission denied (publickey).\n".repeat(2000);
    assert_eq!(classes(&many), ["key_refused"]);
}

proptest! {
    #[test]
    fn no_text_is_too_odd(text in r"(\PC|\n|\x1b|[\x00-\x1f]|refused|open failed: |port ){0,80}") {
        for found in explain(&text) {
            prop_assert!(!found.text.chars().any(char::is_control));
            prop_assert!(!found.fix.is_empty());
        }
    }
}

/// What people paste although nothing is wrong, and what has the words of errors without being one.
const INNOCENT: &[&str] = &[
    "",
    "hello",
    "OpenSSH_9.2p1 Debian-2+deb12u3, OpenSSL 3.0.15 3 Sep 2024\n\
     debug1: Reading configuration data /etc/ssh/ssh_config\n\
     debug1: Connecting to bastion.example.com [198.51.100.4] port 22.\n\
     debug1: connect to address 2001:db8::4 port 22: Network is unreachable\n\
     debug1: Connection established.\n\
     debug1: identity file /home/ana/.ssh/id_rsa type -1\n\
     debug1: Local version string SSH-2.0-OpenSSH_9.2p1\n\
     debug1: Remote protocol version 2.0, remote software version OpenSSH_9.6\n\
     debug1: Authenticating to bastion.example.com:22 as 'adit'\n\
     debug1: SSH2_MSG_KEXINIT sent\n\
     debug1: kex: algorithm: sntrup761x25519-sha512@openssh.com\n\
     debug1: expecting SSH2_MSG_KEX_ECDH_REPLY\n\
     debug1: Host 'bastion.example.com' is known and matches the ED25519 host key.\n\
     debug1: Authentications that can continue: publickey,keyboard-interactive\n\
     debug1: Offering public key: /home/ana/.ssh/prod ED25519 SHA256:9c0f explicit\n\
     debug1: Server accepts key: /home/ana/.ssh/prod ED25519 SHA256:9c0f explicit\n\
     Authenticated to bastion.example.com ([198.51.100.4]:22) using \"publickey\".\n\
     debug1: Local connections to 127.0.0.1:15432 forwarded to remote address 10.0.1.12:5432\n\
     debug1: Local forwarding listening on 127.0.0.1 port 15432.\n\
     debug1: Entering interactive session.\n\
     debug1: pledge: network\n\
     debug1: Remote: /home/adit/.ssh/authorized_keys:1: key options: agent-forwarding port-forwarding\n\
     Connection to bastion.example.com closed.\n\
     Transferred: sent 3044, received 2964 bytes, in 1.2 seconds",
    "Warning: Permanently added 'bastion.example.com' (ED25519) to the list of known hosts.",
    "psql (15.8 (Debian 15.8-0+deb12u1))\n\
     SSL connection (protocol: TLSv1.3, cipher: TLS_AES_256_GCM_SHA384, compression: off)\n\
     Type \"help\" for help.\n\norders=> select 1;\n ?column? \n----------\n        1\n(1 row)",
    "Welcome to the MariaDB monitor.  Commands end with ; or \\g.\n\
     Your MariaDB connection id is 1045\nServer version: 10.11.6-MariaDB-0+deb12u1 Debian 12",
    "127.0.0.1:6379> PING\nPONG\n127.0.0.1:6379> INFO clients\nconnected_clients:1040\nblocked_clients:0",
    "Accepted publickey for adit from 203.0.113.7 port 51622 ssh2: ED25519 SHA256:9c0f\n\
     pam_unix(sshd:session): session opened for user adit(uid=1001) by (uid=0)\n\
     Received disconnect from 203.0.113.7 port 51622:11: disconnected by user\n\
     Disconnected from user adit 203.0.113.7 port 51622",
    "Nov 20 20:07:11 bastion sshd[812]: Connection closed by 203.0.113.7 port 51622",
    "Server listening on 0.0.0.0 port 22.\nServer listening on :: port 22.",
    "Connected to 10.0.1.12.\nConnection to 10.0.1.12 5432 port [tcp/postgresql] succeeded!",
    "SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13.5",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0000000000000000000000000000000000000000000 adit:prod",
    "orders\tup\t127.0.0.1:15432\t-",
    "LOG:  database system is ready to accept connections\nLOG:  checkpoint complete: wrote 3 buffers",
    "The quick brown fox jumps over the lazy dog. Error budgets were refused by nobody; the host is fine.",
    "SELECT * FROM connections WHERE state = 'closed' AND host = 'db.internal' AND port = 5432;",
];
