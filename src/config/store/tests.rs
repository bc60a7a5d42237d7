//! Edits as a person would see them in the file, and what happens to the file when they cannot be made.

mod theme;
mod undo;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::Command;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::local::private_file::Cause;
use crate::local::process::own_uid;
use crate::model::{AgentSocket, Kind};

const COMMENTED: &str = r#"# The tunnels of our team.
# Ask in #data before changing any.

version = 1 # the only one

# The one and only bastion.
[bastions.prod] # behind the VPN
# its public name
host = "bastion.example.com" # not the old one
user = "adit"
  # indented
key = "prod"
# after the last key

# The orders database.

[tunnels.orders]
bastion = "prod" # via the bastion
database = "postgres"
# as the bastion sees it
host = "10.0.1.12"
# moved in May
port = 5433 # 5432 is the old cluster
tags = [
    "eu", # Europe
    # the important ones
    "prod",
]

# The cache.
[tunnels.cache]
bastion = "prod"
database = "redis"
host = "cache"
# the end
"#;

fn home() -> (TempDir, Paths) {
    let folder = TempDir::new().unwrap();
    let env = |name: &str| (name == "HOME").then(|| "/home/me".into());
    let paths = Paths::from(&env, own_uid(), Some(folder.path())).unwrap();
    (folder, paths)
}

fn with(text: &str) -> (TempDir, Paths, Store) {
    let (folder, paths) = home();
    write_private(&paths.config, text);
    let store = Store::new(&paths);
    (folder, paths, store)
}

fn write_private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

fn bastion() -> BastionEdit {
    BastionEdit { host: Some("b".into()), user: Some("u".into()), key: Some(name("k")), ..BastionEdit::default() }
}

fn tunnel() -> TunnelEdit {
    TunnelEdit {
        bastion: Some(name("prod")),
        database: Some(Kind::Postgres),
        host: Some("db".into()),
        ..TunnelEdit::default()
    }
}

/// The lines that an edit took away and put in.
fn difference(before: &str, after: &str) -> (Vec<String>, Vec<String>) {
    let minus = |a: &str, b: &str| {
        let mut left: Vec<_> = b.lines().collect();
        a.lines()
            .filter(|line| match left.iter().position(|other| other == line) {
                Some(at) => {
                    left.remove(at);
                    false
                }
                None => true,
            })
            .map(ToOwned::to_owned)
            .collect::<Vec<_>>()
    };
    (minus(before, after), minus(after, before))
}

/// The lines that hold nothing but a comment.
fn comments(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| line.starts_with('#')).collect()
}

#[test]
fn the_first_edit_makes_a_private_file() {
    let (folder, paths) = home();
    let store = Store::new(&paths);
    store.add_bastion(&name("prod"), &BastionEdit { port: Some(2222), ..bastion() }).unwrap();
    let full = TunnelEdit {
        port: Some(5433),
        listen: Some("15432".into()),
        key: Some(name("orders")),
        user: Some("app".into()),
        dbname: Some("orders \"quoted\"".into()),
        autostart: Some(true),
        tags: vec![name("eu"), name("prod")],
        ..tunnel()
    };
    store.add_tunnel(&name("orders"), &full).unwrap();
    let expected = r#"version = 1

[bastions.prod]
host = "b"
port = 2222
user = "u"
key = "k"

[tunnels.orders]
bastion = "prod"
key = "orders"
database = "postgres"
host = "db"
port = 5433
listen = "127.0.0.1:15432"
user = "app"
dbname = 'orders "quoted"'
autostart = true
tags = ["eu", "prod"]
"#;
    assert_eq!(text(&paths.config), expected);
    assert_eq!(fs::metadata(&paths.config).unwrap().mode() & 0o7777, 0o600);
    assert_eq!(fs::metadata(folder.path().join("config.toml.bak")).unwrap().mode() & 0o7777, 0o600);
    // A bastion that comes later stands with the others.
    store.add_bastion(&name("edge"), &bastion()).unwrap();
    let order: Vec<_> = text(&paths.config).lines().filter(|line| line.starts_with('[')).map(str::to_owned).collect();
    assert_eq!(order, ["[bastions.prod]", "[bastions.edge]", "[tunnels.orders]"]);
}

#[test]
fn an_edit_changes_its_lines_and_no_others() {
    let (folder, paths, store) = with(COMMENTED);
    let step = |edit: &dyn Fn() -> Result<(), EditError>, gone: &[&str], new: &[&str]| {
        let before = text(&paths.config);
        edit().unwrap();
        let after = text(&paths.config);
        assert_eq!(difference(&before, &after), (owned(gone), owned(new)), "{after}");
        assert_eq!(text(&folder.path().join("config.toml.bak")), before);
        load(&paths).unwrap();
    };
    step(
        &|| {
            let edit = BastionEdit { host: Some("new.example.com".into()), ..BastionEdit::default() };
            store.edit_bastion(&name("prod"), &edit)
        },
        &["host = \"bastion.example.com\" # not the old one"],
        &["host = \"new.example.com\" # not the old one"],
    );
    step(
        &|| {
            let edit = BastionEdit { agent: Some(AgentSocket::Environment), ..BastionEdit::default() };
            store.edit_bastion(&name("prod"), &edit)
        },
        &["key = \"prod\""],
        &["agent = true", ""],
    );
    step(
        &|| {
            let edit = TunnelEdit { tags: vec![name("eu"), name("prod"), name("gold")], ..TunnelEdit::default() };
            store.edit_tunnel(&name("orders"), &edit)
        },
        &["    \"prod\","],
        &["    \"prod\", \"gold\","],
    );
    step(
        &|| {
            let edit = TunnelEdit { unset: vec!["port".into(), "tags".into()], ..TunnelEdit::default() };
            store.edit_tunnel(&name("orders"), &edit)
        },
        &[
            "port = 5433 # 5432 is the old cluster",
            "tags = [",
            "    \"eu\", # Europe",
            "    # the important ones",
            "    \"prod\", \"gold\",",
            "]",
        ],
        &[],
    );
    step(&|| store.rename_tunnel(&name("cache"), &name("sessions")), &["[tunnels.cache]"], &["[tunnels.sessions]"]);
    step(
        &|| store.rename_bastion(&name("prod"), &name("edge")),
        &["[bastions.prod] # behind the VPN", "bastion = \"prod\" # via the bastion", "bastion = \"prod\""],
        &["[bastions.edge] # behind the VPN", "bastion = \"edge\" # via the bastion", "bastion = \"edge\""],
    );
    step(
        &|| store.remove_tunnel(&name("orders")),
        &[
            "[tunnels.orders]",
            "bastion = \"edge\" # via the bastion",
            "database = \"postgres\"",
            "# as the bastion sees it",
            "host = \"10.0.1.12\"",
        ],
        &[],
    );
    let remaining = text(&paths.config);
    for kept in ["# The orders database.", "# moved in May", "# after the last key", "# The cache.", "# the end"] {
        assert!(remaining.contains(kept), "{kept}: {remaining}");
    }
}

fn owned(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

#[test]
fn an_edit_that_changes_nothing_writes_nothing() {
    for untouched in [COMMENTED.to_owned(), format!("\n\n{COMMENTED}"), COMMENTED.replace('\n', "\r\n")] {
        let (folder, paths, store) = with(&untouched);
        let before = super::super::load::fingerprint(&paths);
        store
            .edit_bastion(&name("prod"), &BastionEdit { user: Some("adit".into()), ..BastionEdit::default() })
            .unwrap();
        store
            .edit_tunnel(&name("orders"), &TunnelEdit { tags: vec![name("eu"), name("prod")], ..Default::default() })
            .unwrap();
        store.rename_tunnel(&name("orders"), &name("orders")).unwrap();
        assert_eq!(super::super::load::fingerprint(&paths), before);
        assert!(!folder.path().join("config.toml.bak").exists());
    }
}

#[test]
fn line_ends_and_leading_blank_lines_stay_as_they_were() {
    let (_folder, paths, store) = with(&format!("\n\n{COMMENTED}").replace('\n', "\r\n"));
    store.add_tunnel(&name("new"), &tunnel()).unwrap();
    store.edit_tunnel(&name("orders"), &TunnelEdit { port: Some(1), ..TunnelEdit::default() }).unwrap();
    let after = text(&paths.config);
    assert_eq!(after.matches('\n').count(), after.matches("\r\n").count());
    assert!(after.starts_with("\r\n\r\n# The tunnels"));
    assert!(after.contains("[tunnels.new]\r\n"));
}

#[test]
fn comments_at_the_end_stay_before_what_is_added_there() {
    let (_folder, paths, store) = with(COMMENTED);
    store.add_tunnel(&name("new"), &tunnel()).unwrap();
    let after = text(&paths.config);
    assert!(after.contains("host = \"cache\"\n# the end\n\n[tunnels.new]\n"), "{after}");
    store.remove_tunnel(&name("new")).unwrap();
    assert_eq!(comments(&text(&paths.config)), comments(COMMENTED));
    let (_folder, paths, store) = with("# nothing yet\n");
    store.add_bastion(&name("prod"), &bastion()).unwrap();
    assert!(text(&paths.config).starts_with("# nothing yet\n\n[bastions.prod]\n"), "{}", text(&paths.config));
}

#[test]
fn the_first_entry_leaves_the_head_of_the_file() {
    let (_folder, paths, store) = with(
        "# Our file.\n[bastions.a]\nhost = \"a\"\nuser = \"u\"\nkey = \"k\"\n\n\
        [bastions.b]\nhost = \"b\"\nuser = \"u\"\nkey = \"k\"\n",
    );
    store.remove_bastion(&name("a")).unwrap();
    assert_eq!(text(&paths.config), "# Our file.\n\n[bastions.b]\nhost = \"b\"\nuser = \"u\"\nkey = \"k\"\n");
    store.remove_bastion(&name("b")).unwrap();
    assert_eq!(text(&paths.config), "# Our file.\n");
}

#[test]
fn other_ways_to_write_the_same_are_edited_as_they_stand() {
    for original in [
        "bastions = { prod = { host = \"b\", user = \"u\", key = \"k\" } }\n\
         # dotted\ntunnels.orders.bastion = \"prod\"\ntunnels.orders.database = \"redis\"\n\
         tunnels.orders.host = \"h\"\n",
        "[bastions]\nprod.host = \"b\"\n# user\nprod.user = \"u\"\nprod.key = \"k\"\n\
         [tunnels]\norders = { bastion = \"prod\", database = \"redis\", host = \"h\" }\n",
    ] {
        let (_folder, paths, store) = with(original);
        let count = comments(original).len();
        store.add_bastion(&name("edge"), &bastion()).unwrap();
        store.add_tunnel(&name("new"), &tunnel()).unwrap();
        store.edit_bastion(&name("prod"), &BastionEdit { port: Some(2222), ..BastionEdit::default() }).unwrap();
        store.rename_bastion(&name("prod"), &name("main")).unwrap();
        store.rename_tunnel(&name("orders"), &name("moved")).unwrap();
        let listen = store.assign_port(&name("moved")).unwrap();
        let settings = load(&paths).unwrap();
        assert_eq!(settings.bastions.get(&name("main")).unwrap().endpoint.port.get(), 2222);
        assert_eq!(settings.tunnels.get(&name("moved")).unwrap().listen, Some(listen));
        assert_eq!(settings.tunnels.get(&name("new")).unwrap().bastion, name("main"));
        assert_eq!(comments(&text(&paths.config)).len(), count, "{}", text(&paths.config));
        store.remove_tunnel(&name("moved")).unwrap();
        store.remove_tunnel(&name("new")).unwrap();
        store.remove_bastion(&name("main")).unwrap();
        assert_eq!(load(&paths).unwrap().bastions.len(), 1);
    }
}

#[test]
fn entries_of_further_files_are_edited_there() {
    let (_folder, paths, store) = with("");
    fs::create_dir(&paths.config_dir).unwrap();
    fs::set_permissions(&paths.config_dir, fs::Permissions::from_mode(0o700)).unwrap();
    let more = paths.config_dir.join("team.toml");
    write_private(&more, COMMENTED);
    fs::remove_file(&paths.config).unwrap();
    store.edit_tunnel(&name("orders"), &TunnelEdit { port: Some(1), ..TunnelEdit::default() }).unwrap();
    assert!(!paths.config.exists());
    assert!(text(&more).contains("port = 1 # 5432 is the old cluster"));
    assert_eq!(text(&paths.config_dir.join("team.toml.bak")), COMMENTED);
    store.add_tunnel(&name("new"), &tunnel()).unwrap();
    assert!(text(&paths.config).contains("[tunnels.new]"));
    store.rename_bastion(&name("prod"), &name("edge")).unwrap();
    assert!(text(&paths.config).contains("bastion = \"edge\""));
    assert!(text(&more).contains("[bastions.edge]"));
    assert!(matches!(store.add_tunnel(&name("cache"), &tunnel()), Err(EditError::Exists { .. })));
}

#[test]
fn refusals_name_what_is_in_the_way_and_change_nothing() {
    let (folder, paths, store) = with(COMMENTED);
    let said = |result: Result<(), EditError>| result.unwrap_err().to_string();
    let edit = BastionEdit::default;
    let some = |text: &str| Some(text.to_owned());
    for (refused, sentence) in [
        (store.add_bastion(&name("prod"), &bastion()), "there is a bastion \"prod\" already"),
        (store.add_tunnel(&name("cache"), &tunnel()), "there is a tunnel \"cache\" already"),
        (store.edit_bastion(&name("prd"), &bastion()), "there is no bastion \"prd\"; did you mean \"prod\"?"),
        (store.remove_bastion(&name("x")), "there is no bastion \"x\""),
        (store.edit_tunnel(&name("order"), &tunnel()), "there is no tunnel \"order\"; did you mean \"orders\"?"),
        (store.remove_tunnel(&name("zebra")), "there is no tunnel \"zebra\""),
        (store.rename_tunnel(&name("orders"), &name("cache")), "there is a tunnel \"cache\" already"),
        (store.rename_tunnel(&name("zebra"), &name("cache")), "there is no tunnel \"zebra\""),
        (store.rename_bastion(&name("edge"), &name("prod")), "there is no bastion \"edge\""),
        (store.remove_bastion(&name("prod")), "the bastion \"prod\" is in use by the tunnels cache, orders"),
        (
            store.add_tunnel(&name("new"), &TunnelEdit { bastion: Some(name("prd")), ..tunnel() }),
            "there is no bastion \"prd\"; did you mean \"prod\"?",
        ),
        (
            store.add_bastion(&name("new"), &BastionEdit { key: None, ..bastion() }),
            "bastions.new: an identity is missing: add key = \"new\", \
             identity_file = \"~/.ssh/id_ed25519\" or agent = true",
        ),
        (
            store.edit_bastion(&name("prod"), &BastionEdit { host: some("a b"), port: Some(0), ..edit() }),
            "bastions.prod.host: \"a b\" is not a host: give a name, an IPv4 or an IPv6 address, \
             without port, scheme or blanks\n\
             bastions.prod.port: not a port: use a number from 1 to 65535",
        ),
        (
            store.edit_bastion(&name("prod"), &BastionEdit { via: owned(&["edge"]), ..edit() }),
            "bastions.prod.via: jumping through other bastions is not built yet; take this key out",
        ),
        (
            store.edit_bastion(&name("prod"), &BastionEdit { unset: owned(&["hots"]), ..edit() }),
            "a bastion has no field \"hots\"; did you mean \"host\"?",
        ),
        (
            store.edit_bastion(&name("prod"), &BastionEdit { unset: owned(&["host"]), ..edit() }),
            "host cannot be cleared: a bastion needs it",
        ),
        (
            store.edit_bastion(&name("prod"), &BastionEdit { agent: Some(AgentSocket::Environment), ..bastion() }),
            "key and agent at once: a login shows one identity only",
        ),
        (
            store.edit_tunnel(&name("orders"), &TunnelEdit { listen: some("0.0.0.0:15432"), ..Default::default() }),
            "tunnels.orders.listen: other machines could connect to 0.0.0.0:15432: \
             listen on 127.0.0.1, or set allow_remote_clients = true",
        ),
    ] {
        assert_eq!(said(refused), sentence);
    }
    assert_eq!(text(&paths.config), COMMENTED);
    assert!(!folder.path().join("config.toml.bak").exists());
}

#[test]
fn a_broken_file_is_told_with_its_places_and_can_be_mended_by_an_edit() {
    let (_folder, paths, store) = with("[bastions.prod]\nhost = \"b\"\nuser = \"u\"\nkey = \"k\"\nport = 0\n");
    let refused = store.add_bastion(&name("edge"), &bastion()).unwrap_err();
    assert!(matches!(refused, EditError::Config(_)));
    assert!(refused.to_string().contains("config.toml:5:8: bastions.prod.port"), "{refused}");
    assert!(matches!(store.assign_port(&name("x")), Err(EditError::Config(_))));
    store.edit_bastion(&name("prod"), &BastionEdit { port: Some(22), ..BastionEdit::default() }).unwrap();
    load(&paths).unwrap();
    write_private(&paths.config, "[bastions.prod\n");
    let refused = store.add_bastion(&name("edge"), &bastion()).unwrap_err();
    assert!(refused.to_string().contains("config.toml:1:15: this is not TOML"), "{refused}");
    fs::set_permissions(&paths.config, fs::Permissions::from_mode(0o666)).unwrap();
    let refused = store.add_bastion(&name("edge"), &bastion()).unwrap_err();
    assert!(refused.to_string().contains("run: chmod go-w"), "{refused}");
}

#[test]
fn identity_files_are_written_as_a_service_can_find_them() {
    let (_folder, paths, store) = with("");
    let edit = |path: &str| BastionEdit { key: None, identity_file: Some(path.into()), ..bastion() };
    store.add_bastion(&name("a"), &edit("~/.ssh/id")).unwrap();
    store.add_bastion(&name("b"), &edit("keys/id")).unwrap();
    let agent = BastionEdit { key: None, agent: Some(AgentSocket::Path("/a.sock".into())), ..bastion() };
    store.add_bastion(&name("c"), &agent).unwrap();
    let after = text(&paths.config);
    let here = std::env::current_dir().unwrap();
    assert!(after.contains("identity_file = \"~/.ssh/id\""), "{after}");
    assert!(after.contains(&format!("identity_file = \"{}/keys/id\"", here.display())), "{after}");
    assert!(after.contains("agent = \"/a.sock\""), "{after}");
}

#[test]
fn a_port_is_chosen_once_and_kept() {
    let (_folder, paths, store) = with(COMMENTED);
    let first = store.assign_port(&name("orders")).unwrap();
    assert!((15_000..=29_999).contains(&first.port().unwrap()));
    assert!(first.is_local());
    assert_eq!(store.assign_port(&name("orders")).unwrap(), first);
    assert_ne!(store.assign_port(&name("cache")).unwrap(), first);
    assert_eq!(load(&paths).unwrap().tunnels.get(&name("orders")).unwrap().listen, Some(first));
    assert!(matches!(store.assign_port(&name("zebra")), Err(EditError::Unknown { .. })));
}

#[test]
fn a_link_to_the_file_stays_a_link() {
    let (folder, paths) = home();
    fs::create_dir(folder.path().join("dotfiles")).unwrap();
    let real = folder.path().join("dotfiles/adit.toml");
    write_private(&real, COMMENTED);
    symlink(&real, &paths.config).unwrap();
    Store::new(&paths).remove_tunnel(&name("cache")).unwrap();
    assert!(fs::symlink_metadata(&paths.config).unwrap().is_symlink());
    assert!(!text(&real).contains("tunnels.cache"));
}

#[test]
fn edits_at_the_same_moment_are_all_kept() {
    let (_folder, paths, store) = with(COMMENTED);
    std::thread::scope(|scope| {
        for index in 0..8 {
            let store = &store;
            scope.spawn(move || {
                let new = name(&format!("t{index}"));
                store.add_tunnel(&new, &tunnel()).unwrap();
                store.assign_port(&new).unwrap();
            });
        }
    });
    let settings = load(&paths).unwrap();
    assert_eq!(settings.tunnels.len(), 10);
    assert_eq!(settings.tunnels.values().filter(|tunnel| tunnel.listen.is_some()).count(), 8);
}

#[test]
fn a_write_that_fails_leaves_file_and_settings_as_they_were() {
    let (folder, paths, _store) = with(COMMENTED);
    let output = Command::new("sh")
        .arg("-c")
        // 512 bytes a block: less than the file has.
        .arg("trap '' XFSZ; ulimit -f 1; exec \"$0\" --exact config::store::tests::edits_beyond_the_limit")
        .arg(std::env::current_exe().unwrap())
        .env("ADIT_TEST_FOLDER", folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{output:?}");
    assert_eq!(text(&paths.config), COMMENTED);
    let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["config.toml", "state"]);
}

#[test]
fn edits_beyond_the_limit() {
    // Only as the test above prepares it.
    let Some(folder) = std::env::var_os("ADIT_TEST_FOLDER") else { return };
    let paths = Paths::from(&|_| None, own_uid(), Some(Path::new(&folder))).unwrap();
    let refused = Store::new(&paths).add_bastion(&name("edge"), &bastion()).unwrap_err();
    let EditError::File(error) = refused else { panic!("{refused}") };
    assert!(matches!(error.cause, Cause::Io(..)), "{error}");
}

/// What a person might do to the commented file.
#[derive(Debug, Clone)]
enum Step {
    Bastion(BastionEdit),
    Tunnel(bool, TunnelEdit),
    Rename(bool),
    Add(u8),
    Assign(bool),
}

fn step() -> impl Strategy<Value = Step> {
    let word = || prop::option::of("[a-z]{1,6}");
    let port = || prop::option::of(1..=u16::MAX);
    let unset = |names: &'static [&'static str]| {
        prop::collection::vec(prop::sample::select(names).prop_map(str::to_owned), 0..2)
    };
    let bastion = (word(), port(), word(), prop::option::of(any::<bool>()), unset(&["port", "keepalive", "sessions"]));
    let tunnel = (
        word(),
        port(),
        word(),
        prop::option::of(any::<bool>()),
        unset(&["port", "user", "autostart", "key", "listen"]),
        prop::option::of("[a-z]{1,3}"),
    );
    prop_oneof![
        bastion.prop_map(|(host, port, user, legacy_algorithms, unset)| Step::Bastion(BastionEdit {
            host,
            port,
            user,
            legacy_algorithms,
            unset,
            ..BastionEdit::default()
        })),
        (any::<bool>(), tunnel).prop_map(|(which, (host, port, user, autostart, unset, key))| Step::Tunnel(
            which,
            TunnelEdit { host, port, user, autostart, unset, key: key.map(|key| name(&key)), ..TunnelEdit::default() }
        )),
        any::<bool>().prop_map(Step::Rename),
        any::<u8>().prop_map(Step::Add),
        any::<bool>().prop_map(Step::Assign),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_edit_loses_a_comment(steps in prop::collection::vec(step(), 1..8)) {
        let (_folder, paths, store) = with(COMMENTED);
        let mut names = [name("orders"), name("cache")];
        for step in steps {
            let before = text(&paths.config);
            let done = match step {
                Step::Bastion(edit) => store.edit_bastion(&name("prod"), &edit),
                Step::Tunnel(which, edit) => store.edit_tunnel(&names[usize::from(which)], &edit),
                Step::Rename(which) => {
                    let old = &mut names[usize::from(which)];
                    let new = name(&format!("{old}x"));
                    let done = store.rename_tunnel(old, &new);
                    *old = new;
                    done
                }
                Step::Add(number) => store.add_tunnel(&name(&format!("new{number}")), &tunnel()),
                Step::Assign(which) => store.assign_port(&names[usize::from(which)]).map(drop),
            };
            let after = text(&paths.config);
            match done {
                Ok(()) => {
                    let mut kept = comments(&after);
                    for comment in comments(&before) {
                        let at = kept.iter().position(|other| *other == comment);
                        prop_assert!(at.is_some(), "lost {comment:?}:\n{after}");
                        kept.remove(at.unwrap());
                    }
                    prop_assert!(load(&paths).is_ok());
                }
                Err(_) => prop_assert_eq!(before, after),
            }
        }
    }
}
