//! A login of the person's own on a bastion, to look there with. It holds no key.

use serde::{Deserialize, Serialize};

use super::endpoint::{Endpoint, Port};

/// Whose eyes to borrow: `USER@HOST[:PORT]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Admin {
    /// The login.
    pub user: String,
    /// The server, usually the bastion itself.
    pub endpoint: Endpoint,
}

/// Why a text is no admin's login.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an admin's login: give USER@HOST or USER@HOST:PORT")]
pub struct AdminError {
    /// The text as given.
    pub text: String,
}

impl Admin {
    /// Reads `USER@HOST[:PORT]`; without a port the bastion's own.
    ///
    /// # Errors
    /// When the text has another form.
    pub fn parse(text: &str, bastion: &Endpoint) -> Result<Self, AdminError> {
        let wrong = || AdminError { text: text.to_owned() };
        let (user, place) = text.rsplit_once('@').ok_or_else(wrong)?;
        let plain = |c: char| !c.is_control() && !c.is_whitespace();
        if user.is_empty() || user.starts_with('-') || !user.chars().all(plain) {
            return Err(wrong());
        }
        let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, "")) => (host, None),
            Some((host, rest)) => (host, Some(rest.strip_prefix(':').ok_or_else(wrong)?)),
            None => match place.rsplit_once(':') {
                // More than one colon without brackets is an IPv6 address.
                Some((host, port)) if !host.contains(':') => (host, Some(port)),
                _ => (place, None),
            },
        };
        let port = match port {
            Some(port) => port.parse::<Port>().map_err(|_| wrong())?,
            None => bastion.port,
        };
        let host = host.parse().map_err(|_| wrong())?;
        Ok(Self { user: user.to_owned(), endpoint: Endpoint::new(host, port) })
    }
}

impl std::fmt::Display for Admin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.user, self.endpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        let bastion = Endpoint::new("b.example".parse().unwrap(), 2222.try_into().unwrap());
        Admin::parse(text, &bastion).ok().map(|admin| admin.to_string())
    }

    #[test]
    fn the_port_is_the_bastions_unless_given() {
        assert_eq!(read("root@b.example").as_deref(), Some("root@b.example:2222"));
        assert_eq!(read("ops@10.0.0.1:22").as_deref(), Some("ops@10.0.0.1:22"));
        assert_eq!(read("ops@[::1]:22").as_deref(), Some("ops@[::1]:22"));
        assert_eq!(read("ops@::1").as_deref(), Some("ops@[::1]:2222"));
        assert_eq!(read("ops@corp.example@b.example").as_deref(), Some("ops@corp.example@b.example:2222"));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["b.example", "@b", "root@", "-oProxyCommand=x@b", "root@b:0", "root@b:x", "ro ot@b", "root@[::1]x"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
