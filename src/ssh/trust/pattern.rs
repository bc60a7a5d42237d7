//! Which lines speak of a host: names, patterns, negation, ports and hashed names, as OpenSSH matches them (`match.c`,
//! `hostfile.c`). It knows nothing of keys.

use std::net::IpAddr;

use hmac::{Hmac, KeyInit, Mac};
use russh::keys::ssh_encoding::base64::{Base64, Encoding};
use sha1::Sha1;

use super::line;
use crate::model::{Endpoint, SSH_PORT, glob};

/// The names under which an endpoint is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Names {
    /// The host as certificates name it: lower case, an address in its shortest form.
    pub(super) host: String,
    /// The host, or `[host]:port` where the port is not 22.
    pub(super) exact: String,
    /// The host alone, where the port is not 22: OpenSSH asks for it when the first knows nothing.
    pub(super) bare: Option<String>,
}

impl Names {
    pub(super) fn of(endpoint: &Endpoint) -> Self {
        let host = canonical(endpoint.host.as_str());
        if endpoint.port.get() == SSH_PORT {
            Self { exact: host.clone(), bare: None, host }
        } else {
            Self { exact: format!("[{host}]:{}", endpoint.port), bare: Some(host.clone()), host }
        }
    }

    /// All names, the nearest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.exact.as_str()).chain(self.bare.as_deref())
    }
}

fn canonical(host: &str) -> String {
    let (address, zone) = host.split_once('%').map_or((host, None), |(address, zone)| (address, Some(zone)));
    match (address.parse::<IpAddr>(), zone) {
        (Ok(ip), None) => ip.to_string(),
        (Ok(ip), Some(zone)) => format!("{ip}%{zone}"),
        (Err(_), _) => host.to_ascii_lowercase(),
    }
}

/// True when a line's host field speaks of `name`, which is in lower case.
pub(super) fn matches(hosts: &[u8], name: &str) -> bool {
    if hosts.starts_with(b"|") { matches_hashed(hosts, name) } else { matches_list(hosts, name.as_bytes()) }
}

/// `|1|salt|hash`: HMAC-SHA1 of the name with a salt of 20 bytes, both in Base64.
fn matches_hashed(hosts: &[u8], name: &str) -> bool {
    let Some(salt) = hosts.strip_prefix(b"|1|").and_then(|rest| rest.split(|b| *b == b'|').next()) else {
        return false;
    };
    let Some(salt) = line::decode(salt).filter(|salt| salt.len() == 20) else {
        return false;
    };
    hashed(&salt, name).is_some_and(|expected| expected.as_bytes() == hosts)
}

fn hashed(salt: &[u8], name: &str) -> Option<String> {
    let mut mac = Hmac::<Sha1>::new_from_slice(salt).ok()?;
    mac.update(name.as_bytes());
    let hash = mac.finalize().into_bytes();
    Some(format!("|1|{}|{}", Base64::encode_string(salt), Base64::encode_string(&hash)))
}

/// OpenSSH copies each pattern to a buffer of this size and gives the whole list up when one does not fit.
const PATTERN_ROOM: usize = 1023;

/// A comma list of patterns: one must match, and none that is negated.
fn matches_list(hosts: &[u8], name: &[u8]) -> bool {
    let mut positive = false;
    for item in hosts.split(|b| *b == b',') {
        let (negated, pattern) = item.strip_prefix(b"!").map_or((false, item), |rest| (true, rest));
        if pattern.len() >= PATTERN_ROOM {
            return false;
        }
        if glob(pattern.to_ascii_lowercase(), name) {
            if negated {
                return false;
            }
            positive = true;
        }
    }
    positive
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(text: &str, port: u16) -> Names {
        Names::of(&Endpoint::new(text.parse().unwrap(), port.try_into().unwrap()))
    }

    #[test]
    fn endpoints_have_the_names_that_openssh_gives_them() {
        assert_eq!(names("Bastion.Example.COM", 22).iter().collect::<Vec<_>>(), ["bastion.example.com"]);
        assert_eq!(names("Bastion", 2222).iter().collect::<Vec<_>>(), ["[bastion]:2222", "bastion"]);
        assert_eq!(names("2001:DB8:0::1", 2222).exact, "[2001:db8::1]:2222");
        assert_eq!(names("FE80:0::1%Eth0", 22).exact, "fe80::1%Eth0");
    }

    #[test]
    fn lists_match_as_in_openssh() {
        for (hosts, name, expected) in [
            ("h", "h", true),
            ("H,other", "h", true),
            ("other,h", "h", true),
            ("h*", "hhh", true),
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "example.com", false),
            ("*.example.com,!a.example.com", "a.example.com", false),
            ("!a.example.com,*.example.com", "b.example.com", true),
            ("!a", "b", false),
            ("h?", "h", false),
            ("h?", "h1", true),
            ("[h]:22", "h", false),
            ("[h]:*", "[h]:2222", true),
            ("*", "[h]:2222", true),
            ("", "h", false),
            ("h,,i", "i", true),
        ] {
            assert_eq!(matches(hosts.as_bytes(), name), expected, "{hosts} {name}");
        }
    }

    #[test]
    fn only_a_whole_hash_matches() {
        let line = hashed(&[7; 20], "h").unwrap();
        assert!(matches(line.as_bytes(), "h"));
        assert!(!matches(line.as_bytes(), "i"));
        assert!(!matches(format!("{line},h").as_bytes(), "h"));
        assert!(!matches(b"|1|AAAA|AAAA", "h"));
        assert!(!matches(b"|2|x", "h"));
        assert!(!matches(b"|", "h"));
    }

    proptest! {
        #[test]
        fn no_field_panics(hosts in proptest::collection::vec(any::<u8>(), 0..200), name in "[a-z.:\\[\\]0-9]{0,40}") {
            let _ = matches(&hosts, &name);
        }

        #[test]
        fn every_name_is_found_hashed(salt in any::<[u8; 20]>(), name in "[a-z0-9.\\[\\]:-]{1,60}") {
            let line = hashed(&salt, &name).unwrap();
            prop_assert!(matches(line.as_bytes(), &name));
        }

        #[test]
        fn stars_find_what_they_surround(before in "[a-z]{0,8}", middle in "[a-z]{1,8}", after in "[a-z]{0,8}") {
            let name = format!("{before}{middle}{after}");
            let hosts = format!("*{middle}*");
            prop_assert!(matches(hosts.as_bytes(), &name));
        }
    }
}
