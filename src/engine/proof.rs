//! One forward opened as proof that the way is whole, and finished politely. It never logs in, never asks, and answers only a
//! server that would count its silence.

use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

use super::event::Event;
use crate::model::contact::{Contact, End, Reply, Step};
use crate::model::{Code, Database, Fault};
use crate::ssh::{Channel, Lane, OpenError};

/// The time for a database's first words.
const SPEAK_DEADLINE: Duration = Duration::from_secs(3);
/// How long a server that should wait for its client is listened to: connecting and closing leaves no trace in its log, and one
/// that speaks first is another than configured.
const FIRST_WORDS: Duration = Duration::from_millis(150);
/// What follows words that could be whole comes within this.
const MOMENT: Duration = Duration::from_millis(100);

/// Opens the forward and says what came of it; nothing when the session was lost meanwhile.
pub(crate) async fn prove(lane: &Lane, database: &Database) -> Option<Event> {
    match lane.open(&database.endpoint(), None).await {
        Ok((mut channel, _place)) => {
            let reply = overhear(&mut channel, database).await;
            // A session that is gone has ended it.
            let _ = channel.eof().await;
            finish(channel).await;
            Some(fault(&reply, database).map_or(Event::ForwardOpened, Event::ForwardRefused))
        }
        Err(OpenError::Refused(fault)) => Some(Event::ForwardRefused(*fault)),
        Err(OpenError::Lost) => None,
    }
}

/// Listens, and finishes what a server begins that counts unfinished contacts.
async fn overhear(channel: &mut Channel, database: &Database) -> Reply {
    let mut contact = Contact::overhear(database.kind);
    let patience = if contact.server_speaks_first() { SPEAK_DEADLINE } else { FIRST_WORDS };
    let mut deadline = Instant::now() + patience;
    let mut settled = None;
    loop {
        let until = if settled.is_some() { deadline.min(Instant::now() + MOMENT) } else { deadline };
        let said = match timeout_at(until, channel.wait()).await {
            Ok(Some(message)) => crate::ssh::received(message),
            ended => {
                let end = if ended.is_ok() { End::Closed } else { End::Quiet };
                let (reply, parting) = contact.end(end);
                say(channel, parting).await;
                return settled.unwrap_or(reply);
            }
        };
        let Some(said) = said else { continue };
        settled = None;
        match contact.hear(&said) {
            Step::Listen => {}
            Step::Say(words) => {
                deadline = Instant::now() + SPEAK_DEADLINE;
                say(channel, words).await;
            }
            Step::Settle(reply) => settled = Some(reply),
            Step::Leave(reply, parting) => {
                say(channel, parting).await;
                return reply;
            }
        }
    }
}

async fn say(channel: &Channel, words: Vec<u8>) {
    if !words.is_empty() {
        // A server that has gone cannot be answered, and counts nothing.
        let _ = channel.data_bytes(words).await;
    }
}

/// What is about this way: a refusal of the bastion, or another server than the configured one.
fn fault(reply: &Reply, database: &Database) -> Option<Fault> {
    match reply {
        Reply::Refused { code: Code::TooManyConnections | Code::HostBlocked | Code::HostNotAllowed, .. }
        | Reply::Stranger { name: Some(_), .. } => reply.fault(database, None),
        Reply::Refused { .. }
        | Reply::Stranger { name: None, .. }
        | Reply::Speaks { .. }
        | Reply::Silent { .. }
        | Reply::Closed { .. } => None,
    }
}

/// Waits for the far side to close, so that the channel is forgotten; closes it after a while.
async fn finish(mut channel: Channel) {
    let ended = async { while channel.wait().await.is_some() {} };
    if timeout(Duration::from_secs(1), ended).await.is_err() {
        // The session being gone closes it as well.
        let _ = channel.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;

    fn database(kind: Kind) -> Database {
        Database { kind, host: "db".parse().unwrap(), port: 5432.try_into().unwrap() }
    }

    #[test]
    fn only_what_is_about_the_way_is_a_fault() {
        let refused = |code| Reply::Refused { code, text: "no".to_owned() };
        let stranger = |name: Option<&str>| Reply::Stranger {
            name: name.map(str::to_owned),
            kind: None,
            said: "220 hi".to_owned(),
        };
        let mariadb = database(Kind::Mariadb);
        assert_eq!(fault(&refused(Code::HostBlocked), &mariadb).unwrap().code, Code::HostBlocked);
        assert_eq!(fault(&refused(Code::TlsRequired), &mariadb), None);
        assert_eq!(fault(&stranger(None), &mariadb), None);
        assert_eq!(fault(&stranger(Some("a mail server")), &mariadb).unwrap().code, Code::WrongProtocol);
        assert_eq!(fault(&stranger(Some("a mail server")), &database(Kind::Tcp)), None);
        for reply in [Reply::Silent { said: String::new() }, Reply::Closed { asked: false, said: String::new() }] {
            assert_eq!(fault(&reply, &mariadb), None);
        }
    }
}
