//! Whole configurations: the fixtures in `tests/fixtures/config`, files that cannot be read, and bytes that nobody
//! would write.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::model::Notify;

fn home() -> (TempDir, Paths) {
    let folder = TempDir::new().unwrap();
    let env = |name: &str| (name == "HOME").then(|| "/home/me".into());
    let paths = Paths::from(&env, crate::local::process::own_uid(), Some(folder.path())).unwrap();
    (folder, paths)
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if from.is_dir() {
            fs::create_dir(&to).unwrap();
            copy(&from, &to);
        } else {
            write(&to, &fs::read(&from).unwrap());
        }
    }
}

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// What loading a text says, with the folder left out.
fn said(text: impl AsRef<[u8]>) -> String {
    let (folder, paths) = home();
    write(&paths.config, text.as_ref());
    words(load(&paths), folder.path())
}

fn words(loaded: Result<Settings, ConfigError>, folder: &Path) -> String {
    let text = match loaded {
        Ok(settings) => settings.warnings.join("\n"),
        Err(error) => error.to_string(),
    };
    text.replace(&format!("{}/", folder.display()), "")
}

fn fixtures(group: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/config").join(group);
    let mut found: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.is_dir() || path.extension() == Some(OsStr::new("toml")));
    found.sort();
    assert!(!found.is_empty());
    found
}

/// A fixture is a file or a folder; what loading it must say stands beside it in NAME.txt.
fn check(fixture: &Path, valid: bool) {
    let (folder, paths) = home();
    if fixture.is_dir() {
        copy(fixture, folder.path());
    } else {
        write(&paths.config, &fs::read(fixture).unwrap());
    }
    let loaded = load(&paths);
    assert_eq!(loaded.is_ok(), valid, "{}", fixture.display());
    let expected = fs::read_to_string(fixture.with_extension("txt")).unwrap_or_default();
    assert_eq!(words(loaded, folder.path()).trim_end(), expected.trim_end(), "{}", fixture.display());
}

#[test]
fn valid_files_load_and_say_only_their_warnings() {
    fixtures("valid").iter().for_each(|fixture| check(fixture, true));
}

#[test]
fn invalid_files_say_everything_that_is_wrong() {
    fixtures("invalid").iter().for_each(|fixture| check(fixture, false));
}

#[test]
fn what_is_written_arrives_as_values() {
    use crate::model::{AgentSocket, Identity, Kind, Sharing};

    let (_folder, paths) = home();
    let full = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/config/valid/full.toml");
    write(&paths.config, &fs::read(full).unwrap());
    let settings = load(&paths).unwrap();
    let bastion = |name: &str| settings.bastions.get(&name.parse().unwrap()).unwrap();
    let tunnel = |name: &str| settings.tunnels.get(&name.parse().unwrap()).unwrap();

    assert_eq!(bastion("prod").endpoint.to_string(), "bastion.example.com:2222");
    assert_eq!(bastion("prod").sharing, Sharing::Shared);
    assert_eq!(bastion("prod").keepalive.as_millis(), 500);
    assert_eq!(bastion("edge").keepalive.as_secs(), 90);
    assert_eq!(bastion("edge").endpoint.to_string(), "[2001:db8::7]:22");
    assert_eq!(bastion("edge").identity, Identity::File("/home/me/.ssh/id_ed25519".into()));
    assert_eq!(bastion("laptop").identity, Identity::Agent(AgentSocket::Environment));
    assert_eq!(bastion("sock").identity, Identity::Agent(AgentSocket::Path("/run/agent.sock".into())));

    let orders = tunnel("orders");
    assert_eq!(orders.identity, Some(Identity::Key("orders".parse().unwrap())));
    assert_eq!(orders.database.endpoint().to_string(), "10.0.1.12:5432");
    assert_eq!(orders.listen.as_ref().map(ToString::to_string).as_deref(), Some("127.0.0.1:15432"));
    assert_eq!((orders.user.as_deref(), orders.dbname.as_deref()), (Some("app"), Some("orders")));
    assert!(orders.autostart);
    assert_eq!(orders.tags.iter().map(|tag| tag.as_str()).collect::<Vec<_>>(), ["eu", "prod"]);
    let billing = tunnel("billing");
    assert_eq!((billing.database.kind, billing.database.port.get()), (Kind::Mariadb, 3306));
    assert_eq!((&billing.listen, billing.autostart), (&None, false));
    assert_eq!(tunnel("cache").identity, None);
    assert_eq!(tunnel("shared").database.port.get(), 8080);
    assert_eq!(settings.warnings_of(tunnel("shared")).len(), 1);
    assert_eq!(settings.warnings_of(orders).len(), 1);
    assert_eq!(settings.tunnels_through(&"prod".parse().unwrap()).count(), 2);
    let preferences = &settings.preferences;
    assert_eq!((preferences.theme.as_deref(), preferences.mouse), (Some("mono"), false));
    assert_eq!(
        preferences.leaves_from,
        ["203.0.113.7", "2001:db8::7"].map(|ip| ip.parse::<std::net::IpAddr>().unwrap())
    );
}

#[test]
fn notices_are_off_until_a_manner_is_chosen() {
    let (_folder, paths) = home();
    let notify = |text: &str| {
        write(&paths.config, format!("[preferences]\n{text}").as_bytes());
        load(&paths).map(|settings| settings.preferences.notify).map_err(|error| error.to_string())
    };
    assert_eq!(notify(""), Ok(Notify::Off));
    assert_eq!(notify("notify = \"off\""), Ok(Notify::Off));
    assert_eq!(notify("notify = \"bell\""), Ok(Notify::Bell));
    assert_eq!(notify("notify = \"osc9\"\nnotify_command = \"x\""), Ok(Notify::Osc9));
    let command = "notify = \"command\"\nnotify_command = 'notify-send \"$ADIT_NOTICE\"'";
    assert_eq!(notify(command), Ok(Notify::Command("notify-send \"$ADIT_NOTICE\"".to_owned())));
    let error = notify("notify = \"command\"").unwrap_err();
    assert!(error.contains("config.toml:2:10: preferences.notify: which command?"), "{error}");
    assert!(notify("notify = \"mail\"").unwrap_err().contains("preferences.notify"));
}

#[test]
fn a_theme_is_judged_by_whoever_knows_which_there_are() {
    let (folder, paths) = home();
    let themes = ["mono", "catppuccin-mocha"].map(str::to_owned);
    for (theme, chosen) in [("auto", None), ("mono", Some("mono"))] {
        write(&paths.config, format!("preferences.theme = {theme:?}").as_bytes());
        assert_eq!(
            load_judged(&paths, &Surface { themes: &themes, judge: |_| Vec::new() })
                .unwrap()
                .preferences
                .theme
                .as_deref(),
            chosen
        );
    }
    let wrong = "[preferences]\ntheme = \"catppucin-mocha\"\nleaves_from = [\"x\"]\n";
    write(&paths.config, wrong.as_bytes());
    assert_eq!(
        words(load_judged(&paths, &Surface { themes: &themes, judge: |_| Vec::new() }), folder.path()),
        "config.toml:2:9: preferences.theme: there is no theme \"catppucin-mocha\"; did you mean \"catppuccin-mocha\"?\n\
         config.toml:3:16: preferences.leaves_from: \"x\" is no IP address, as in \"203.0.113.7\""
    );
    write(&paths.config, b"preferences.theme = \"aut\\u001bo\"");
    assert!(
        words(load_judged(&paths, &Surface { themes: &themes, judge: |_| Vec::new() }), folder.path())
            .ends_with("\"aut\\u{1b}o\"; did you mean \"auto\"?")
    );
    // Who does not know them does not judge.
    assert_eq!(load(&paths).unwrap().preferences.theme.as_deref(), Some("aut\u{1b}o"));
}

#[test]
fn keys_are_read_here_and_judged_by_whoever_knows_them() {
    let (folder, paths) = home();
    fs::create_dir(&paths.config_dir).unwrap();
    let own = "[keymap]\nquit = \"ctrl-q\"\n  down = [\"j\", \"n\"] # mine\nup = []\nfirst = 3\n";
    write(&paths.config, own.as_bytes());
    write(&paths.config_dir.join("a.toml"), b"[keymap]\nquit = \"Q\"\n");
    assert_eq!(
        words(load(&paths), folder.path()),
        "config.toml:4:6: keymap.up: needs a key between the brackets, as in [\"ctrl-d\"]\n\
         config.toml:5:9: keymap.first: needs a text in quotes, not a number\n\
         config.d/a.toml:2:1: keymap.quit: stands in config.toml:2 already"
    );
    fs::remove_file(paths.config_dir.join("a.toml")).unwrap();
    write(&paths.config, own.replace("up = []\nfirst = 3\n", "").as_bytes());
    let keymap = load(&paths).unwrap().preferences.keymap;
    let down = &keymap[0];
    assert_eq!((down.action.as_str(), &down.chords[..]), ("down", &["j".to_owned(), "n".to_owned()][..]));
    assert_eq!((down.file.as_str(), down.action_at, down.chords_at), ("config.toml", (3, 3), (3, 10)));
    let judge = |all: &[crate::model::Binding]| {
        let wrong = |index: usize| crate::model::Misbinding {
            index,
            of_action: all[index].action == "down",
            message: format!("{} is wrong", all[index].action),
            nearest: Some("up".to_owned()),
        };
        (0..all.len()).map(wrong).collect()
    };
    assert_eq!(
        words(load_judged(&paths, &Surface { themes: &[], judge }), folder.path()),
        "config.toml:2:8: keymap.quit: quit is wrong; did you mean \"up\"?\n\
         config.toml:3:3: keymap.down: down is wrong; did you mean \"up\"?"
    );
}

#[test]
fn a_preference_is_stated_once_in_all_files() {
    let (folder, paths) = home();
    fs::create_dir(&paths.config_dir).unwrap();
    write(&paths.config, b"[preferences]\ntheme = \"mono\"\n");
    write(&paths.config_dir.join("a.toml"), b"[preferences]\nmouse = false\n");
    let preferences = load(&paths).unwrap().preferences;
    assert_eq!((preferences.theme.as_deref(), preferences.mouse), (Some("mono"), false));
    write(&paths.config_dir.join("b.toml"), b"[preferences]\nmouse = true\ntheme = \"auto\"\n");
    assert_eq!(
        words(load(&paths), folder.path()),
        "config.d/b.toml:2:9: preferences.mouse: stands in config.d/a.toml:2 already\n\
         config.d/b.toml:3:9: preferences.theme: stands in config.toml:2 already"
    );
}

#[test]
fn no_files_are_an_empty_configuration() {
    let (_folder, paths) = home();
    assert_eq!(load(&paths), Ok(Settings::default()));
    assert_eq!(fingerprint(&paths), Fingerprint::default());
}

#[test]
fn files_that_cannot_be_trusted_are_refused_with_what_to_do() {
    let (folder, paths) = home();
    let at = folder.path().display().to_string();
    write(&paths.config, b"");
    fs::set_permissions(&paths.config, fs::Permissions::from_mode(0o664)).unwrap();
    fs::create_dir(&paths.config_dir).unwrap();
    fs::create_dir(paths.config_dir.join("a.toml")).unwrap();
    write(&paths.config_dir.join("b.toml"), &vec![b'\n'; (1 << 20) + 1]);
    write(&paths.config_dir.join("c.toml"), b"zebra = 1");
    symlink("loop.toml", paths.config_dir.join("loop.toml")).unwrap();
    assert_eq!(
        words(load(&paths), folder.path()),
        format!(
            "config.toml: cannot be read: others may write to it (mode 0664); run: chmod go-w {at}/config.toml\n\
            config.d/a.toml: cannot be read: it is not a regular file\n\
            config.d/b.toml: cannot be read: it is larger than 1048576 bytes\n\
            config.d/loop.toml: cannot be read: it is a symbolic link, which is not followed here\n\
            config.d/c.toml:1:1: zebra: unknown key"
        )
        .replace(&format!("{at}/config.toml\n"), "config.toml\n")
    );
    // Readable by others is fine.
    fs::remove_dir_all(&paths.config_dir).unwrap();
    fs::set_permissions(&paths.config, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(load(&paths).is_ok());
    // A file where the folder should be.
    write(&paths.config_dir, b"");
    assert_eq!(words(load(&paths), folder.path()), format!("cannot look into config.d: it is not a folder"));
}

#[test]
fn a_fingerprint_changes_with_every_file() {
    let (_folder, paths) = home();
    fs::create_dir(&paths.config_dir).unwrap();
    let more = paths.config_dir.join("more.toml");
    let mut seen = vec![fingerprint(&paths)];
    let changes: [&dyn Fn(); 6] = [
        &|| write(&paths.config, b"a"),
        &|| write(&paths.config, b"ab"),
        &|| crate::local::private_file::replace(&paths.config, b"ac").unwrap(),
        &|| write(&more, b""),
        &|| write(&more, b"x"),
        &|| fs::remove_file(&more).unwrap(),
    ];
    for change in changes {
        change();
        let now = fingerprint(&paths);
        assert_ne!(Some(&now), seen.last());
        assert_eq!(now, fingerprint(&paths));
        seen.push(now);
    }
}

#[test]
fn a_file_of_garbage_is_told_in_time_and_in_short() {
    for line in ["= = [\n", "x", "[[[[", "a = { b = [ ", "\"\"\"", "[a.b.c]\n", "k = \n", "[bastions.x]\n"] {
        let text = line.repeat((1 << 20) / line.len());
        let start = std::time::Instant::now();
        let words = said(&text);
        assert!(!words.is_empty(), "{line:?}");
        assert!(words.lines().count() <= 51, "{line:?}");
        assert!(start.elapsed().as_secs() < 20, "{line:?} took {:?}", start.elapsed());
    }
}

/// Lines that look like a configuration, so that the readers behind the parser get their share.
fn plausible() -> impl Strategy<Value = String> {
    let key = prop::sample::select(
        [
            "host",
            "port",
            "user",
            "key",
            "agent",
            "listen",
            "database",
            "bastion",
            "tags",
            "keepalive",
            "connect",
            "theme",
            "leaves_from",
            "x",
        ]
        .as_slice(),
    );
    let value = prop_oneof![
        Just("true".to_owned()),
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f64>().prop_map(|n| n.to_string()),
        "[a-z0-9.:~/-]{0,12}".prop_map(|text| format!("{text:?}")),
        any::<String>().prop_map(|text| format!("{text:?}")),
        Just("[\"a\", 1, {}]".to_owned()),
        Just("{ a = 1 }".to_owned()),
        Just("1979-05-27".to_owned()),
    ];
    let name = || "(bastions|tunnels|preferences|keymap)(\\.[a-c\"']{1,2}){0,2}";
    let line = prop_oneof![
        6 => (key, value.clone()).prop_map(|(key, value)| format!("{key} = {value}")),
        1 => (name(), value).prop_map(|(name, value)| format!("{name} = {value}")),
        2 => name().prop_map(|name| format!("[{name}]")),
        1 => name().prop_map(|name| format!("[[{name}]]")),
        1 => "# .{0,10}",
        1 => ".{0,12}",
    ];
    prop::collection::vec(line, 0..30).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn no_bytes_panic_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        said(bytes);
    }

    #[test]
    fn no_lines_panic_the_reader_and_all_places_exist(text in plausible()) {
        let (_folder, paths) = home();
        write(&paths.config, text.as_bytes());
        if let Err(ConfigError::Mistakes(Mistakes(mistakes))) = load(&paths) {
            prop_assert!(!mistakes.is_empty());
            for mistake in mistakes {
                prop_assert!(mistake.line >= 1 && mistake.line <= text.split('\n').count(), "{mistake}");
                let line = text.split('\n').nth(mistake.line - 1).unwrap_or_default();
                prop_assert!(mistake.column >= 1 && mistake.column <= line.chars().count() + 1, "{mistake}");
                prop_assert!(!mistake.to_string().contains(char::is_control), "{mistake}");
            }
        }
    }

    #[test]
    fn no_edit_of_any_text_panics_and_a_refused_one_changes_nothing(text in plausible()) {
        let (_folder, paths) = home();
        write(&paths.config, text.as_bytes());
        let store = Store::new(&paths);
        let bastion = BastionEdit {
            host: Some("b".into()),
            user: Some("u".into()),
            agent: Some(crate::model::AgentSocket::Environment),
            ..BastionEdit::default()
        };
        let [a, b] = ["a", "b"].map(|name| name.parse().unwrap());
        let edits: [&dyn Fn() -> Result<(), EditError>; 6] = [
            &|| store.add_bastion(&a, &bastion),
            &|| store.edit_bastion(&a, &BastionEdit { unset: vec!["port".into()], ..bastion.clone() }),
            &|| store.rename_bastion(&a, &b),
            &|| store.remove_tunnel(&a),
            &|| store.remove_bastion(&b),
            &|| store.assign_port(&a).map(drop),
        ];
        for edit in edits {
            let before = fs::read(&paths.config).unwrap();
            match edit() {
                Ok(()) => prop_assert!(fs::read(&paths.config).unwrap() == before || load(&paths).is_ok()),
                Err(_) => prop_assert_eq!(fs::read(&paths.config).unwrap(), before),
            }
        }
    }
}
