//! The hand-off that clients ask for: its facts, with the address that the bastion sees us from where a session tells it, and
//! its texts in private files. It writes no word of them.

use std::net::IpAddr;
use std::time::Duration;

use tokio::sync::oneshot;

use super::Hub;
use super::wizard::Refused;
use crate::guide::Setup;
use crate::local::{clock, private_file};
use crate::model::Subject;
use crate::service::handoff::{Wish, draft_handoff, handoff};
use crate::service::protocol::Reply;
use crate::service::sheet::{self, Sheet};
use crate::ssh::Session;

/// A login that may run a command has answered by then.
const PATIENCE: Duration = Duration::from_secs(2);

/// The folder of saved hand-offs, in the one of state.
const FOLDER: &str = "hand-offs";

/// sshd sets the variable for every session: client's address and port, server's address and port (ssh(1), ENVIRONMENT).
const WHERE_FROM: &str = "echo \"$SSH_CONNECTION\"";

impl Hub {
    /// Says what others must do, elsewhere: an agent may be asked for its key, and the bastion for our address.
    pub(super) fn hand_off(&self, subject: Subject, to: oneshot::Sender<Reply>) {
        let gathered = self.gather(subject);
        let late = self.closed.0.clone();
        tokio::spawn(async move {
            let reply = match gathered.await {
                Ok(setup) => Reply::HandOff { setup: Box::new(setup) },
                Err((code, message)) => Reply::Refused { code, message },
            };
            // The hub is gone, and whoever asked.
            let _ = late.send((to, reply)).await;
        });
    }

    /// Writes a text of it into a file of its own; says where.
    pub(super) fn save_hand_off(&self, subject: Subject, sheet: Sheet, to: oneshot::Sender<Reply>) {
        let gathered = self.gather(subject);
        let (folder, late) = (self.paths.state.join(FOLDER), self.closed.0.clone());
        tokio::spawn(async move {
            let written = async {
                let setup = gathered.await?;
                let text = sheet::sheet(&setup, sheet).map_err(|why| (2, why))?;
                let moment = clock::now().strftime("%Y%m%dT%H%M%S%3fZ");
                let name = setup.subject.to_string().replace(':', "-");
                let path = folder.join(format!("{name}-{}-{moment}.{}", sheet.word(), sheet.extension()));
                let target = path.clone();
                let write = move || {
                    private_file::make_private_dir(&folder)?;
                    private_file::create_new(&target, text.as_bytes(), 0o600)
                };
                match tokio::task::spawn_blocking(write).await {
                    Ok(Ok(())) => Ok(path.display().to_string()),
                    Ok(Err(error)) => Err((1, error.to_string())),
                    Err(_) => Err((1, "writing failed; the log says why".to_owned())),
                }
            };
            let reply = match written.await {
                Ok(path) => Reply::Saved { path },
                Err((code, message)) => Reply::Refused { code, message },
            };
            // The hub is gone; the file is there all the same.
            let _ = late.send((to, reply)).await;
        });
    }

    /// The facts; nothing of the hub is held while they are gathered.
    fn gather(&self, subject: Subject) -> impl Future<Output = Result<Setup, Refused>> + Send + use<> {
        let (settings, paths, pool) = (self.in_force.settings().clone(), self.paths.clone(), self.pool.clone());
        let draft = self.drafts.find(subject.name()).cloned();
        let by_bastion: Vec<_> = settings
            .bastions
            .keys()
            .filter_map(|bastion| Some((bastion.clone(), self.diagnoses.seen_from(bastion)?)))
            .collect();
        async move {
            let (wish, agent) = (Wish::default(), pool.agent());
            let setup = match (&subject, draft) {
                (Subject::Draft(_), Some(draft)) => draft_handoff(&settings, &paths, &draft, &wish, agent).await,
                (Subject::Draft(_), None) => None,
                (Subject::Tunnel(_) | Subject::Bastion(_), _) => {
                    handoff(&settings, &paths, &subject, &wish, agent).await
                }
            };
            let mut setup = setup.ok_or_else(|| (3, format!("nothing is known of {} yet", subject.words())))?;
            let told = seen_from(pool.sessions_on(&setup.address)).await;
            let seen =
                told.or_else(|| by_bastion.into_iter().find(|(name, _)| *name == setup.bastion).map(|(_, ip)| ip));
            setup.seen = seen.into_iter().collect();
            Ok(setup)
        }
    }
}

/// The address that a server sees us come from, by the first session whose login may run a command.
async fn seen_from(sessions: Vec<Session>) -> Option<IpAddr> {
    for session in sessions {
        // A login without a shell says no, and that is no fault.
        let Ok(answer) = session.exec(WHERE_FROM, b"", PATIENCE).await else { continue };
        if let Some(address) = address_in(&answer.stdout) {
            return Some(address);
        }
    }
    None
}

/// The first word of what was printed, if it is the address of a client.
fn address_in(printed: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(printed.get(..printed.len().min(200))?).ok()?;
    let words: Vec<&str> = text.split_whitespace().collect();
    // Four words in one line, or it is a greeting or another shell's idea of a variable.
    let [client, port, server, _] = words[..] else { return None };
    let port_is_one = port.parse::<u16>().is_ok() && server.parse::<IpAddr>().is_ok();
    // A link-local address may carry the name of its interface.
    let client: IpAddr = client.split('%').next()?.parse().ok()?;
    (port_is_one && !client.is_unspecified()).then_some(client)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_sshd_says_is_an_address() {
        let read = |text: &str| address_in(text.as_bytes()).map(|address| address.to_string());
        assert_eq!(read("203.0.113.7 50022 10.0.0.4 22\n").as_deref(), Some("203.0.113.7"));
        assert_eq!(read("2001:db8::7 50022 2001:db8::4 22\r\n").as_deref(), Some("2001:db8::7"));
        assert_eq!(read("fe80::1%eth0 1 fe80::2 22").as_deref(), Some("fe80::1"));
        for other in [
            "",
            "\n",
            "\"$SSH_CONNECTION\"",
            "This account is currently not available.",
            "203.0.113.7",
            "203.0.113.7 x 10.0.0.4 22",
            "0.0.0.0 1 10.0.0.4 22",
            "$(id) 1 10.0.0.4 22",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
        assert_eq!(address_in(&[0xff; 40]), None);
    }
}
