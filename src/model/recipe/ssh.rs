//! The same tunnel by OpenSSH: as a command and as a block of its configuration. Nothing here runs `ssh`.

use std::path::{Path, PathBuf};

use super::quote::shell_line;
use crate::model::{AgentSocket, Endpoint, Hop, Identity, Listen, Name, Route, SSH_PORT};

/// What OpenSSH must know besides where to listen.
#[derive(Debug, Clone)]
pub struct SshWay<'a> {
    /// The tunnel's name.
    pub name: &'a Name,
    /// The hops to the database's network.
    pub route: &'a Route,
    /// The database as the bastion sees it.
    pub target: Endpoint,
    /// The folder with adit's own keys.
    pub keys: &'a Path,
    /// adit's own known hosts, where there are any.
    pub known_hosts: Option<&'a Path>,
}

impl SshWay<'_> {
    /// A complete command that stays in the foreground.
    pub(super) fn command(&self, listen: &Listen) -> String {
        let last = &self.route.last;
        let mut words: Vec<String> = vec!["ssh".into(), "-N".into(), "-L".into()];
        words.push(format!("{}:{}", local(listen), self.target));
        if last.endpoint.port.get() != SSH_PORT {
            words.extend(["-p".into(), last.endpoint.port.to_string()]);
        }
        if let Some(path) = self.identity_file(&last.identity) {
            words.extend(["-i".into(), escaped(&path)]);
        }
        for (key, value) in self.options() {
            words.extend(["-o".into(), format!("{key}={value}")]);
        }
        if let Some(jumps) = self.jumps() {
            words.extend(["-J".into(), jumps]);
        }
        if last.user.starts_with('-') {
            words.extend(["-l".into(), last.user.clone(), last.endpoint.host.to_string()]);
        } else {
            words.push(format!("{}@{}", last.user, last.endpoint.host));
        }
        shell_line(&words)
    }

    /// A `Host` block; `ssh -N adit-NAME` opens it.
    pub(super) fn config(&self, listen: &Listen) -> String {
        let last = &self.route.last;
        let mut lines = vec![format!("Host adit-{}", self.name)];
        let mut put = |key: &str, value: String| lines.push(format!("    {key} {value}"));
        put("HostName", last.endpoint.host.to_string());
        put("Port", last.endpoint.port.to_string());
        put("User", config_word(&last.user));
        if let Some(path) = self.identity_file(&last.identity) {
            put("IdentityFile", config_word(&escaped(&path)));
        }
        put("LocalForward", format!("{} {}", config_word(&local(listen)), self.target));
        for (key, value) in self.options() {
            put(key, value);
        }
        if let Some(jumps) = self.jumps() {
            put("ProxyJump", jumps);
        }
        lines.join("\n")
    }

    /// The private key's file, where the identity is one.
    fn identity_file(&self, identity: &Identity) -> Option<PathBuf> {
        match identity {
            Identity::Key(name) => Some(self.keys.join(name.as_str())),
            Identity::File(path) => Some(path.clone()),
            Identity::Agent(_) => None,
        }
    }

    /// Options that make OpenSSH behave as adit does, in the configuration's own quoting.
    fn options(&self) -> Vec<(&'static str, String)> {
        let last = &self.route.last;
        let mut out = Vec::new();
        match &last.identity {
            Identity::Key(_) | Identity::File(_) => out.push(("IdentitiesOnly", "yes".to_owned())),
            Identity::Agent(AgentSocket::Path(path)) => out.push(("IdentityAgent", config_word(&escaped(path)))),
            Identity::Agent(AgentSocket::Environment) => {}
        }
        if let Some(path) = self.known_hosts {
            out.push(("UserKnownHostsFile", format!("~/.ssh/known_hosts {}", config_word(&escaped(path)))));
        }
        out.push(("ExitOnForwardFailure", "yes".to_owned()));
        let seconds = last.keepalive.as_secs() + u64::from(last.keepalive.subsec_nanos() > 0);
        out.push(("ServerAliveInterval", seconds.max(1).to_string()));
        out.push(("ServerAliveCountMax", "3".to_owned()));
        out
    }

    /// The hops before the last as `ProxyJump` lists them.
    fn jumps(&self) -> Option<String> {
        let hop = |hop: &Hop| format!("{}@{}", hop.user, hop.endpoint);
        let list: Vec<String> = self.route.via.iter().map(hop).collect();
        (!list.is_empty()).then(|| list.join(","))
    }
}

/// Where to listen, in OpenSSH's spelling.
fn local(listen: &Listen) -> String {
    match listen {
        Listen::Tcp(address) => address.to_string(),
        Listen::Unix(path) => path.display().to_string(),
    }
}

/// A path in which OpenSSH finds no tokens to expand (ssh_config(5), TOKENS).
fn escaped(path: &Path) -> String {
    path.display().to_string().replace('%', "%%")
}

/// A word of an OpenSSH configuration line.
fn config_word(text: &str) -> String {
    let plain = !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '#' | '\\'));
    if plain { text.to_owned() } else { format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\"")) }
}

#[cfg(test)]
impl SshWay<'static> {
    /// A way through a bastion on port 2222 with a key of adit's own.
    pub(super) fn example() -> Self {
        let hop = Hop {
            bastion: "prod".parse().unwrap(),
            endpoint: Endpoint::new("bastion.example.com".parse().unwrap(), 2222.try_into().unwrap()),
            user: "adit".to_owned(),
            identity: Identity::Key("prod".parse().unwrap()),
            keepalive: std::time::Duration::from_millis(2500),
            legacy_algorithms: false,
        };
        Self {
            name: Box::leak(Box::new("orders".parse().unwrap())),
            route: Box::leak(Box::new(Route::direct(hop))),
            target: Endpoint::new("::1".parse().unwrap(), 5432.try_into().unwrap()),
            keys: Path::new("/home/me/.local/share/adit/keys"),
            known_hosts: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::Stdio;

    use super::*;

    #[test]
    fn the_command_is_complete() {
        let way = SshWay::example();
        assert_eq!(
            way.command(&"15432".parse().unwrap()),
            "ssh -N -L \"127.0.0.1:15432:[::1]:5432\" -p 2222 -i /home/me/.local/share/adit/keys/prod \
             -o IdentitiesOnly=yes -o ExitOnForwardFailure=yes -o ServerAliveInterval=3 -o ServerAliveCountMax=3 \
             adit@bastion.example.com"
        );
    }

    #[test]
    fn the_block_is_complete() {
        let mut way = SshWay::example();
        way.known_hosts = Some(Path::new("/home/m e/100%/known_hosts"));
        assert_eq!(
            way.config(&"15432".parse().unwrap()),
            "Host adit-orders\n    HostName bastion.example.com\n    Port 2222\n    User adit\n    \
             IdentityFile /home/me/.local/share/adit/keys/prod\n    LocalForward 127.0.0.1:15432 [::1]:5432\n    \
             IdentitiesOnly yes\n    UserKnownHostsFile ~/.ssh/known_hosts \"/home/m e/100%%/known_hosts\"\n    \
             ExitOnForwardFailure yes\n    ServerAliveInterval 3\n    ServerAliveCountMax 3"
        );
    }

    #[test]
    fn an_agent_has_no_file() {
        let mut hop = SshWay::example().route.last.clone();
        hop.identity = Identity::Agent(AgentSocket::Path("/run/agent".into()));
        let route = Route::direct(hop);
        let way = SshWay { route: &route, ..SshWay::example() };
        let line = way.command(&"unix:/run/pg".parse().unwrap());
        assert!(line.contains("IdentityAgent=/run/agent") && !line.contains(" -i "), "{line}");
        assert!(line.contains("-L \"/run/pg:[::1]:5432\""), "{line}");
    }

    #[test]
    fn openssh_understands_the_block() {
        let mut way = SshWay::example();
        way.known_hosts = Some(Path::new("/home/m e/100%/known_hosts"));
        let mut command = std::process::Command::new("ssh");
        command.args(["-F", "/dev/stdin", "-G", "adit-orders"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let Ok(mut child) = command.spawn() else {
            return;
        };
        child.stdin.take().unwrap().write_all(way.config(&"15432".parse().unwrap()).as_bytes()).unwrap();
        let text = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
        for line in ["port 2222", "user adit", "identitiesonly yes", "localforward [127.0.0.1]:15432 [::1]:5432"] {
            assert!(text.lines().any(|l| l == line), "{line}: {text}");
        }
        assert!(text.contains("/home/m e/100%"), "{text}");
    }
}
