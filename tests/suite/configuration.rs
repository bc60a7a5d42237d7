//! What is written by hand and wrong: all of it told at once, with its place, and nothing lost.

use crate::support::{Adit, Output};

#[track_caller]
fn refused(adit: &Adit, text: &str, words: &[&str]) -> Output {
    adit.write_config(text);
    let output = adit.run(&["config", "check"]).expect(2);
    assert_eq!(output.stdout, "", "stdout is for data");
    for word in words {
        assert!(output.stderr.contains(word), "{word:?} is not in:\n{}", output.stderr);
    }
    assert_eq!(adit.config(), text, "the file is as it was");
    output
}

#[test]
fn all_mistakes_are_told_at_once_with_place_and_nearest_name() {
    let adit = Adit::new();
    let text = "\
version = 1

[bastions.prod]
host = \"bastion.example.com\"
usr = \"adit\"
user = \"adit\"
port = 70000
key = \"prod\"

[tunnels.orders]
bastion = \"prd\"
database = \"postgresql\"
host = \"10.0.1.12\"
listen = \"127.0.0.1:99999\"
";
    refused(
        &adit,
        text,
        &[
            "config.toml:5:1",
            "user",
            "config.toml:7:8",
            "config.toml:11:11",
            "prod",
            "config.toml:12:12",
            "postgres",
            "config.toml:14:10",
        ],
    );
}

#[test]
fn broken_toml_is_a_place_and_a_sentence() {
    let adit = Adit::new();
    refused(&adit, "version = 1\n[bastions.prod\nhost = \"x\"\n", &["config.toml:2:"]);
    refused(&adit, "version = 1\nversion = 2\n", &["config.toml:2:"]);
    refused(&adit, "version = 2\n", &["config.toml:1:", "version"]);
}

#[test]
fn what_is_not_built_yet_is_refused_by_name() {
    let adit = Adit::new();
    let bastion = "[bastions.b]\nhost = \"h\"\nuser = \"u\"\nkey = \"k\"\n";
    for (line, name) in [
        ("via = [\"c\"]", "via"),
        ("proxy_command = \"nc %h %p\"", "proxy_command"),
        ("certificate_file = \"/x\"", "certificate_file"),
    ] {
        let output = refused(&adit, &format!("{bastion}{line}\n"), &["config.toml:5:", name, "not built yet"]);
        assert!(!output.stderr.contains("did you mean"), "{}", output.stderr);
    }
    let tunnel = format!("{bastion}[tunnels.t]\nbastion = \"b\"\ndatabase = \"redis\"\nhost = \"h\"\n");
    for (line, name) in [("ttl = \"8h\"", "ttl"), ("confirm = true", "confirm"), ("connect = \"on_demand\"", "connect")]
    {
        refused(&adit, &format!("{tunnel}{line}\n"), &["config.toml:9:", name, "not built yet"]);
    }
    refused(&adit, "[keymap]\nquti = \"ctrl-q\"\n", &["config.toml:2:1:", "keymap.quti", "did you mean \"quit\""]);
    refused(&adit, "[keymap]\nrestart = \"d\"\n", &["config.toml:2:11:", "keymap.restart", "diagnose"]);
    refused(&adit, "[keymap]\nrestart = \"hyper-x\"\n", &["config.toml:2:11:", "hyper-x"]);
}

#[test]
fn preferences_are_judged_and_shown() {
    let adit = Adit::new();
    adit.write_config("[preferences]\ntheme = \"catppuccin-latte\"\nmouse = false\nleaves_from = [\"203.0.113.7\"]\n");
    let shown = &adit.json(&["config", "show"])["preferences"];
    assert_eq!(shown["theme"], "catppuccin-latte");
    assert_eq!((&shown["mouse"], &shown["leaves_from"][0]), (&false.into(), &"203.0.113.7".into()));
    refused(
        &adit,
        "[preferences]\ntheme = \"mnoo\"\nmouse = 1\nleaves_from = [\"here\"]\n",
        &["config.toml:2:9: preferences.theme: ", "did you mean \"mono\"", "config.toml:3:9: ", "config.toml:4:16: "],
    );
    refused(
        &adit,
        "[preferences]\ntheme = \"mine\"\n",
        &["config.toml:2:9: preferences.theme: there is no theme \"mine\""],
    );
    // A theme of the person's own is one as well.
    std::fs::create_dir_all(adit.path("themes")).unwrap();
    std::fs::write(adit.path("themes/mine.toml"), "parent = \"mono\"\n").unwrap();
    adit.run(&["config", "check"]).expect(0);
    adit.write_config("");
    assert_eq!(adit.json(&["config", "show"])["preferences"]["theme"], "auto");
}

#[test]
fn other_addresses_than_loopback_need_a_word_and_get_a_warning() {
    let adit = Adit::new();
    let text = "[bastions.b]\nhost = \"h\"\nuser = \"u\"\nkey = \"k\"\n[tunnels.t]\nbastion = \"b\"\ndatabase = \"redis\"\n\
                host = \"h\"\nlisten = \"0.0.0.0:16379\"\n";
    refused(&adit, text, &["config.toml:9:", "allow_remote_clients"]);
    adit.write_config(&format!("{text}allow_remote_clients = true\n"));
    let output = adit.run(&["config", "check"]).expect(0);
    assert!(output.stderr.contains("0.0.0.0:16379"), "a standing warning: {}", output.stderr);
}

#[test]
fn two_tunnels_on_one_port_and_two_names_alike_are_mistakes() {
    let adit = Adit::new();
    let bastion = "[bastions.b]\nhost = \"h\"\nuser = \"u\"\nkey = \"k\"\n";
    let tunnel = "bastion = \"b\"\ndatabase = \"redis\"\nhost = \"h\"\nlisten = \"127.0.0.1:16379\"\n";
    let text = format!("{bastion}[tunnels.one]\n{tunnel}[tunnels.two]\n{tunnel}");
    refused(&adit, &text, &["one", "two", "16379"]);
    adit.write_config(bastion);
    std::fs::create_dir(adit.path("config.d")).unwrap();
    std::fs::write(adit.path("config.d/more.toml"), bastion).unwrap();
    let output = adit.run(&["config", "check"]).expect(2);
    assert!(output.stderr.contains("more.toml:1:"), "{}", output.stderr);
}

#[test]
fn a_broken_config_stops_every_command_that_needs_it_with_2() {
    let adit = Adit::new();
    adit.write_config("[bastions.b]\nhots = \"h\"\n");
    for words in [&["up", "x"][..], &["status"], &["bastion", "list"], &["url", "x"], &["tunnel", "list", "--json"]] {
        let output = adit.run(words).expect(2);
        assert_eq!(output.stdout, "", "{words:?}");
        assert!(output.stderr.contains("config.toml:2:1"), "{words:?}: {}", output.stderr);
    }
    let edit = ["bastion", "add", "c", "--host", "h", "--user", "u", "--key", "k"];
    adit.run(&edit).expect(2);
    assert_eq!(adit.config(), "[bastions.b]\nhots = \"h\"\n");
    assert!(!adit.path("run/socket").exists(), "no service was started for nothing");
}

#[test]
fn a_bad_config_does_not_stop_what_runs() {
    use crate::support::{Sshd, Target, soon, target::Echo, wait_until};
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    let port = adit.add_tunnel("echo", "tcp", target.port);
    adit.ok(&["up", "echo"]);
    let good = adit.config();
    let mut echo = Echo::open(port).unwrap();
    std::fs::write(adit.path("config.toml"), format!("{good}\nnonsense = 1\n")).unwrap();
    let told = wait_until(soon(), || adit.run(&["status"]).expect(0).stderr.contains("config.toml:"));
    assert!(told, "status says that the file is not in force");
    adit.run(&["up", "echo"]).expect(2);
    echo.ping().unwrap();
    Echo::open(port).unwrap();
    std::fs::write(adit.path("config.toml"), good).unwrap();
    assert_eq!(adit.tunnel("echo")["phase"], "up");
    echo.ping().unwrap();
}

#[test]
fn config_show_and_check_tell_a_good_one() {
    let adit = Adit::new();
    adit.run(&["config", "check"]).expect(0);
    adit.write_config("# mine\nversion = 1\n[preferences]\n[keymap]\n");
    adit.run(&["config", "check"]).expect(0);
    let shown = adit.ok(&["config", "show"]);
    assert!(shown.contains("version = 1"), "{shown}");
}
