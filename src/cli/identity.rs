//! The arguments that name an identity, the same for bastions and tunnels.

use std::path::PathBuf;

use clap::Args;

use crate::model::{AgentSocket, Name};

/// At most one of three.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(super) struct IdentityArgs {
    /// Log in with adit's own key of this name
    #[arg(long, value_name = "KEY")]
    pub(super) key: Option<Name>,
    /// Log in with this private key file
    #[arg(long, value_name = "FILE")]
    pub(super) identity_file: Option<PathBuf>,
    /// Log in through your SSH agent, or the one at this socket
    #[arg(long, value_name = "SOCKET", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    agent: Option<String>,
}

impl IdentityArgs {
    /// True when none was named.
    pub(super) fn is_empty(&self) -> bool {
        self.key.is_none() && self.identity_file.is_none() && self.agent.is_none()
    }

    /// The agent, where one was named; a relative path is meant from here.
    pub(super) fn agent(&self) -> Option<AgentSocket> {
        let text = self.agent.as_deref()?;
        // An empty path has no absolute form: `--agent` alone.
        Some(std::path::absolute(text).map_or(AgentSocket::Environment, AgentSocket::Path))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        identity: IdentityArgs,
    }

    #[test]
    fn an_agent_with_and_without_a_socket() {
        let parse = |line: &str| Line::try_parse_from(line.split(' ')).map(|line| line.identity);
        assert_eq!(parse("x --agent").unwrap().agent(), Some(AgentSocket::Environment));
        assert_eq!(parse("x --agent=/run/a").unwrap().agent(), Some(AgentSocket::Path("/run/a".into())));
        assert!(parse("x --agent --key k").is_err());
        assert!(Line::try_parse_from(["x"]).unwrap().identity.is_empty());
    }
}
