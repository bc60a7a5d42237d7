//! Hand-offs as a whole: the real names in every platform's steps, both ways in each, and nothing that a shell would run by
//! accident.

use std::path::Path;
use std::process::Command;

use proptest::prelude::*;

use super::*;
use crate::model::{Kind, Owner, shell_word};

/// Two databases behind one bastion, seen from two addresses.
fn setup() -> Setup {
    let database =
        |kind, host: &str, port: u16| Database { kind, host: host.parse().unwrap(), port: port.try_into().unwrap() };
    let served = |name: &str, database| Served { tunnel: name.parse().unwrap(), database };
    Setup {
        subject: Subject::Tunnel("orders".parse().unwrap()),
        bastion: "prod".parse().unwrap(),
        address: Endpoint::new("bastion.example.com".parse().unwrap(), 2222.try_into().unwrap()),
        user: "tunnel-ana".to_owned(),
        key: Some(PublicKey {
            line: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBbDXOuaR1qp5J+fIx7Wyo6WAjOcynQzGpb0MzlXPchk adit:prod"
                .to_owned(),
            fingerprint: "SHA256:uJgSBMQBWJ5hnL2f3cN8b8LXyqVF7JQEwT8YHEzmcKY".to_owned(),
        }),
        key_unknown: None,
        databases: vec![
            served("orders", database(Kind::Postgres, "10.0.1.12", 5432)),
            served("stock", database(Kind::Mysql, "db.internal", 3306)),
        ],
        others: Vec::new(),
        from: vec!["203.0.113.7".parse().unwrap(), "2001:db8::7".parse().unwrap()],
        seen: Vec::new(),
        expires: Some(Date::constant(2027, 3, 1)),
    }
}

fn at(bastion: &str, kind: Kind, database: &str) -> Setup {
    let mut setup = setup();
    setup.address.host = bastion.parse().unwrap();
    setup.databases.truncate(1);
    setup.databases[0].database.kind = kind;
    setup.databases[0].database.host = database.parse().unwrap();
    setup.databases[0].database.port = kind.default_port().unwrap();
    setup.from.truncate(1);
    setup
}

fn commands(packet: &Packet) -> Vec<(Option<Platform>, String)> {
    let of = |step: &Step| {
        let platform = step.platform;
        step.commands.iter().filter_map(move |advice| Some((platform, advice.command.clone()?))).collect::<Vec<_>>()
    };
    packet.steps.iter().flat_map(of).collect()
}

fn whole(setup: &Setup, platforms: &[Platform]) -> String {
    let packet = packet(setup, platforms);
    format!("{}{}", text(&packet), markdown(&packet))
}

#[test]
fn the_line_lets_the_key_do_nothing_but_its_work() {
    let line = packet(&setup(), &[]).authorized_key.unwrap();
    assert_eq!(
        line,
        "restrict,port-forwarding,permitopen=\"10.0.1.12:5432\",permitopen=\"db.internal:3306\",\
         from=\"203.0.113.7,2001:db8::7\",expiry-time=\"20270301\" \
         ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBbDXOuaR1qp5J+fIx7Wyo6WAjOcynQzGpb0MzlXPchk adit:prod"
    );
    let read = crate::model::authorized_key::KeyLine::read(&line).unwrap();
    assert!(setup().targets().iter().all(|target| read.options.permits(target)) && read.options.forwarding);
    let old = line::old_line(&setup()).unwrap();
    let read = crate::model::authorized_key::KeyLine::read(&old).unwrap();
    assert!(setup().targets().iter().all(|target| read.options.permits(target)) && read.options.forwarding);
    assert!(!old.contains("restrict") && !old.contains("expiry-time"), "{old}");
    let mut without = setup();
    without.databases.clear();
    for line in [line::line(&without).unwrap(), line::old_line(&without).unwrap()] {
        assert!(!crate::model::authorized_key::KeyLine::read(&line).unwrap().options.forwarding, "{line}");
    }
}

#[test]
fn the_whole_hand_off_is_as_it_was_read_last() {
    let text = text(&packet(&setup(), &Platform::ALL));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/guide/orders.txt");
    if std::env::var_os("ADIT_UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap();
    for (number, (now, then)) in text.lines().zip(known.lines()).enumerate() {
        assert_eq!(now, then, "line {} of {}; ADIT_UPDATE_SNAPSHOTS=1 writes it anew", number + 1, path.display());
    }
    assert_eq!(text, known);
}

#[test]
fn every_platform_has_the_real_names_and_both_ways() {
    for platform in Platform::ALL {
        let packet = packet(&setup(), &[platform]);
        let ways: Vec<&str> =
            packet.steps.iter().map(|step| step.title.as_str()).filter(|title| title.contains(" way")).collect();
        assert!(ways.iter().any(|title| title.starts_with("First way")), "{platform}: {ways:?}");
        assert!(ways.iter().any(|title| title.starts_with("Second way")), "{platform}: {ways:?}");
        let own: String = packet
            .steps
            .iter()
            .filter(|step| step.platform == Some(platform))
            .flat_map(|step| &step.commands)
            .filter_map(|advice| advice.command.as_deref())
            .collect();
        let names: &[&str] = match platform {
            Platform::Linux => {
                &["tunnel-ana", "AAAAC3NzaC1lZDI1NTE5", "permitopen", "10.0.1.12:5432", "db.internal:3306"]
            }
            Platform::Windows => &["tunnel-ana", "AAAAC3NzaC1lZDI1NTE5", "2222", "203.0.113.7", "10.0.1.12", "5432"],
            Platform::Sshd => {
                &["Match User tunnel-ana", "PermitOpen 10.0.1.12:5432 db.internal:3306", "addr=203.0.113.7"]
            }
            Platform::Ufw | Platform::Firewalld | Platform::Nftables => {
                &["203.0.113.7", "2001:db8::7", "2222", "5432", "3306"]
            }
            Platform::Aws | Platform::Azure | Platform::Gcp => &[
                "203.0.113.7/32",
                "2222",
                "5432",
                "3306",
                "bastion.example.com",
                "10.0.1.12",
                "db.internal",
                "adit-prod",
            ],
        };
        for name in names {
            assert!(own.contains(name), "{platform} lacks {name}:\n{own}");
        }
    }
}

#[test]
fn no_placeholder_is_left_to_fill_in() {
    let mut bare = setup();
    bare.from.clear();
    bare.key = None;
    bare.key_unknown = Some("the agent is not there".to_owned());
    let mut empty = setup();
    empty.databases.clear();
    for setup in [setup(), bare, empty, at("198.51.100.4", Kind::Redshift, "wh.abc.eu-west-1.redshift.amazonaws.com")] {
        for platforms in Platform::ALL.iter().map(|one| vec![*one]).chain([Platform::ALL.to_vec()]) {
            let whole = whole(&setup, &platforms);
            for word in ["YOUR_", "your-", "example.org", "sg-0", "i-0", "subscription-id"] {
                assert!(!whole.contains(word), "{word} in\n{whole}");
            }
            let filled = |line: &str| {
                line.split_once('<')
                    .is_some_and(|(_, rest)| rest.contains('>') && rest.starts_with(|c: char| c.is_ascii_alphabetic()))
            };
            assert!(!whole.lines().any(filled), "{whole}");
        }
    }
}

#[test]
fn rules_name_the_destination_port() {
    let all = packet(&setup(), &Platform::ALL);
    let of = |platform| -> String {
        commands(&all).into_iter().filter(|(at, _)| *at == Some(platform)).map(|(_, command)| command + "\n").collect()
    };
    let azure = of(Platform::Azure);
    assert_eq!(azure.matches("--source-port-ranges '*'").count(), 4, "{azure}");
    let mixed = |line: &str| line.contains("203.0.113.7/32") && line.contains("2001:db8::7/128");
    assert!(!azure.lines().chain(of(Platform::Gcp).lines()).any(mixed), "a cloud's rule takes one family");
    for port in ["2222", "5432", "3306"] {
        assert!(azure.contains(&format!("--destination-port-ranges {port}")), "{azure}");
        assert!(of(Platform::Nftables).contains(&format!("tcp dport {port} accept")));
        assert!(of(Platform::Ufw).contains(&format!("to any port {port} ")));
        assert!(of(Platform::Firewalld).contains(&format!("port port=\"{port}\" protocol=\"tcp\"")));
        assert!(of(Platform::Gcp).contains(&format!("--direction INGRESS --action ALLOW --rules tcp:{port}")));
        assert!(of(Platform::Aws).contains(&format!("--protocol tcp --port {port} ")));
    }
    for wrong in ["sport 2222", "--source-port-ranges 2222", "--source-port-ranges 5432"] {
        assert!(!commands(&all).iter().any(|(_, command)| command.contains(wrong)), "{wrong}");
    }
    // The default group stays as it is, and a group is added to those that are there.
    assert!(of(Platform::Aws).contains("create-security-group") && !of(Platform::Aws).contains("group-name default"));
    assert!(of(Platform::Aws).contains("--groups \"$@\" \"$group\""));
}

#[test]
fn clouds_are_told_by_their_names() {
    let clouds = |bastion: &str, database: &str| -> Vec<Platform> {
        let found = fitting(&at(bastion, Kind::Postgres, database));
        found.into_iter().filter(|at| matches!(at, Platform::Aws | Platform::Azure | Platform::Gcp)).collect()
    };
    assert_eq!(clouds("198.51.100.4", "db.abc.eu-west-1.rds.amazonaws.com"), [Platform::Aws]);
    assert_eq!(clouds("b.westeurope.cloudapp.azure.com", "10.0.0.1"), [Platform::Azure]);
    assert_eq!(clouds("198.51.100.4", "db.europe-west1-b.c.shop.internal"), [Platform::Gcp]);
    assert_eq!(clouds("198.51.100.4", "10.0.0.1"), [Platform::Aws, Platform::Azure, Platform::Gcp]);
    let rds = whole(&at("198.51.100.4", Kind::Postgres, "db.abc.eu-west-1.rds.amazonaws.com"), &[Platform::Aws]);
    assert!(rds.contains("aws rds modify-db-instance") && rds.contains("Name=association.public-ip"), "{rds}");
    let aurora = whole(&at("10.0.0.4", Kind::Mysql, "db.cluster-abc.eu-west-1.rds.amazonaws.com"), &[Platform::Aws]);
    assert!(aurora.contains("aws rds modify-db-cluster") && aurora.contains("private-ip-address"), "{aurora}");
    let redshift = whole(&at("10.0.0.4", Kind::Redshift, "wh.abc.eu-west-1.redshift.amazonaws.com"), &[Platform::Aws]);
    assert!(redshift.contains("aws redshift modify-cluster") && redshift.contains("--port 5439"), "{redshift}");
    let azure = whole(&at("198.51.100.4", Kind::Postgres, "shop.postgres.database.azure.com"), &[Platform::Azure]);
    assert!(
        azure.contains("az postgres flexible-server firewall-rule create") && azure.contains("--name shop"),
        "{azure}"
    );
}

#[test]
fn what_others_wrote_wrong_or_left_out_is_right_here() {
    let all = whole(&setup(), &Platform::ALL);
    let words = all.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [
        // A tunnel is no protection by itself, and a port is none.
        "a tunnel is not safer than a direct connection by itself",
        "It is no protection: whoever looks finds it",
        "keeps no address on the internet",
        // The account and its files.
        "usermod -p '*' tunnel-ana",
        "command -v nologin",
        "restorecon -R",
        "neither they nor the home folder may be writable by others",
        // Addresses and rules.
        "not a load balancer",
        "a rule in the default group would open every machine that uses it",
        "private address; only where the database is reached over the internet",
        "Azure Bastion, the managed gateway, is no sshd",
        "source port ranges *; destination port ranges 5432",
        // Trying it by hand: two terminals, the client here.
        "ssh -N -L 127.0.0.1:1111:10.0.1.12:5432 -p 2222 bastion.example.com",
        "psql \"host=127.0.0.1 port=1111\"",
        "adit diagnose orders",
        // Volume, and rights.
        "All of them share the bandwidth of the bastion",
        "reading and writing alike",
    ] {
        assert!(words.contains(said), "{said:?} is missing in\n{all}");
    }
    for wrong in ["passwd -l tunnel", "EC2-Classic", "--source-port-ranges 22", "mkdir ~/.ssh", "su - tunnel-ana"] {
        assert!(!words.contains(wrong), "{wrong}");
    }
    // A rule takes one family of addresses, by clicks as well.
    assert!(words.contains("source IPv4 ranges 203.0.113.7/32 (and a second rule adit-prod-ssh-v6"), "{all}");
    let serverless = at("10.0.0.4", Kind::Redshift, "wg.123.eu-west-1.redshift-serverless.amazonaws.com");
    let text = whole(&serverless, &[Platform::Aws]);
    assert!(
        text.contains(
            "aws redshift-serverless update-workgroup --workgroup-name wg --security-group-ids \"$@\" \"$group\""
        ),
        "{text}"
    );
}

#[test]
fn what_is_not_known_is_said_and_asked_for() {
    let mut setup = setup();
    setup.from.clear();
    setup.key = None;
    setup.key_unknown = Some("no SSH agent".to_owned());
    setup.others = vec!["ledger".parse().unwrap()];
    let packet = packet(&setup, &[Platform::Linux, Platform::Ufw]);
    let notes = packet.notes.join("\n");
    assert!(notes.contains("no SSH agent") && notes.contains("leaves_from") && notes.contains("ledger"), "{notes}");
    let ufw: String =
        commands(&packet).into_iter().filter(|(at, _)| *at == Some(Platform::Ufw)).map(|(_, c)| c + "\n").collect();
    assert!(ufw.contains("read -r client\nufw allow proto tcp from \"$client\" to any port 2222"), "{ufw}");
    assert!(matches!(setup_script(&setup), Err(ScriptError::NoKey { .. })));
    assert!(check_script(&setup).is_ok());
    setup.user = "a:b".to_owned();
    assert!(matches!(check_script(&setup), Err(ScriptError::NoAccount { .. })));
}

#[test]
fn addresses_that_were_seen_stand_beside_those_that_are_promised() {
    let mut setup = setup();
    setup.from.clear();
    setup.seen = vec!["::ffff:198.51.100.9".parse().unwrap()];
    let seen = packet(&setup, &Platform::ALL);
    for (platform, rule) in [
        (Platform::Ufw, "ufw allow proto tcp from 198.51.100.9/32 to any port 2222"),
        (Platform::Firewalld, "source address=\"198.51.100.9/32\""),
        (Platform::Nftables, "ip saddr 198.51.100.9/32 tcp dport 2222"),
        (Platform::Aws, "--port 2222 --cidr 198.51.100.9/32"),
        (Platform::Azure, "--source-address-prefixes 198.51.100.9/32"),
        (Platform::Gcp, "--source-ranges 198.51.100.9/32"),
        (Platform::Windows, "-RemoteAddress '198.51.100.9'"),
    ] {
        let own: String =
            commands(&seen).into_iter().filter(|(at, _)| *at == Some(platform)).map(|(_, c)| c + "\n").collect();
        assert!(own.contains(rule) && !own.contains("read -r client"), "{platform}: {own}");
    }
    assert!(!seen.authorized_key.as_ref().unwrap().contains("from="), "an address that nobody promised may change");
    assert!(seen.notes[0].contains("saw you come from 198.51.100.9 in a session"), "{:?}", seen.notes);
    // Beside a promised one it is named, or the line would lock out whoever is in now.
    setup.from = vec!["203.0.113.7".parse().unwrap()];
    let both = packet(&setup, &[Platform::Ufw]);
    assert!(both.authorized_key.unwrap().contains("from=\"203.0.113.7,198.51.100.9\""));
    assert!(both.notes[0].contains("none of your leaves_from"), "{:?}", both.notes);
    setup.seen = setup.from.clone();
    assert!(packet(&setup, &[Platform::Ufw]).notes.is_empty());
    // Without either, both texts say what to fill in and how to find it.
    (setup.from, setup.seen) = (Vec::new(), Vec::new());
    let note = packet(&setup, &[Platform::Ufw]).notes.join("\n");
    assert!(note.contains("--from") && note.contains("leaves_from") && note.contains("$SSH_CONNECTION"), "{note}");
}

#[test]
fn a_packet_travels_as_json() {
    let packet = packet(&setup(), &Platform::ALL);
    let json = serde_json::to_value(&packet).unwrap();
    assert_eq!(serde_json::from_value::<Packet>(json.clone()).unwrap(), packet);
    let step = json["steps"].as_array().unwrap().iter().find(|step| step["platform"] == "linux").unwrap();
    assert_eq!(step["who"], "bastion_admin");
    assert!(step["title"].is_string() && step["why"].is_string() && step["commands"][0]["command"].is_string());
    assert!(packet.steps.iter().any(|step| step.who == Owner::DatabaseAdmin));
    for platform in Platform::ALL {
        assert_eq!(platform.as_str().parse(), Ok(platform));
    }
    assert!("macos".parse::<Platform>().is_err());
}

#[test]
fn markdown_survives_odd_names() {
    let mut odd = setup();
    odd.user = "a`b*c_d".to_owned();
    odd.key.as_mut().unwrap().line.push_str(" ```");
    let text = markdown(&packet(&odd, &Platform::ALL));
    assert!(text.contains("Make the account a\\`b\\*c\\_d"), "{text}");
    assert!(text.contains("````sh\n"), "the fence is longer than what it holds");
}

/// Names that a careless script would run.
const HOSTILE: &[&str] = &[
    "$(:>canary)",
    "`:>canary`",
    "';:>canary;'",
    "\";:>canary;\"",
    "a;:>canary",
    "a|:>canary",
    "a&:>canary",
    "\\';:>canary;\\'",
    "${x:-$(:>canary)}",
    "a>canary",
    "~root>canary",
    "EOF",
    "*",
    "#x",
    "!x",
    "\u{2018};:>canary;\u{2019}",
];

fn hostile(user: &str, comment: &str) -> Setup {
    let mut setup = setup();
    setup.user = user.to_owned();
    let key = setup.key.as_mut().unwrap();
    key.line = format!("{} {comment}", key.line);
    setup
}

/// Runs a text where no program is found, as nobody, in a folder of its own; says whether anything in a name was run.
fn runs_names(script: &str, folder: &Path) -> bool {
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(script).current_dir(folder).env_clear().env("PATH", "/nowhere").env("HOME", folder);
    shell.stdin(std::process::Stdio::null());
    let own = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap());
    if own == 0 {
        std::os::unix::process::CommandExt::uid(&mut shell, 65534);
    }
    let _output = shell.output().unwrap();
    std::fs::read_dir(folder).unwrap().flatten().any(|entry| entry.file_name() == "canary")
}

fn open_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(folder.path(), mode).unwrap();
    folder
}

#[test]
fn no_name_is_ever_run() {
    let folder = open_folder();
    assert!(runs_names(":>canary", folder.path()), "the canary sings where something runs");
    for name in HOSTILE {
        let setup = hostile(name, name);
        let folder = open_folder();
        for (platform, command) in commands(&packet(&setup, &Platform::ALL)) {
            if platform != Some(Platform::Windows) {
                assert!(!runs_names(&command, folder.path()), "{name}: {command}");
            }
        }
        for script in [setup_script(&setup), check_script(&setup), undo_script(&setup)].into_iter().flatten() {
            assert!(!runs_names(&script, folder.path()), "{name}");
        }
    }
}

#[test]
fn powershell_takes_no_name_for_a_command() {
    assert_eq!(windows::powershell_word("a'b\u{2019}c$(x)`"), "'a''b\u{2019}\u{2019}c$(x)`'");
}

/// What the shell has in a variable after the script's own lines were read.
fn variable(script: &str, name: &str) -> String {
    let lines = script.split_once("\n\n").unwrap().1.split_once("\n\n").unwrap().0;
    let output = Command::new("/bin/sh").arg("-c").arg(format!("{lines}\nprintf '%s.' \"${name}\"")).output().unwrap();
    String::from_utf8(output.stdout).unwrap().strip_suffix('.').unwrap().to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_name_arrives_as_it_is(user in "[!-~\u{e9}]{1,20}", comment in "[ -~\u{e9}]{0,30}") {
        let setup = hostile(&user, &comment);
        if let Ok(script) = setup_script(&setup) {
            prop_assert_eq!(variable(&script, "ADIT_USER"), user.clone());
            prop_assert_eq!(variable(&script, "ADIT_COMMENT"), format!("adit:prod {comment}").trim().to_owned());
            let folder = open_folder();
            let mut parse = Command::new("/bin/sh");
            std::fs::write(folder.path().join("s"), &script).unwrap();
            prop_assert!(parse.arg("-n").arg(folder.path().join("s")).status().unwrap().success());
        }
        for (platform, command) in commands(&packet(&setup, &Platform::ALL)) {
            if platform != Some(Platform::Windows) {
                let parsed = Command::new("/bin/sh").arg("-n").arg("-c").arg(&command).output().unwrap();
                prop_assert!(parsed.status.success(), "{}: {:?}", command, parsed);
            }
        }
        prop_assert_eq!(shell_word("x"), "x");
    }
}
