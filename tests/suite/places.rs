//! Where things are, which home counts, who may read what, and which names are names.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::support::output::finish;
use crate::support::{Adit, Sshd, Target};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode() & 0o7777
}

#[test]
fn paths_are_told_and_none_is_made() {
    let adit = Adit::new();
    let paths = adit.json(&["paths"]);
    for key in ["config", "keys", "known_hosts", "state", "socket", "log", "themes"] {
        let path = paths[key].as_str().unwrap_or_else(|| panic!("{key} in {paths}"));
        assert!(path.starts_with(adit.home().to_str().unwrap()), "{key}: {path}");
    }
    let words = adit.ok(&["paths"]);
    assert!(words.contains(paths["socket"].as_str().unwrap()));
    assert!(!adit.home().exists(), "paths makes nothing");
}

#[test]
fn the_home_is_chosen_by_flag_then_variable_then_xdg() {
    let adit = Adit::new();
    let told = |change: &dyn for<'a> Fn(&'a mut Command) -> &'a mut Command, words: &[&str]| {
        let mut command = adit.bare_command();
        command.args(words);
        change(&mut command);
        finish(command, "").expect(0).json()
    };
    let by_flag = told(&|command| command.env("ADIT_HOME", "/nowhere"), &["paths", "--json", "--home", "/tmp/flag"]);
    assert_eq!(by_flag["keys"], "/tmp/flag/keys", "the flag may stand anywhere on the line");
    let by_variable = told(&|command| command.env("ADIT_HOME", "/tmp/var"), &["paths", "--json"]);
    assert_eq!(by_variable["config"], "/tmp/var/config.toml");
    let relative = told(&|command| command.current_dir("/tmp"), &["--home", "here", "paths", "--json"]);
    let config = relative["config"].as_str().unwrap();
    assert!(config.starts_with('/') && config.ends_with("tmp/here/config.toml"), "{config}");
    let xdg = told(&|command| command.env("XDG_CONFIG_HOME", "/tmp/c").env("XDG_DATA_HOME", ""), &["paths", "--json"]);
    assert_eq!(xdg["config"], "/tmp/c/adit/config.toml");
    let data = adit.user_home().join(".local/share/adit/keys");
    assert_eq!(xdg["keys"], data.to_str().unwrap(), "an empty variable counts as unset");
    let run =
        told(&|command| command.env("XDG_RUNTIME_DIR", "/tmp/r").env("XDG_STATE_HOME", "/tmp/s"), &["paths", "--json"]);
    assert!(run["socket"].as_str().unwrap().starts_with("/tmp/r/adit/"), "{run}");
    assert!(run["state"].as_str().unwrap().starts_with("/tmp/s/adit"), "{run}");
}

#[test]
fn a_long_home_still_has_a_socket_that_fits() {
    let adit = Adit::new();
    let long = adit.home().join("x".repeat(120));
    let mut command = adit.bare_command();
    command.args(["paths", "--json", "--home"]).arg(&long);
    let socket = finish(command, "").expect(0).json()["socket"].as_str().unwrap().to_owned();
    assert!(socket.len() <= 100, "{socket}");
}

#[test]
fn everything_is_private_under_any_umask() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::new();
    // Every call goes through a shell that opens everything to everyone.
    let open = |words: &[&str]| {
        let mut command = Command::new("sh");
        command.args(["-c", "umask 000; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_adit"), "--home"]);
        command.arg(adit.home()).args(words).env("HOME", adit.user_home()).env_remove("SSH_AUTH_SOCK");
        finish(command, "").expect(0).stdout
    };
    let port = sshd.port.to_string();
    open(&["key", "new", "prod"]);
    sshd.authorize("", &open(&["key", "show", "prod"]));
    open(&["bastion", "add", "prod", "--host", "127.0.0.1", "--port", &port, "--user", &sshd.user, "--key", "prod"]);
    open(&["trust", "prod", "--fingerprint", &sshd.fingerprint("ed25519")]);
    let target_port = target.port.to_string();
    let place =
        ["tunnel", "add", "t", "--bastion", "prod", "--database", "tcp", "--host", "127.0.0.1", "--port", &target_port];
    open(&place);
    open(&["up", "t"]);
    let paths = adit.json(&["paths"]);
    for folder in ["keys", "state", "log"] {
        assert_eq!(mode(Path::new(paths[folder].as_str().unwrap())), 0o700, "{folder}");
    }
    assert_eq!(mode(&adit.home()), 0o700);
    assert_eq!(mode(Path::new(paths["socket"].as_str().unwrap()).parent().unwrap()), 0o700);
    for file in ["config", "known_hosts"] {
        assert_eq!(mode(Path::new(paths[file].as_str().unwrap())), 0o600, "{file}");
    }
    assert_eq!(mode(&adit.path("keys/prod")), 0o600);
    let below = |folder: &str| std::fs::read_dir(adit.path(folder)).unwrap().flatten().map(|entry| entry.path());
    for path in below("state").chain(below("log")).filter(|path| path.is_file()) {
        assert_eq!(mode(&path) & 0o077, 0, "{}", path.display());
    }
}

#[test]
fn folders_open_to_others_are_refused() {
    let adit = Adit::new();
    adit.ok(&["key", "new", "one"]);
    std::fs::set_permissions(adit.path("keys"), PermissionsExt::from_mode(0o750)).unwrap();
    let output = adit.run(&["key", "new", "two"]);
    assert!(matches!(output.code, 1 | 2), "{output:?}");
    assert!(output.stderr.contains("keys"), "{}", output.stderr);
    assert!(!adit.path("keys/two").exists());
    std::fs::set_permissions(adit.path("keys"), PermissionsExt::from_mode(0o700)).unwrap();
    adit.ok(&["key", "new", "two"]);
}

#[test]
fn names_are_names() {
    let adit = Adit::new();
    for bad in ["Orders", "a b", "ä", "a.b", "_a", "", &"a".repeat(64), "a/b", "..", "a\u{1b}[2J"] {
        let output = adit.run(&["key", "new", "--", bad]).expect(2);
        assert!(!output.stderr.contains('\u{1b}'), "{:?}", output.stderr);
    }
    adit.ok(&["key", "new", &"a".repeat(63)]);
    adit.ok(&["key", "new", "0-_"]);
    assert_eq!(std::fs::read_dir(adit.path("keys")).unwrap().count(), 4);
}

#[test]
fn a_pipe_that_closes_early_is_no_error() {
    let adit = Adit::new();
    let script = "\"$0\" --home \"$1\" --help | head -n 1 >/dev/null; \"$0\" --home \"$1\" paths | true";
    let mut command = Command::new("bash");
    command.args(["-o", "pipefail", "-c", script, env!("CARGO_BIN_EXE_adit")]).arg(adit.home());
    let output = finish(command, "");
    assert_eq!(output.stderr, "");
    assert!(!output.stderr.contains("panic"), "{}", output.stderr);
}

#[test]
fn usage_mistakes_end_with_2_and_help_with_0() {
    let adit = Adit::new();
    for words in
        [&["upp"][..], &["up"], &["down"], &["restart"], &["bastion", "add"], &["status", "--bogus"], &["key", "new"]]
    {
        let output = adit.run(words).expect(2);
        assert_eq!(output.stdout, "", "{words:?}");
        assert_ne!(output.stderr, "", "{words:?}");
    }
    assert!(adit.ok(&["--help"]).contains("tunnel"));
    assert!(adit.ok(&["--version"]).starts_with("adit "));
    assert!(adit.ok(&["tunnel", "add", "--help"]).contains("--database"));
}
