//! PATTERNS of ssh_config(5) and address lists of `from=` (`match.c`, `addrmatch.c`). Names are never looked up.

use std::net::IpAddr;

/// Whether a list of addresses admits one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// It names hosts, and sshd looks the address's name up: only the bastion knows.
    Perhaps,
    /// An entry that sshd cannot use, and for which it refuses everybody.
    Invalid(String),
}

/// `*` is any text, `?` any byte. Goes back to the last star only, so that no pattern takes more than their product.
#[must_use]
pub fn glob(pattern: impl AsRef<[u8]>, text: impl AsRef<[u8]>) -> bool {
    let (pattern, text) = (pattern.as_ref(), text.as_ref());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = text.get(t) {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(b'?') => (p, t) = (p + 1, t + 1),
            Some(expected) if expected == byte => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|b| *b == b'*'))
}

/// A comma list of patterns: one must match, and none that is negated.
#[must_use]
pub fn glob_list(list: &str, text: &str) -> bool {
    let mut positive = false;
    for item in list.split(',') {
        let (negated, pattern) = item.strip_prefix('!').map_or((false, item), |rest| (true, rest));
        if glob(pattern, text) {
            if negated {
                return false;
            }
            positive = true;
        }
    }
    positive
}

/// A list as `from=` has it: addresses, address ranges, wildcards, names, each perhaps negated.
///
/// `names` says whether sshd looks names up (`UseDNS`): without it a name in the list matches nobody.
#[must_use]
pub fn admits(list: &str, address: IpAddr, names: Option<bool>) -> Admission {
    let address = address.to_canonical();
    let text = address.to_string();
    let mut found = false;
    let mut named = false;
    for item in list.split(',') {
        let (negated, entry) = item.strip_prefix('!').map_or((false, item), |rest| (true, rest));
        if entry.is_empty() {
            return Admission::Invalid(item.to_owned());
        }
        let hit = match range(entry) {
            Entry::Range(network, bits) => is_within(address, network, bits),
            Entry::Inconsistent => return Admission::Invalid(entry.to_owned()),
            Entry::Pattern => {
                named |= entry.bytes().any(|b| b.is_ascii_alphabetic()) && !entry.contains(':');
                glob(entry.to_ascii_lowercase(), &text)
            }
        };
        if hit && negated {
            return Admission::No;
        }
        found |= hit;
    }
    match (found, named && names != Some(false)) {
        (true, _) => Admission::Yes,
        (false, true) => Admission::Perhaps,
        (false, false) => Admission::No,
    }
}

enum Entry {
    Range(IpAddr, u8),
    /// Too long a mask, or bits set behind it: sshd gives the whole list up.
    Inconsistent,
    Pattern,
}

fn range(entry: &str) -> Entry {
    let (address, mask) = entry.split_once('/').map_or((entry, None), |(address, mask)| (address, Some(mask)));
    let mask = match mask.map(str::parse::<u8>) {
        Some(Err(_)) => return Entry::Pattern,
        Some(Ok(mask)) if mask > 128 => return Entry::Pattern,
        Some(Ok(mask)) => Some(mask),
        None => None,
    };
    let Ok(network) = address.parse::<IpAddr>() else { return Entry::Pattern };
    let longest = if network.is_ipv4() { 32 } else { 128 };
    let bits = mask.unwrap_or(longest);
    if bits > longest || behind(network, bits) != 0 { Entry::Inconsistent } else { Entry::Range(network, bits) }
}

/// An address as bits, flush left.
fn value(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()) << 96,
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// The bits behind the mask.
fn behind(address: IpAddr, bits: u8) -> u128 {
    value(address).checked_shl(u32::from(bits)).unwrap_or(0)
}

fn is_within(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    let apart = value(address) ^ value(network);
    address.is_ipv4() == network.is_ipv4() && apart.checked_shr(128 - u32::from(bits)).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lists_admit_as_sshd_does() {
        let bad = |entry: &str| Admission::Invalid(entry.to_owned());
        for (list, address, expected) in [
            ("10.0.0.7", "10.0.0.7", Admission::Yes),
            ("10.0.0.7", "10.0.0.70", Admission::No),
            ("10.0.0.0/24,192.0.2.1", "10.0.0.9", Admission::Yes),
            ("10.0.0.0/24,!10.0.0.9", "10.0.0.9", Admission::No),
            ("!10.0.0.9,10.0.0.0/24", "10.0.0.8", Admission::Yes),
            ("10.0.*", "10.0.3.4", Admission::Yes),
            ("10.0.0.?", "10.0.0.12", Admission::No),
            ("0.0.0.0/0", "203.0.113.9", Admission::Yes),
            ("::/0", "203.0.113.9", Admission::No),
            ("2001:db8::/32", "2001:db8::5", Admission::Yes),
            ("10.0.0.0/8", "::ffff:10.1.1.1", Admission::Yes),
            ("10.0.0.1/24", "10.0.0.1", bad("10.0.0.1/24")),
            ("10.0.0.0/33", "10.0.0.1", bad("10.0.0.0/33")),
            ("10.0.0.1,", "10.0.0.1", bad("")),
            ("*.example.com", "10.0.0.1", Admission::No),
        ] {
            assert_eq!(admits(list, address.parse().unwrap(), Some(false)), expected, "{list} {address}");
        }
        assert_eq!(admits("*.example.com", "10.0.0.1".parse().unwrap(), Some(true)), Admission::Perhaps);
        assert_eq!(admits("*.example.com,!10.0.0.1", "10.0.0.1".parse().unwrap(), None), Admission::No);
    }

    #[test]
    fn names_are_matched_with_wildcards_and_negation() {
        for (list, text, expected) in [
            ("a,b", "b", true),
            ("ad*", "adit", true),
            ("*,!root", "root", false),
            ("!root", "adit", false),
            ("a?", "a", false),
        ] {
            assert_eq!(glob_list(list, text), expected, "{list} {text}");
        }
    }

    proptest! {
        #[test]
        fn no_list_panics(list in "[0-9a-f.:/*?!,x]{0,60}", bits in any::<u128>(), v4 in any::<u32>()) {
            let _ = admits(&list, IpAddr::from(bits.to_be_bytes()), None);
            let _ = admits(&list, IpAddr::from(v4.to_be_bytes()), Some(true));
            let _ = glob(&list, &list);
        }
    }
}
