//! The SSH library's callbacks of one connection: who is let in, and what a session may ask for.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use russh::keys::PublicKey;
use russh::server::{Auth, ChannelOpenHandle, Handle, Handler, Msg, PublicKeyOffer, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId, Disconnect, MethodKind, MethodSet};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::switches::Login;
use super::{Shared, forward};

/// As OpenSSH words it (auth.c, packet.c).
const TOO_MANY: &str = "Too many authentication failures";
/// As OpenSSH words it (auth-shadow.c).
const EXPIRED: &str = "Your account has expired; please contact your system administrator.\n";
/// nologin(8).
const NO_SHELL: &str = "This account is currently not available.\r\n";

/// One connection.
pub(super) struct Callbacks {
    pub(super) shared: Arc<Shared>,
    /// Set once the library has made it.
    pub(super) handle: watch::Receiver<Option<Handle>>,
    pub(super) login: Login,
    pub(super) cut: CancellationToken,
}

impl Callbacks {
    /// Before the signature: what a key that is known comes to.
    async fn judge(&self, user: &str, key: &PublicKey) -> Result<bool, russh::Error> {
        match self.login {
            Login::OpenToAll => Ok(true),
            Login::Keys | Login::SecondFactor => Ok(self.shared.knows(user, key.key_data())),
            Login::PasswordsOnly => Ok(false),
            Login::TooManyFailures | Login::AccountExpired | Login::Drop => Err(russh::Error::Disconnect),
            Login::Hang => {
                self.cut.cancelled().await;
                Err(russh::Error::Disconnect)
            }
        }
    }

    fn turn_from_shell(channel: ChannelId, session: &mut Session) -> Result<(), russh::Error> {
        session.channel_success(channel)?;
        session.data(channel, NO_SHELL)?;
        session.exit_status_request(channel, 1)?;
        session.eof(channel)?;
        session.close(channel)
    }
}

impl Handler for Callbacks {
    type Error = russh::Error;

    async fn authentication_banner(&mut self) -> Result<Option<String>, russh::Error> {
        match self.login {
            Login::AccountExpired => Ok(Some(EXPIRED.to_owned())),
            Login::TooManyFailures => {
                let handle = match self.handle.wait_for(Option::is_some).await {
                    Ok(handle) => handle.clone(),
                    Err(_) => None,
                };
                if let Some(handle) = handle {
                    // Sent before the login is read; a connection that is gone needs no goodbye.
                    let _ = handle.disconnect(Disconnect::ProtocolError, TOO_MANY.to_owned(), String::new()).await;
                }
                Ok(None)
            }
            _ => Ok(self.shared.switches.borrow().banner.clone()),
        }
    }

    async fn auth_none(&mut self, _user: &str) -> Result<Auth, russh::Error> {
        Ok(if self.login == Login::OpenToAll { Auth::Accept } else { Auth::reject() })
    }

    async fn auth_publickey_offered(&mut self, user: &str, offer: PublicKeyOffer<'_>) -> Result<Auth, russh::Error> {
        Ok(if self.judge(user, offer.public_key).await? { Auth::Accept } else { Auth::reject() })
    }

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, russh::Error> {
        if !self.judge(user, key.public_key).await? {
            return Ok(Auth::reject());
        }
        if self.login == Login::SecondFactor {
            let mut left = MethodSet::empty();
            left.push(MethodKind::KeyboardInteractive);
            return Ok(Auth::Reject { proceed_with_methods: Some(left), partial_success: true });
        }
        self.shared.logins.fetch_add(1, Ordering::Relaxed);
        Ok(Auth::Accept)
    }

    async fn channel_open_session(
        &mut self,
        _channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn shell_request(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), russh::Error> {
        Self::turn_from_shell(channel, session)
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        _command: &[u8],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        Self::turn_from_shell(channel, session)
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        channel: Channel<Msg>,
        host: &str,
        port: u32,
        _originator: &str,
        _originator_port: u32,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        let found = forward::look_up(&self.shared, host, port);
        let cut = self.cut.clone();
        // Opening takes its time; the session goes on meanwhile.
        tokio::spawn(async move {
            tokio::select! {
                () = cut.cancelled() => {}
                () = forward::open(found, channel, reply) => {}
            }
        });
        Ok(())
    }
}
