//! What `ssh -G` prints, as values: a word a line, then what it is set to. It judges nothing.

/// A local forward as written: where it listens and where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forward {
    /// A port, `[address]:port`, or a path.
    pub listen: String,
    /// `[host]:port`, or a path.
    pub target: String,
}

/// The settings of one host that matter here (ssh_config(5)).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resolved {
    /// `HostName`.
    pub host: String,
    /// `Port`, 22 where it cannot be read.
    pub port: u16,
    /// `User`.
    pub user: String,
    /// `IdentityFile`, in order; the usual ones where none is set.
    pub identity_files: Vec<String>,
    /// `IdentityAgent`, where it is set.
    pub identity_agent: Option<String>,
    /// `IdentitiesOnly`.
    pub identities_only: bool,
    /// `CertificateFile`, in order.
    pub certificates: Vec<String>,
    /// `ProxyJump`, where it is set.
    pub proxy_jump: Option<String>,
    /// `ProxyCommand`, where it is set.
    pub proxy_command: Option<String>,
    /// `LocalForward`, in order.
    pub forwards: Vec<Forward>,
    /// How many `RemoteForward` and `DynamicForward` there are.
    pub others: usize,
}

impl Resolved {
    /// Reads it; lines that are not known are passed over.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut found = Self { port: 22, ..Self::default() };
        let set = |value: &str| (!value.is_empty() && value != "none").then(|| value.to_owned());
        for (word, value) in text.lines().filter_map(|line| line.split_once(' ')) {
            match word {
                "hostname" => value.clone_into(&mut found.host),
                "port" => found.port = value.parse().unwrap_or(22),
                "user" => value.clone_into(&mut found.user),
                "identityfile" => found.identity_files.extend(set(value)),
                "identityagent" => found.identity_agent = set(value),
                "identitiesonly" => found.identities_only = value == "yes",
                "certificatefile" => found.certificates.extend(set(value)),
                "proxyjump" => found.proxy_jump = set(value),
                "proxycommand" => found.proxy_command = set(value),
                "localforward" => {
                    if let Some((listen, target)) = value.split_once(' ') {
                        found.forwards.push(Forward { listen: listen.to_owned(), target: target.to_owned() });
                    }
                }
                "remoteforward" | "dynamicforward" => found.others += 1,
                _ => {}
            }
        }
        // ssh prints a forward to a socket as a dynamic one, too.
        let sockets = found.forwards.iter().filter(|forward| forward.target.starts_with('/')).count();
        found.others = found.others.saturating_sub(sockets);
        found
    }
}

/// Host and port of `[host]:port`, or a port alone.
pub(super) fn place(text: &str) -> Option<(Option<&str>, u16)> {
    if let Ok(port) = text.parse() {
        return Some((None, port));
    }
    let (host, port) = text.rsplit_once(':')?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    Some((Some(host), port.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ssh_prints_is_read() {
        let text = "host a\nuser ops\nhostname 192.0.2.4\nport 2222\nidentitiesonly yes\nidentityagent none\n\
                    dynamicforward 3\ndynamicforward 1080\nlocalforward 15432 [10.0.1.12]:5432\n\
                    localforward [127.0.0.1]:1 [::1]:3306\nlocalforward /tmp/a.sock [x]:5\n\
                    localforward 3 /var/run/y.sock\nidentityfile ~/.ssh/my key\nproxyjump b,c\nproxycommand none\n";
        let found = Resolved::read(text);
        assert_eq!((found.host.as_str(), found.port, found.user.as_str()), ("192.0.2.4", 2222, "ops"));
        assert_eq!(found.identity_files, ["~/.ssh/my key"]);
        assert_eq!((found.identity_agent, found.proxy_command), (None, None));
        assert_eq!(found.proxy_jump.as_deref(), Some("b,c"));
        assert!(found.identities_only);
        assert_eq!((found.forwards.len(), found.others), (4, 1));
        assert_eq!(Resolved::read("").port, 22);
    }

    #[test]
    fn places_are_taken_apart() {
        let rows = [
            ("15432", Some((None, 15432))),
            ("[127.0.0.1]:1", Some((Some("127.0.0.1"), 1))),
            ("[::1]:3306", Some((Some("::1"), 3306))),
            ("db.internal:5", Some((Some("db.internal"), 5))),
            ("/tmp/a.sock", None),
            ("[x]:70000", None),
            ("", None),
        ];
        for (text, expected) in rows {
            assert_eq!(place(text), expected, "{text:?}");
        }
    }
}
