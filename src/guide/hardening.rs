//! What makes the tunnel no weaker than what it guards, and when databases should share one. It changes nothing.

use super::Setup;
use super::step::Step;
use crate::model::Owner;

pub(super) fn step(setup: &Setup) -> Step {
    let why = "a tunnel is not safer than a direct connection by itself: it is as safe as the server that it goes through, and as \
               somebody watching that server";
    let step = Step::new(None, Owner::BastionAdmin, "Keep the bastion hard", why)
        .say("updates installed by themselves; nothing else runs on it; logins are kept and looked at")
        .say(
            "the database keeps no address on the internet: whoever reaches it there needs no tunnel, and one that is critical is \
             exposed to everybody's guesses",
        )
        .run(
            "keys only: no passwords, no root. All four should say no",
            "sshd -T | grep -iE '^(passwordauthentication|kbdinteractiveauthentication|permitemptypasswords|permitrootlogin) '",
        )
        .say("who may come is named in the firewall, and in from= of the key's line; the line opens named databases only")
        .run("who opened what, and who was refused", "journalctl -u ssh -u sshd --since today --no-pager | grep -E 'Accepted|Failed|refused|denied'")
        .say("each person and each use has a key of its own, so that one can be taken away alone");
    if setup.address.port.get() == crate::model::SSH_PORT {
        step.say("another port than 22 keeps the log quiet. It is no protection: whoever looks finds it")
    } else {
        step.say(format!(
            "port {} instead of 22 keeps the log quiet. It is no protection: whoever looks finds it",
            setup.address.port
        ))
    }
}

pub(super) fn sharing(setup: &Setup) -> Step {
    let why = "each tunnel has an SSH session of its own, so that a large export through one does not hold up the others; with \
               sessions = \"shared\" they ride on one, which is right where every login needs a person (a code, a touch)";
    // What counts is how much they move, not how many they are.
    let count = setup.databases.len();
    let words = if count > 1 {
        format!(
            "this key reaches {count} databases, which is right while their volume is small. All of them share the bandwidth of the bastion: give one that moves much data a key, or a bastion, of its own; its traffic and its rights are then seen and ended apart"
        )
    } else {
        "further databases behind the same bastion may use the same key while their volume is small: the line then names them all, and they share the bandwidth of the bastion. Give one that moves much data a key, or a bastion, of its own".to_owned()
    };
    Step::new(None, Owner::You, "One key or several", why).say(words)
}
