//! The cases: what stands in known_hosts, what the server shows, and what the answer is.

use super::world::{HOST, World, ssh_is_older_than};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    Trusted,
    Unknown,
    Changed,
    Revoked,
    /// A certificate that does not hold, and a bare key that nobody knows.
    Bad,
}

/// What the server shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Ed25519,
    Ecdsa,
    Rsa,
    Certificate,
    CertificateByRsa,
    Expired,
    NotYet,
    OtherName,
    Wildcard,
    NoName,
    User,
    Critical,
}

impl Shown {
    pub(super) const ALL: &[Self] = &[
        Self::Ed25519,
        Self::Ecdsa,
        Self::Rsa,
        Self::Certificate,
        Self::CertificateByRsa,
        Self::Expired,
        Self::NotYet,
        Self::OtherName,
        Self::Wildcard,
        Self::NoName,
        Self::User,
        Self::Critical,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::Ecdsa => "ecdsa",
            Self::Rsa => "rsa",
            Self::Certificate => "certificate",
            Self::CertificateByRsa => "certificate_by_rsa",
            Self::Expired => "expired",
            Self::NotYet => "not_yet",
            Self::OtherName => "other_name",
            Self::Wildcard => "wildcard",
            Self::NoName => "no_name",
            Self::User => "user",
            Self::Critical => "critical",
        }
    }

    /// The key file behind it.
    pub(super) fn key(self) -> &'static str {
        if self.signing().is_some() { "ed25519" } else { self.name() }
    }

    /// How ssh-keygen is told to sign the certificate; `@` stands before a file's name.
    pub(super) fn signing(self) -> Option<&'static [&'static str]> {
        Some(match self {
            Self::Ed25519 | Self::Ecdsa | Self::Rsa => return None,
            Self::Certificate => &["-s", "@ca", "-h", "-n", "first.test,bastion.test"],
            Self::CertificateByRsa => &["-s", "@ca_rsa", "-h", "-n", "bastion.test"],
            Self::Expired => &["-s", "@ca", "-h", "-n", "bastion.test", "-V", "20200101:20200201"],
            Self::NotYet => &["-s", "@ca", "-h", "-n", "bastion.test", "-V", "+52w:+104w"],
            Self::OtherName => &["-s", "@ca", "-h", "-n", "first.test"],
            Self::Wildcard => &["-s", "@ca", "-h", "-n", "*.test"],
            Self::NoName => &["-s", "@ca", "-h"],
            Self::User => &["-s", "@ca", "-n", "bastion.test"],
            Self::Critical => &["-s", "@ca", "-h", "-n", "bastion.test", "-O", "critical:unheard-of=1"],
        })
    }

    /// The algorithms that ssh is told to ask for: this kind, and of a certificate also the bare key.
    pub(super) fn algorithms(self) -> &'static str {
        match self {
            Self::Ed25519 => "ssh-ed25519",
            Self::Ecdsa => "ecdsa-sha2-nistp256",
            Self::Rsa => "rsa-sha2-512,rsa-sha2-256",
            _ => "ssh-ed25519-cert-v01@openssh.com,ssh-ed25519",
        }
    }
}

pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) shown: Shown,
    pub(super) files: Vec<Vec<u8>>,
    pub(super) expected: Expected,
}

fn case(name: &'static str, file: impl Into<Vec<u8>>, expected: Expected) -> Case {
    Case { name, host: HOST.to_owned(), port: 22, shown: Shown::Ed25519, files: vec![file.into()], expected }
}

impl Case {
    fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    fn host(mut self, host: &str) -> Self {
        self.host = host.to_owned();
        self
    }

    fn shows(mut self, shown: Shown) -> Self {
        self.shown = shown;
        self
    }

    fn and_file(mut self, file: impl Into<Vec<u8>>) -> Self {
        self.files.push(file.into());
        self
    }
}

pub(super) fn all(world: &World) -> Vec<Case> {
    let mut cases = names(world);
    cases.extend(lines(world));
    cases.extend(keys(world));
    cases.extend(revocations(world));
    cases.extend(ports(world));
    cases.extend(certificates(world));
    cases
}

use Expected::{Bad, Changed, Revoked, Trusted, Unknown};

fn names(world: &World) -> Vec<Case> {
    let (good, other) = (world.key("ed25519"), world.key("other_ed25519"));
    let hashed = world.hashed("hashed", &format!("{HOST} {good}\n"));
    let hashed_other = world.hashed("hashed_other", &format!("elsewhere.test {good}\n"));
    let long = "x".repeat(1100);
    vec![
        case("the name", format!("{HOST} {good}\n"), Trusted),
        case("another name", format!("elsewhere.test {good}\n"), Unknown),
        case("a name within", format!("bastion {good}\ntest {good}\nbastion.test.example {good}\n"), Unknown),
        case("upper case in the file", format!("BASTION.Test {good}\n"), Trusted),
        case("upper case in the command", format!("{HOST} {good}\n"), Trusted).host("Bastion.TEST"),
        case("a list", format!("a.test,{HOST},b.test {good}\n"), Trusted),
        case("a star", format!("*.test {good}\n"), Trusted),
        case("two stars", format!("b*n.*t {good}\n"), Trusted),
        case("a star that does not match", format!("*.example {good}\n"), Unknown),
        case("a question mark", format!("bastio?.test {good}\n"), Trusted),
        case("a question mark for nothing", format!("bastion.test? {good}\n"), Unknown),
        case("excluded at the end", format!("*.test,!{HOST} {good}\n"), Unknown),
        case("excluded at the start", format!("!{HOST},*.test {good}\n"), Unknown),
        case("another is excluded", format!("!a.test,*.test {good}\n"), Trusted),
        case("only excluded", format!("!a.test {good}\n"), Unknown),
        case("excluded in one line, named in the next", format!("*,!{HOST} {other}\n{HOST} {good}\n"), Trusted),
        case("hashed", hashed.clone(), Trusted),
        case("hashed, another name", hashed_other, Unknown),
        case("hashed, with more behind it", hashed.replacen(" ssh", ",a.test ssh", 1), Unknown),
        case(
            "a broken hash, then a good line",
            format!("|1|AAAA|BBBB {other}\n|1|x {other}\n{HOST} {good}\n"),
            Trusted,
        ),
        case("a pattern beyond OpenSSH's room", format!("{HOST},{long} {good}\n"), Unknown),
        case("an address", format!("192.0.2.1 {good}\n"), Trusted).host("192.0.2.1"),
        case("an IPv6 address", format!("2001:db8::1 {good}\n"), Trusted).host("2001:db8::1"),
        case("an IPv6 address in another spelling", format!("2001:db8::1 {good}\n"), Trusted).host("2001:DB8:0:0::1"),
    ]
}

fn lines(world: &World) -> Vec<Case> {
    let (good, other) = (world.key("ed25519"), world.key("other_ed25519"));
    let tabbed = good.replace(' ', "\t \t");
    let broken = &good[..good.len() - 9];
    vec![
        case("an empty file", "", Unknown),
        case("comments and blank lines", format!("# one\n\n \t\n{HOST} {good}\n"), Trusted),
        case("a comment of the host", format!("#{HOST} {good}\n"), Unknown),
        case("leading blanks", format!(" \t {HOST} {good}\n"), Trusted),
        case("tabs", format!("{HOST}\t{tabbed}\tme\n"), Trusted),
        case("carriage returns", format!("# x\r\n\r\n{HOST} {good}\r\n"), Trusted),
        case("no line feed at the end", format!("{HOST} {good}"), Trusted),
        case("a comment behind the key", format!("{HOST} {good} me@here # note\n"), Trusted),
        case("a byte order mark", format!("\u{feff}{HOST} {good}\n"), Unknown),
        case("a NUL", format!("{HOST} \0{good}\n{HOST} {good}\0x\n"), Trusted),
        case(
            "bytes that are no text",
            [b"\xff\xfe\x80 x\n".as_slice(), format!("{HOST} {good}\n").as_bytes()].concat(),
            Trusted,
        ),
        case("an unknown type, then a good line", format!("{HOST} ssh-future AAAA\n{HOST} {good}\n"), Trusted),
        case("an unknown type alone", format!("{HOST} ssh-future AAAAC3NzaC1lZDI1NTE5\n"), Unknown),
        case("an SSH 1 key", format!("{HOST} 1024 35 13371337\n"), Unknown),
        case("a broken key alone", format!("{HOST} {broken}\n"), Unknown),
        case("a broken key, then a good line", format!("{HOST} {broken}\n{HOST} {good}\n"), Trusted),
        case("a key with more behind it", format!("{HOST} {good}AAAA\n"), Unknown),
        case("a type that is not the key's", format!("{HOST} {}\n", good.replace("ssh-ed25519", "ssh-rsa")), Unknown),
        case("truncated lines", format!("{HOST}\n{HOST} \n{HOST} ssh-ed25519\n{HOST} #\n{HOST} {good}\n"), Trusted),
        case("a second file", format!("# {other}\n"), Trusted).and_file(format!("{HOST} {good}\n")),
        case("another key in the first file", format!("{HOST} {other}\n"), Trusted)
            .and_file(format!("{HOST} {good}\n")),
    ]
}

fn keys(world: &World) -> Vec<Case> {
    let (good, other) = (world.key("ed25519"), world.key("other_ed25519"));
    let (ecdsa, rsa, other_rsa) = (world.key("ecdsa"), world.key("rsa"), world.key("other_rsa"));
    let certified = world.certificate(Shown::Certificate);
    vec![
        case("another key", format!("{HOST} {other}\n"), Changed),
        case("another key under a star", format!("# x\n* {other}\n"), Changed),
        case("another type only", format!("{HOST} {rsa}\n"), Changed),
        case("another type and the key", format!("{HOST} {rsa}\n{HOST} {good}\n"), Trusted),
        case("two keys of the type", format!("{HOST} {other}\n{HOST} {good}\n"), Trusted),
        case("two other keys", format!("{HOST} {other}\n# x\n{HOST} {rsa}\n"), Changed),
        case("an ECDSA key", format!("{HOST} {ecdsa}\n"), Trusted).shows(Shown::Ecdsa),
        case("an ECDSA key against Ed25519", format!("{HOST} {good}\n"), Changed).shows(Shown::Ecdsa),
        case("an RSA key", format!("{HOST} {rsa}\n"), Trusted).shows(Shown::Rsa),
        case("another RSA key", format!("{HOST} {other_rsa}\n"), Changed).shows(Shown::Rsa),
        case("an RSA key by its signature's name", format!("{HOST} rsa-sha2-256 {}\n", &rsa[8..]), Trusted)
            .shows(Shown::Rsa),
        case("a certificate in the file", format!("{HOST} {certified}\n"), Changed),
        case("a certificate in the file, and the key", format!("{HOST} {certified}\n{HOST} {good}\n"), Trusted),
    ]
}

fn revocations(world: &World) -> Vec<Case> {
    let (good, other, rsa) = (world.key("ed25519"), world.key("other_ed25519"), world.key("rsa"));
    let tabbed = good.replace(' ', "\t");
    vec![
        case("revoked before the line", format!("@revoked {HOST} {good}\n{HOST} {good}\n"), Revoked),
        case("revoked behind the line", format!("{HOST} {good}\n@revoked {HOST} {good}\n"), Revoked),
        case("revoked everywhere", format!("{HOST} {good}\n@revoked * {good}\n"), Revoked),
        case("revoked and never known", format!("@revoked * {good}\n"), Revoked),
        case("revoked in another file", format!("{HOST} {good}\n"), Revoked).and_file(format!("@revoked * {good}\n")),
        case("revoked for another host", format!("{HOST} {good}\n@revoked elsewhere.test {good}\n"), Trusted),
        case("another key is revoked", format!("{HOST} {good}\n@revoked * {other}\n"), Trusted),
        case("only another key is revoked", format!("@revoked * {other}\n"), Unknown),
        case("revoked, and changed", format!("{HOST} {rsa}\n@revoked * {good}\n"), Revoked),
        case("revoked, with tabs only", format!("{HOST} {good}\n@revoked\t*\t{tabbed}\n"), Revoked),
        case("an unknown marker", format!("@trusted {HOST} {good}\n"), Unknown),
        case("two markers", format!("@revoked @revoked {HOST} {good}\n{HOST} {good}\n"), Trusted),
        case("a marker without more", format!("@revoked\n{HOST} {good}\n"), Trusted),
    ]
}

fn ports(world: &World) -> Vec<Case> {
    let (good, other) = (world.key("ed25519"), world.key("other_ed25519"));
    let hashed = world.hashed("hashed_port", &format!("[{HOST}]:2222 {good}\n"));
    vec![
        case("a port", format!("[{HOST}]:2222 {good}\n"), Trusted).port(2222),
        case("a port, hashed", hashed, Trusted).port(2222),
        case("a port, in upper case", format!("[BASTION.TEST]:2222 {good}\n"), Trusted).port(2222),
        case("another port", format!("[{HOST}]:2223 {good}\n"), Unknown).port(2222),
        case("any port", format!("[{HOST}]:* {good}\n"), Trusted).port(2222),
        case("a star covers ports", format!("* {good}\n"), Trusted).port(2222),
        case("a domain does not cover ports, but the host", format!("*.test {good}\n"), Trusted).port(2222),
        case("port 22 is not written", format!("[{HOST}]:22 {good}\n"), Unknown),
        case("a port's key does not count for 22", format!("[{HOST}]:2222 {good}\n"), Unknown),
        case("the host's key counts for its ports", format!("{HOST} {good}\n"), Trusted).port(2222),
        case("the host's other key does not", format!("{HOST} {other}\n"), Unknown).port(2222),
        case("the port's other key comes first", format!("[{HOST}]:2222 {other}\n{HOST} {good}\n"), Changed).port(2222),
        case("revoked for the host", format!("@revoked {HOST} {good}\n"), Revoked).port(2222),
        case(
            "revoked for the host, known for the port",
            format!("@revoked {HOST} {good}\n[{HOST}]:2222 {good}\n"),
            Trusted,
        )
        .port(2222),
        case("an IPv6 address and a port", format!("[2001:db8::1]:2222 {good}\n"), Trusted)
            .host("2001:db8::1")
            .port(2222),
    ]
}

fn certificates(world: &World) -> Vec<Case> {
    let (good, other) = (world.key("ed25519"), world.key("other_ed25519"));
    let (ca, ca_rsa, other_ca) = (world.key("ca"), world.key("ca_rsa"), world.key("other_ca"));
    let authority = format!("@cert-authority {HOST} {ca}\n");
    let hashed = world.hashed("hashed_authority", &format!("{HOST} {ca}\n"));
    let signed = |name, file: String, expected| case(name, file, expected).shows(Shown::Certificate);
    let mut cases = vec![
        case("an authority and a bare key", authority.clone(), Unknown),
        case("an authority and a known key", format!("{authority}{HOST} {good}\n"), Trusted),
        case("an authority and another key", format!("{authority}{HOST} {other}\n"), Changed),
        case("the authority's own key is not the host's", format!("{HOST} {ca}\n"), Changed),
        signed("signed", authority.clone(), Trusted),
        signed("signed, for a domain", format!("# x\n@cert-authority *.test {ca}\n"), Trusted),
        signed("signed, the authority hashed", format!("@cert-authority {hashed}"), Trusted),
        signed("signed, one of two authorities", format!("@cert-authority * {other_ca}\n{authority}"), Trusted),
        signed("signed by a stranger", format!("@cert-authority * {other_ca}\n"), Unknown),
        signed(
            "signed by a stranger, the key known",
            format!("@cert-authority * {other_ca}\n{HOST} {good}\n"),
            Trusted,
        ),
        signed("signed, the authority is for others", format!("@cert-authority *.example {ca}\n"), Unknown),
        signed("signed, the authority without marker", format!("{HOST} {ca}\n"), Changed),
        signed("signed, nothing known", String::new(), Unknown),
        signed("signed, another key known", format!("{authority}{HOST} {other}\n"), Trusted),
        signed("signed, the authority revoked", format!("{authority}@revoked * {ca}\n"), Revoked),
        signed("signed, the key revoked", format!("{authority}@revoked * {good}\n"), Revoked),
        signed("signed, an authority after a tab", format!("@cert-authority\t{HOST} {ca}\n"), Unknown),
        signed("signed, on a port of the host", authority.clone(), Trusted).port(2222),
        signed("signed, on a port", format!("@cert-authority [{HOST}]:2222 {ca}\n"), Trusted).port(2222),
        signed("signed, under upper case", authority.clone(), Trusted).host("BASTION.test"),
        case("signed with RSA", format!("@cert-authority * {ca_rsa}\n"), Trusted).shows(Shown::CertificateByRsa),
        case("expired", authority.clone(), Bad).shows(Shown::Expired),
        case("expired, the key known", format!("{authority}{HOST} {good}\n"), Trusted).shows(Shown::Expired),
        case("expired, another key known", format!("{authority}{HOST} {other}\n"), Changed).shows(Shown::Expired),
        case("expired, on a port, the host's key known", format!("@cert-authority * {ca}\n{HOST} {good}\n"), Trusted)
            .shows(Shown::Expired)
            .port(2222),
        case("not yet valid", authority.clone(), Bad).shows(Shown::NotYet),
        case("for another host", authority.clone(), Bad).shows(Shown::OtherName),
        case("a user's", authority.clone(), Bad).shows(Shown::User),
        case("with a critical option", authority.clone(), Bad).shows(Shown::Critical),
    ];
    // OpenSSH 10.3 turned both round; we keep to what its protocol paper said and most installations do.
    if ssh_is_older_than(10, 3) {
        cases.push(case("for no host in particular", authority.clone(), Trusted).shows(Shown::NoName));
        cases.push(case("for a pattern", authority, Bad).shows(Shown::Wildcard));
    }
    cases
}
