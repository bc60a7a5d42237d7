//! Judgements that need no server, and the pins. That `ssh` decides alike is shown in `tests/suite/host_keys.rs`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;

const ONE: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";
const TWO: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN+Wjn4+4Fcvl2JlKpggT+wCRxpSvtqqpVrQrKN1/A22";
const ECDSA: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBHwf2HMM5TRXvo2SQJjsNkiDD5KqiiNjrGVv3UUh+mMT5RHxiRtOnlqvjhQtBq0VpmpCV/PwUdhOig4vkbqAcEc=";

fn key(line: &str) -> PublicKey {
    PublicKey::from_openssh(line).unwrap()
}

fn at(host: &str, port: u16) -> Endpoint {
    Endpoint::new(host.parse().unwrap(), port.try_into().unwrap())
}

fn known(text: &str) -> KnownHosts {
    KnownHosts { files: vec![(PathBuf::from("known_hosts"), text.as_bytes().to_vec())] }
}

fn judge(text: &str, endpoint: &Endpoint, line: &str) -> Judgement {
    known(text).judge(endpoint, &key(line).into())
}

#[test]
fn a_change_names_every_key_that_is_known() {
    let text = format!("# x\nh {TWO}\n\n*,!g {ECDSA} c\n");
    let Judgement::Changed { known } = judge(&text, &at("h", 22), ONE) else { panic!("not changed") };
    let told: Vec<(usize, &str)> = known.iter().map(|k| (k.line, k.key_type.as_str())).collect();
    assert_eq!(told, [(2, "ssh-ed25519"), (4, "ecdsa-sha2-nistp256")]);
    assert_eq!(known[0].fingerprint, key(TWO).fingerprint(HashAlg::Sha256).to_string());
}

#[test]
fn the_server_is_asked_for_the_types_that_are_known() {
    let text = format!("h {ECDSA}\n[h]:2222 {ONE}\nh {ONE}\nh {TWO}\n@revoked h {TWO}\n@cert-authority *.d {ONE}\n");
    let hosts = known(&text);
    let kinds = |endpoint: &Endpoint| hosts.known_types(endpoint).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(kinds(&at("h", 22)), ["ecdsa-sha2-nistp256", "ssh-ed25519"]);
    assert_eq!(kinds(&at("h", 2222)), ["ssh-ed25519"]);
    assert_eq!(kinds(&at("h", 2223)), ["ecdsa-sha2-nistp256", "ssh-ed25519"]);
    assert!(kinds(&at("a.d", 22)).is_empty());
    assert!(hosts.has_authority(&at("a.d", 22)) && hosts.has_authority(&at("a.d", 2222)));
    assert!(!hosts.has_authority(&at("h", 22)));
}

#[test]
fn nothing_is_found_in_nothing() {
    assert_eq!(judge("", &at("h", 22), ONE), Judgement::Unknown);
    assert_eq!(KnownHosts::default().judge(&at("h", 22), &key(ONE).into()), Judgement::Unknown);
}

#[test]
fn a_line_that_opens_with_revoked_and_a_tab_revokes() {
    // The one deliberate difference from OpenSSH, to the safe side.
    let text = format!("h {ONE}\n@revoked\th {ONE}\n");
    assert!(matches!(judge(&text, &at("h", 22), ONE), Judgement::Revoked { line: 2, .. }));
}

#[test]
fn pins_are_private_and_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/known_hosts");
    let endpoint = at("Bastion.example", 2222);
    pin(&path, &endpoint, &[key(ONE), key(ECDSA)]).unwrap();
    pin(&path, &endpoint, &[key(ONE)]).unwrap();
    pin(&path, &at("h", 22), &[key(&format!("{TWO} with a comment"))]).unwrap();
    let expected = format!("[bastion.example]:2222 {ONE}\n[bastion.example]:2222 {ECDSA}\nh {TWO}\n");
    assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    let hosts = KnownHosts::load(std::slice::from_ref(&path)).unwrap();
    assert!(matches!(hosts.judge(&endpoint, &key(ECDSA).into()), Judgement::Trusted { line: 2, .. }));
}

#[test]
fn a_pin_keeps_what_stands_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("known_hosts");
    fs::write(&path, b"# mine\r\n\xff\xfe\n@revoked * x").unwrap();
    pin(&path, &at("h", 22), &[key(ONE)]).unwrap();
    let expected = [b"# mine\r\n\xff\xfe\n@revoked * x\nh ".as_slice(), ONE.as_bytes(), b"\n"].concat();
    assert_eq!(fs::read(&path).unwrap(), expected);
}

#[test]
fn forgetting_takes_only_what_names_the_endpoint() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("known_hosts");
    assert_eq!(forget(&path, &at("h", 22)).unwrap(), 0);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let text = format!(
        "# h\nh {ONE}\n  H,other\t{TWO}\n[h]:2222 {ONE}\n* {TWO}\n@revoked h {TWO}\n@cert-authority h {ONE}\nh,!x {ONE}\nlast,h {ONE}"
    );
    fs::write(&path, text).unwrap();
    assert_eq!(forget(&path, &at("h", 22)).unwrap(), 4);
    let kept = format!(
        "# h\n  other\t{TWO}\n[h]:2222 {ONE}\n* {TWO}\n@revoked h {TWO}\n@cert-authority h {ONE}\nlast {ONE}\n"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), kept);
    assert_eq!(forget(&path, &at("h", 22)).unwrap(), 0);
    assert_eq!(forget(&path, &at("h", 2222)).unwrap(), 1);
}

#[test]
fn pins_made_at_the_same_time_all_arrive() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("known_hosts");
    std::thread::scope(|scope| {
        for number in 0..16 {
            let path = &path;
            scope.spawn(move || pin(path, &at(&format!("h{number}"), 22), &[key(ONE)]).unwrap());
        }
    });
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 16);
}

#[test]
fn an_unreadable_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("known_hosts");
    fs::create_dir(&path).unwrap();
    let missing = folder.path().join("missing");
    assert!(KnownHosts::load(std::slice::from_ref(&missing)).is_ok());
    let error = KnownHosts::load(&[missing, path.clone()]).unwrap_err();
    assert!(matches!(&error, TrustError::File(FileError { cause: Cause::NotRegular, .. })), "{error}");
    assert!(pin(&path, &at("h", 22), &[key(ONE)]).is_err());
    assert!(path.is_dir());
}
