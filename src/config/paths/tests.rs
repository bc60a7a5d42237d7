//! The places as the contract names them.

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

const UID: u32 = 4711;

fn found(variables: &[(&str, &str)], home: Option<&str>) -> Result<Paths, PathsError> {
    let variables: BTreeMap<String, OsString> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value))).collect();
    Paths::from(&|name| variables.get(name).cloned(), UID, home.map(Path::new))
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_home_holds_everything() {
    let paths = found(&[("ADIT_HOME", "/other"), ("HOME", "/me")], Some("/h/./a//")).unwrap();
    assert_eq!(paths.home.as_deref().map(text), Some("/h/a"));
    assert_eq!(paths.user_home.as_deref().map(text), Some("/me"));
    let all = [
        (&paths.config, "/h/a/config.toml"),
        (&paths.config_dir, "/h/a/config.d"),
        (&paths.keys, "/h/a/keys"),
        (&paths.known_hosts, "/h/a/known_hosts"),
        (&paths.state, "/h/a/state"),
        (&paths.socket, "/h/a/run/adit.sock"),
        (&paths.log, "/h/a/log"),
        (&paths.themes, "/h/a/themes"),
    ];
    for (path, expected) in all {
        assert_eq!(text(path), expected);
    }
}

#[test]
fn the_line_beats_the_variable_beats_xdg() {
    let xdg = [("HOME", "/me"), ("XDG_CONFIG_HOME", "/c"), ("ADIT_HOME", "/a")];
    assert_eq!(text(&found(&xdg, Some("/h")).unwrap().config), "/h/config.toml");
    assert_eq!(text(&found(&xdg, None).unwrap().config), "/a/config.toml");
    assert_eq!(text(&found(xdg.get(..2).unwrap(), None).unwrap().config), "/c/adit/config.toml");
    // An empty variable counts as unset; an empty option is a mistake.
    let empty = [("HOME", "/me"), ("XDG_CONFIG_HOME", ""), ("ADIT_HOME", "")];
    assert_eq!(text(&found(&empty, None).unwrap().config), "/me/.config/adit/config.toml");
    assert_eq!(found(&xdg, Some("")), Err(PathsError::EmptyHome));
}

#[test]
fn without_a_home_the_xdg_folders_hold_it() {
    let paths = found(
        &[
            ("HOME", "/me"),
            ("XDG_CONFIG_HOME", "/c"),
            ("XDG_DATA_HOME", "/d"),
            ("XDG_STATE_HOME", "/s"),
            ("XDG_RUNTIME_DIR", "/absent/r"),
        ],
        None,
    )
    .unwrap();
    assert_eq!(paths.home, None);
    let all = [
        (&paths.config, "/c/adit/config.toml"),
        (&paths.config_dir, "/c/adit/config.d"),
        (&paths.themes, "/c/adit/themes"),
        (&paths.keys, "/d/adit/keys"),
        (&paths.known_hosts, "/d/adit/known_hosts"),
        (&paths.state, "/s/adit"),
        (&paths.log, "/s/adit/log"),
        (&paths.socket, "/absent/r/adit/adit.sock"),
    ];
    for (path, expected) in all {
        assert_eq!(text(path), expected);
    }
    let paths = found(&[("HOME", "/me")], None).unwrap();
    assert_eq!(text(&paths.keys), "/me/.local/share/adit/keys");
    assert_eq!(text(&paths.state), "/me/.local/state/adit");
    assert_eq!(text(&paths.socket), "/me/.local/state/adit/run/adit.sock");
    // Somebody else's runtime folder (uid 0 here) is none.
    let paths = found(&[("HOME", "/me"), ("XDG_RUNTIME_DIR", "/")], None).unwrap();
    assert_eq!(text(&paths.socket), "/me/.local/state/adit/run/adit.sock");
}

#[test]
fn without_any_home_it_says_what_to_set() {
    for variables in [&[][..], &[("HOME", "")], &[("HOME", "relative")]] {
        let error = found(variables, None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot tell where the configuration belongs: set HOME to an absolute path, or name a folder with --home"
        );
    }
    assert!(found(&[], Some("/h")).is_ok());
    assert!(found(&[("XDG_CONFIG_HOME", "/c"), ("XDG_DATA_HOME", "/d"), ("XDG_STATE_HOME", "/s")], None).is_ok());
}

#[test]
fn relative_ones_are_made_absolute() {
    let here = env::current_dir().unwrap();
    assert_eq!(found(&[], Some("h")).unwrap().config, here.join("h/config.toml"));
    assert_eq!(found(&[("ADIT_HOME", "./h")], None).unwrap().config, here.join("h/config.toml"));
    let xdg = [("HOME", "/me"), ("XDG_CONFIG_HOME", "c")];
    assert_eq!(found(&xdg, None).unwrap().config, here.join("c/adit/config.toml"));
}

#[test]
fn a_long_socket_path_falls_back_to_a_short_fixed_one() {
    let just = format!("/{}", "x".repeat(100 - "//run/adit.sock".len()));
    let paths = found(&[], Some(&just)).unwrap();
    assert_eq!(paths.socket.as_os_str().len(), 100);
    let over = just + "x";
    let paths = found(&[], Some(&over)).unwrap();
    let socket = text(&paths.socket).to_owned();
    assert!(socket.starts_with("/tmp/adit-4711-") && socket.ends_with("/adit.sock"), "{socket}");
    assert_eq!(socket.len(), "/tmp/adit-4711-0123456789abcdef/adit.sock".len());
    assert_eq!(text(&found(&[], Some(&over)).unwrap().socket), socket);
    assert_ne!(text(&found(&[], Some(&(over + "y"))).unwrap().socket), socket);
}

#[test]
fn the_short_socket_is_the_same_by_every_spelling_and_before_and_after() {
    let folder = tempfile::TempDir::new().unwrap();
    let real = folder.path().join("x".repeat(100));
    let link = folder.path().join("y".repeat(100));
    fs::create_dir(&real).unwrap();
    symlink(&real, &link).unwrap();
    let before = found(&[], link.join("home").to_str()).unwrap();
    assert_eq!(before.socket, found(&[], real.join("home").to_str()).unwrap().socket);
    fs::create_dir_all(real.join("home/run")).unwrap();
    assert_eq!(before.socket, found(&[], link.join("home").to_str()).unwrap().socket);
}

#[test]
fn finding_makes_nothing_and_preparing_makes_private_folders() {
    let folder = tempfile::TempDir::new().unwrap();
    let home = folder.path().join("deep/home");
    let paths = found(&[], home.to_str()).unwrap();
    assert!(!folder.path().join("deep").exists());
    paths.prepare().unwrap();
    for made in [&home, &paths.keys, &paths.state, &paths.log, &home.join("run")] {
        assert_eq!(mode(made), 0o700, "{}", made.display());
    }
    for not_made in [&paths.config, &paths.config_dir, &paths.themes, &paths.known_hosts, &paths.socket] {
        assert!(!not_made.exists());
    }
    paths.prepare().unwrap();
}

#[test]
fn folders_that_others_can_use_are_refused_and_left_as_they_are() {
    let folder = tempfile::TempDir::new().unwrap();
    let paths = found(&[], folder.path().to_str()).unwrap();
    paths.prepare().unwrap();
    for made in [&paths.config_dir, &paths.themes] {
        fs::create_dir(made).unwrap();
    }
    let run = paths.socket.parent().unwrap().to_owned();
    for (path, open, refused) in [
        (&paths.keys, 0o750, true),
        (&run, 0o711, true),
        (&paths.state, 0o755, false),
        (&paths.state, 0o770, true),
        (&paths.log, 0o702, true),
        (&paths.config_dir, 0o755, false),
        (&paths.config_dir, 0o777, true),
        (&paths.themes, 0o720, true),
        (&folder.path().to_owned(), 0o755, false),
        (&folder.path().to_owned(), 0o775, true),
    ] {
        fs::set_permissions(path, fs::Permissions::from_mode(open)).unwrap();
        assert_eq!(paths.prepare().is_err(), refused, "{} {open:o}", path.display());
        assert_eq!(mode(path), open);
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
    }
}
