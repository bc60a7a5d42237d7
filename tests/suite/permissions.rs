//! Why sshd refuses a key or a forward, seen on the bastion itself: each cause is made for real on a real sshd, a real login is
//! refused, the look through the admin's login names the cause, and the command that it offers mends it.

mod bastion;
mod fixtures;

use adit::model::account::{AccountFacts, LOOK, Sight, judge};
use adit::model::{Finding, Verdict};
use bastion::{Bastion, MATE, OTHER, Reached, UID};

const HOME: &str = "/home/adit";
const SSH: &str = "/home/adit/.ssh";
const KEYS: &str = "/home/adit/.ssh/authorized_keys";

fn check<'a>(found: &'a [Finding], name: &str) -> &'a Finding {
    found.iter().find(|finding| finding.check == name).unwrap_or_else(|| panic!("no {name} in {found:#?}"))
}

#[test]
fn a_healthy_account_passes_every_line() {
    let Some(bastion) = Bastion::with("") else { return };
    bastion.is_healthy();
    let found = bastion.judged();
    for name in [
        "account",
        "shell",
        "allow_lists",
        "authentication",
        "home",
        "ssh_dir",
        "keys_file",
        "key_line",
        "key_options",
        "from",
        "expiry",
        "forwarding",
        "permit_open",
    ] {
        assert_eq!(check(&found, name).verdict, Verdict::Pass, "{:#?}", check(&found, name));
    }
    bastion.write_keys(&format!("# a note\r\n\r\n{}\r\n", bastion.key));
    bastion.is_healthy();
    assert!(check(&bastion.judged(), "key_line").summary.contains("Windows"), "a CRLF line is harmless and named");
    bastion.edit("/etc/passwd", "/home/adit:/bin/sh", "/home/adit:/usr/sbin/nologin");
    bastion.is_healthy();
    assert!(check(&bastion.judged(), "shell").summary.contains("harmless"));
    let line = format!(
        "restrict,port-forwarding,permitopen=\"{}\",command=\"/bin/false\",from=\"127.0.0.0/8\",expiry-time=\"20991231\"",
        bastion.database()
    );
    bastion.write_keys(&format!("ssh-ed25519 AAAAnobody\n{line} {}\n{0}\n", bastion.key));
    bastion.is_healthy();
    assert!(check(&bastion.judged(), "key_line").summary.contains("lines 2, 3"));
}

#[test]
fn a_group_that_may_write_is_judged_as_this_build_of_sshd_does() {
    let Some(bastion) = Bastion::with("") else { return };
    for path in [HOME, SSH, KEYS] {
        bastion.chmod(path, if path == KEYS { 0o664 } else { 0o775 });
        let debian = bastion.look().debian == Some(true);
        if debian {
            bastion.is_healthy();
        } else {
            bastion.is_refused_for(if path == HOME {
                "home_mode"
            } else if path == SSH {
                "ssh_dir_mode"
            } else {
                "keys_file_mode"
            });
        }
        bastion.chmod(path, if path == KEYS { 0o600 } else { 0o755 });
    }
    bastion.chmod(HOME, 0o775);
    // With another member the group is private no more.
    bastion.edit("/etc/group", "adit:x:61001:\n", "adit:x:61001:mate\n");
    let found = bastion.is_refused_for("home_mode");
    bastion.is_mended_by(&found);
    bastion.chmod(HOME, 0o775);
    bastion.edit("/etc/group", "adit:x:61001:mate\n", "adit:x:61001:\n");
    bastion.edit("/etc/passwd", "mate:x:61002:61002", "mate:x:61002:61001");
    bastion.is_refused_for("home_mode");
    bastion.chown(HOME, UID, 61011);
    bastion.is_refused_for("home_mode");
}

#[test]
fn modes_and_owners_are_found_and_mended() {
    let Some(bastion) = Bastion::with("") else { return };
    for (path, mode, code) in [
        (HOME, 0o777, "home_mode"),
        (SSH, 0o777, "ssh_dir_mode"),
        (KEYS, 0o666, "keys_file_mode"),
        (KEYS, 0o000, "keys_file_mode"),
        (SSH, 0o600, "ssh_dir_mode"),
    ] {
        bastion.chmod(path, mode);
        let found = bastion.is_refused_for(code);
        bastion.is_mended_by(&found);
    }
    for path in [HOME, SSH, KEYS] {
        bastion.chown(path, MATE, MATE);
        bastion.chmod(path, 0o755);
        let found = bastion.is_refused_for("wrong_owner");
        bastion.is_mended_by(&found);
    }
    bastion.chmod("/home", 0o700);
    let found = bastion.is_refused_for("keys_file_mode");
    bastion.is_mended_by(&found);
    // Root may own everything, and what is above the home folder is not sshd's business.
    bastion.chown(SSH, 0, 0);
    bastion.chmod(SSH, 0o755);
    bastion.chown(KEYS, 0, 0);
    bastion.chmod(KEYS, 0o644);
    bastion.chmod("/home", 0o777);
    bastion.is_healthy();
}

#[test]
fn with_strict_modes_off_no_mode_is_a_fault() {
    let Some(bastion) = Bastion::with("StrictModes no") else { return };
    bastion.chmod(HOME, 0o777);
    bastion.chmod(KEYS, 0o666);
    bastion.is_healthy();
}

#[test]
fn links_are_followed_as_sshd_does() {
    let Some(bastion) = Bastion::with("") else { return };
    std::fs::rename(bastion.path(KEYS), bastion.path("/home/mate/keys")).unwrap();
    std::os::unix::fs::symlink("/home/mate/keys", bastion.path(KEYS)).unwrap();
    bastion.is_refused_for("wrong_owner");
    bastion.chown("/home/mate", 0, 0);
    bastion.is_healthy();
    std::fs::remove_file(bastion.path(KEYS)).unwrap();
    std::os::unix::fs::symlink("/nowhere", bastion.path(KEYS)).unwrap();
    assert_eq!(bastion.knock("adit"), Reached::Nothing);
    assert_eq!(check(&bastion.judged(), "key_line").code.unwrap().as_str(), "key_absent");
}

/// Each text in the tunnel account's file is refused for this code, in these words; the command that is offered mends it.
#[track_caller]
fn are_found_and_mended(bastion: &Bastion, cases: &[(String, &str, &str)]) {
    for (text, code, words) in cases {
        bastion.write_keys(&format!("{text}\n{OTHER}\n"));
        let found = bastion.is_refused_for(code);
        assert!(found.summary.contains(words), "{text:?}: {found:#?}");
        // A key behind somebody else's is for a person to look at.
        if !words.contains("behind another") {
            bastion.is_mended_by(&found);
        }
        let left = std::fs::read_to_string(bastion.path(KEYS)).unwrap();
        assert!(left.lines().any(|line| line == OTHER), "nobody else's line is lost: {left}");
    }
}

#[test]
fn keys_that_are_missing_or_broken_are_found_and_mended() {
    let Some(bastion) = Bastion::with("") else { return };
    let key = bastion.key.clone();
    let (head, tail) = key.split_at(50);
    let blob = key.split(' ').nth(1).unwrap();
    are_found_and_mended(
        &bastion,
        &[
            (String::new(), "key_absent", "no line of"),
            (format!("# {key}"), "key_absent", "commented out"),
            (format!("{OTHER}\n{head}\n{tail}"), "key_split", "lines 2 to 3"),
            (format!("restrict {head}\r\n{tail}\r"), "key_split", "lines 1 to 2"),
            (format!("ssh-ed25519\n{blob} key"), "key_split", "lines 1 and 2"),
            (format!("{head} {tail}"), "key_split", "a blank inside"),
            (head.to_owned(), "key_split", "holds only 38 of the key's 68"),
            (format!("{OTHER}{key}"), "key_split", "behind another one"),
            (format!("ssh-ed25519 {blob}{OTHER}"), "key_split", "goes on right behind the key"),
            (format!("ssh-rsa {blob}"), "key_options", "calls the key ssh-rsa"),
            (format!("\u{feff}{key}"), "key_options", "byte order mark"),
        ],
    );
    std::fs::remove_file(bastion.path(KEYS)).unwrap();
    let found = bastion.is_refused_for("key_absent");
    assert!(found.summary.contains("there is no /home/adit/.ssh/authorized_keys"), "{found:#?}");
    bastion.is_mended_by(&found);
    std::fs::remove_dir_all(bastion.path(SSH)).unwrap();
    let found = bastion.is_refused_for("key_absent");
    bastion.is_mended_by(&found);
}

#[test]
fn options_that_keep_us_out_are_found_and_mended() {
    let Some(bastion) = Bastion::with("") else { return };
    let key = bastion.key.clone();
    are_found_and_mended(
        &bastion,
        &[
            (format!("- {key}"), "key_options", "\"-\""),
            (format!("restrict,sesame {key}"), "key_options", "\"sesame\""),
            (
                format!("restrict, pty {key}"),
                "key_options",
                "\"pty\" where the key's type belongs; options stand without",
            ),
            (format!("cert-authority {key}"), "key_options", "cert-authority"),
            (format!("from=10.0.0.1 {key}"), "key_options", "double quotes"),
            (format!("command=\"x {key}"), "key_options", "never closed"),
            (format!("from=\"10.0.0.0/8\" {key}"), "from_mismatch", "we come from 127.0.0.1"),
            (format!("from=\"127.0.0.1/8\" {key}"), "from_mismatch", "admits nobody"),
            (format!("restrict,port-forwarding,expiry-time=\"20200101\" {key}"), "key_expired", "2020-01-01"),
            (format!("restrict {key}"), "forwarding_off", "restrict"),
            (format!("no-port-forwarding,no-pty {key}"), "forwarding_off", "no-port-forwarding"),
            (
                format!("permitopen=\"localhost:{}\" {key}", bastion.target.port),
                "permitopen_mismatch",
                "not to 127.0.0.1",
            ),
            (format!("permitopen=\"127.0.0.1:1\",pty {key}"), "permitopen_mismatch", "127.0.0.1:1"),
        ],
    );
    // Two faults of one line have one line that mends both.
    bastion.write_keys(&format!("restrict,from=\"10.0.0.1\",expiry-time=\"20200101\" {key}\n"));
    let found = bastion.judged();
    let commands: Vec<_> =
        ["from", "expiry", "forwarding"].map(|name| check(&found, name).advice[0].command.clone()).into();
    assert!(commands.iter().all(|command| command.is_some() && *command == commands[0]), "{commands:#?}");
    bastion.is_mended_by(check(&found, "expiry"));
}

#[test]
fn a_key_in_utf_16_is_named() {
    let Some(bastion) = Bastion::with("") else { return };
    let text = format!("\u{feff}{}\r\n", bastion.key);
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(bastion.path(KEYS), wide).unwrap();
    let found = bastion.is_refused_for("key_options");
    assert!(found.summary.contains("UTF-16"), "{found:#?}");
    bastion.is_mended_by(&found);
}

#[test]
fn a_file_that_sshd_does_not_read_is_named() {
    let Some(bastion) = Bastion::with("AuthorizedKeysFile /etc/ssh/keys/%u") else { return };
    std::fs::create_dir(bastion.path("/etc/ssh/keys")).unwrap();
    let found = bastion.is_refused_for("keys_file_elsewhere");
    assert!(found.summary.contains(KEYS), "{found:#?}");
    bastion.is_mended_by(&found);
    // There the whole path counts, and the home folder does not.
    bastion.chmod(HOME, 0o777);
    bastion.is_healthy();
    bastion.chmod("/etc/ssh/keys", 0o777);
    let found = bastion.is_refused_for("keys_file_mode");
    bastion.is_mended_by(&found);
}

#[test]
fn an_account_that_is_closed_is_named() {
    let Some(bastion) = Bastion::with("") else { return };
    bastion.write_shadow("!:19000:0:99999:7:::");
    let found = bastion.is_refused_for("account_locked");
    bastion.is_mended_by(&found);
    bastion.write_shadow("*:19000:0:99999:7::19500:");
    let found = bastion.is_refused_for("account_expired");
    bastion.is_mended_by(&found);
    bastion.edit("/etc/passwd", "/home/adit:/bin/sh", "/home/adit:/bin/nosuchshell");
    let found = bastion.is_refused_for("shell_missing");
    bastion.is_mended_by(&found);
    bastion.edit("/etc/passwd", "adit:x:", "adit-was:x:");
    let found = bastion.is_refused_for("user_not_allowed");
    assert!(found.summary.contains("no account adit"), "{found:#?}");
}

#[test]
fn with_pam_a_lock_is_harmless_and_an_old_password_is_not() {
    let Some(bastion) = Bastion::with("UsePAM yes") else { return };
    bastion.write_shadow("!:19000:0:99999:7:::");
    bastion.is_healthy();
    bastion.write_shadow("!:19000:0:99999:7::19500:");
    let found = bastion.is_refused_for("account_expired");
    bastion.is_mended_by(&found);
    bastion.write_shadow("!:19000:0:90:7:::");
    let found = bastion.is_refused_for("forwarding_off");
    assert!(found.summary.contains("password"), "{found:#?}");
    bastion.is_mended_by(&found);
}

#[test]
fn lists_of_the_server_are_named_and_mended() {
    for (settings, code) in [
        ("AllowUsers root mate", "user_not_allowed"),
        ("AllowUsers root adit@10.0.0.0/8", "user_not_allowed"),
        ("AllowGroups root others", "user_not_allowed"),
        ("DenyGroups tunnels", "user_not_allowed"),
    ] {
        let Some(bastion) = Bastion::with(settings) else { return };
        let found = bastion.is_refused_for(code);
        bastion.is_mended_by(&found);
    }
    let Some(bastion) = Bastion::with("DenyUsers mate ad*") else { return };
    bastion.is_refused_for("user_not_allowed");
}

#[test]
fn settings_of_the_server_are_named_and_mended() {
    for (settings, code) in [
        ("AllowTcpForwarding no", "forwarding_off"),
        ("AllowTcpForwarding remote", "forwarding_off"),
        ("DisableForwarding yes", "forwarding_off"),
        ("PermitOpen localhost:5432 10.0.0.1:5432", "permitopen_mismatch"),
        ("PermitOpen none", "permitopen_mismatch"),
        (
            "AuthenticationMethods publickey,password publickey,keyboard-interactive\nPasswordAuthentication yes\nKbdInteractiveAuthentication yes",
            "person_needed",
        ),
    ] {
        let Some(bastion) = Bastion::with(settings) else { return };
        let found = bastion.is_refused_for(code);
        bastion.is_mended_by(&found);
    }
    for (settings, code) in [
        ("Match User adit\nPubkeyAuthentication no\nPasswordAuthentication yes\nMatch all", "publickey_disabled"),
        ("Match User adit\nPubkeyAcceptedAlgorithms rsa-sha2-512,ecdsa-sha2-nistp256\nMatch all", "key_refused"),
    ] {
        let Some(bastion) = Bastion::with(settings) else { return };
        bastion.is_refused_for(code);
    }
}

#[test]
fn what_looks_odd_and_works_is_no_fault() {
    for settings in [
        "MaxSessions 10\nMatch User adit\nMaxSessions 0\nMatch all",
        "Match User adit\nForceCommand /bin/false\nMatch all",
        "AllowUsers root a?it@127.0.0.*",
        "AllowGroups root tunnels\nDenyUsers nobody\nDenyGroups others",
        "AllowTcpForwarding local\nPermitOpen *:*",
        "AuthenticationMethods publickey,password publickey",
    ] {
        let Some(bastion) = Bastion::with(settings) else { return };
        bastion.is_healthy();
    }
}

#[test]
fn root_is_kept_out_by_its_own_setting() {
    let Some(bastion) = Bastion::with("PermitRootLogin no") else { return };
    std::fs::copy(bastion.path("key.pub"), bastion.path("/etc/ssh/admin")).unwrap();
    assert_eq!(bastion.knock("root"), Reached::Nothing);
    let input = adit::model::account::look_input("root", Some(&bastion.key)).unwrap();
    let facts = AccountFacts::read(&bastion.inside(adit::model::account::LOOK_COMMAND, &input).stdout).unwrap();
    let found = judge(&facts, &bastion.expected("root"));
    let cause = check(&found, "allow_lists");
    assert_eq!(cause.code.unwrap().as_str(), "user_not_allowed", "{found:#?}");
}

#[test]
fn the_accounts_own_login_sees_its_files_and_the_readable_settings() {
    let Some(bastion) =
        Bastion::with("AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/second/%u\nInclude /etc/ssh/more/*.conf")
    else {
        return;
    };
    for folder in ["/etc/ssh/second", "/etc/ssh/more"] {
        std::fs::create_dir(bastion.path(folder)).unwrap();
    }
    std::fs::copy(bastion.path("second.pub"), bastion.path("/etc/ssh/second/adit")).unwrap();
    std::fs::write(bastion.path("/etc/ssh/more/1.conf"), "Match User adit\nAllowTcpForwarding no\n").unwrap();
    let look = || AccountFacts::read(&bastion.look_as("second", "adit", "adit")).unwrap();
    let facts = look();
    assert_eq!((facts.sight, facts.seen_from), (Sight::Own, "127.0.0.1".parse().ok()));
    let found = judge(&facts, &bastion.expected("adit"));
    assert_eq!(check(&found, "key_line").verdict, Verdict::Pass, "{found:#?}");
    assert_eq!(check(&found, "account").verdict, Verdict::Skip, "a lock only root can see");
    // The running sshd has not read the new file yet; our own reading of the files has.
    assert_eq!(check(&found, "forwarding").code.unwrap().as_str(), "forwarding_off", "{found:#?}");
    std::fs::write(bastion.path("/etc/ssh/more/1.conf"), "Match User mate\nAllowTcpForwarding no\n").unwrap();
    bastion.write_keys("");
    let found = judge(&look(), &bastion.expected("adit"));
    assert_eq!(check(&found, "forwarding").verdict, Verdict::Pass, "{found:#?}");
    assert_eq!(check(&found, "key_line").code.unwrap().as_str(), "key_absent", "{found:#?}");
    // A file of settings that only root can read leaves open what it says.
    bastion.chmod("/etc/ssh/more/1.conf", 0o600);
    let found = judge(&look(), &bastion.expected("adit"));
    assert_eq!(check(&found, "forwarding").verdict, Verdict::Skip, "{found:#?}");
}

#[test]
fn another_account_without_rights_claims_nothing_that_it_cannot_see() {
    let Some(bastion) = Bastion::with("Match User mate\nAuthorizedKeysFile /etc/ssh/admin\nMatch all") else { return };
    let facts = AccountFacts::read(&bastion.look_as("admin", "mate", "adit")).unwrap();
    assert_eq!(facts.sight, Sight::Other);
    let found = judge(&facts, &bastion.expected("adit"));
    assert!(found.iter().all(|finding| finding.verdict <= Verdict::Pass), "{found:#?}");
    assert_eq!(check(&found, "key_line").verdict, Verdict::Skip, "{found:#?}");
    assert_eq!(check(&found, "home").verdict, Verdict::Pass, "{found:#?}");
}

/// Where sudo is installed.
#[test]
fn an_admin_with_sudo_sees_as_much_as_root() {
    let Some(bastion) = Bastion::with("Match User mate\nAuthorizedKeysFile /etc/ssh/admin\nMatch all") else { return };
    if bastion.inside("command -v sudo", "").code != 0 {
        return;
    }
    std::fs::write(bastion.path("/etc/sudoers"), "mate ALL=(ALL) NOPASSWD: ALL\n").unwrap();
    bastion.chmod("/etc/sudoers", 0o440);
    bastion.chmod(SSH, 0o777);
    let mut facts = AccountFacts::read(&bastion.look_as("admin", "mate", "adit")).unwrap();
    assert_eq!(facts.sight, Sight::Sudo);
    let mut as_root = bastion.look();
    (as_root.sight, as_root.clock, facts.clock) = (Sight::Sudo, None, None);
    assert_eq!(facts, as_root);
}

#[test]
fn what_runs_instead_of_the_look_is_no_look() {
    let Some(bastion) = Bastion::with("Match User adit\nForceCommand echo maintenance tonight\nMatch all") else {
        return;
    };
    let error = AccountFacts::read(&bastion.look_as("key", "adit", "adit")).unwrap_err();
    assert!(error.to_string().contains("maintenance tonight"), "{error}");
}

#[test]
fn every_shell_and_odd_names_see_the_same() {
    let Some(bastion) = Bastion::with("") else { return };
    let home = "/home/o'dd na$me \u{e9}";
    std::fs::rename(bastion.path(HOME), bastion.path(home)).unwrap();
    bastion.edit("/etc/passwd", ":/home/adit:", &format!(":{home}:"));
    bastion.write_odd(home);
    let facts = bastion.look();
    assert_eq!(facts.home.as_deref(), Some(home));
    assert_eq!(check(&bastion.judged(), "key_line").code.unwrap().as_str(), "key_split");
    let found = bastion.is_refused_for("key_split");
    bastion.is_mended_by(&found);
    bastion.write_odd(home);
    bastion.chmod(home, 0o777);
    let mut seen = Vec::new();
    for shell in ["dash", "bash", "bash --posix", "busybox ash", "mksh", "ksh", "yash"] {
        let program = shell.split(' ').next().unwrap();
        if bastion.inside(&format!("command -v {program}"), "").code != 0 {
            continue;
        }
        let command = format!(
            "env -i PATH=\"$PATH\" ADIT_USER=adit ADIT_KEY_TYPE=ssh-ed25519 ADIT_KEY={} {shell} -s",
            bastion.key.split(' ').nth(1).unwrap()
        );
        let output = bastion.inside(&command, LOOK);
        assert_eq!(output.stderr, "", "{shell}");
        let mut facts = AccountFacts::read(&output.stdout).unwrap();
        assert!(facts.complete, "{shell}: {}", output.stdout);
        facts.clock = None;
        seen.push((shell, facts));
    }
    assert!(seen.len() >= 2, "more than one shell is here");
    for (shell, facts) in &seen {
        assert_eq!(facts, &seen[0].1, "{shell} and {}", seen[0].0);
    }
}
