//! How both sides see that it is done: the ports from the bastion, the receipt, a login by hand, and the tunnel itself.

use super::Setup;
use super::step::{Platform, Step};
use crate::model::{Endpoint, Format, Listen, Owner, Recipe, SSH_PORT, Subject, shell_word};

/// The local port of the login by hand.
const BY_HAND: u16 = 1111;

pub(super) fn steps(setup: &Setup, platforms: &[Platform]) -> Vec<Step> {
    let mut steps = Vec::new();
    if !setup.databases.is_empty() {
        steps.push(ports(setup));
    }
    if platforms.contains(&Platform::Linux) {
        steps.push(receipt(setup));
    }
    steps.push(host_key());
    steps.extend(by_hand(setup));
    steps.push(finish(setup));
    steps
}

fn ports(setup: &Setup) -> Step {
    let why = "from the bastion itself: that is where the tunnel's connection starts. Behind a VPN or a proxy nc may say yes where \
               nothing answers. MySQL and MariaDB count a connection without a login against the bastion's address, so once is \
               enough";
    let step = Step::new(None, Owner::BastionAdmin, "See whether the bastion reaches the database", why);
    let step = setup.targets().iter().fold(step, |step, Endpoint { host, port }| {
        let word = shell_word(host.as_str());
        step.run(format!("{host} port {port}; not every nc can do this"), format!("nc -vz -w 5 {word} {port}")).run(
            "or without nc",
            format!("timeout 5 bash -c '</dev/tcp/\"$0\"/\"$1\"' {word} {port} && echo open || echo closed"),
        )
    });
    match &setup.subject {
        Subject::Tunnel(_) | Subject::Draft(_) => step.run(
            "where the account has no shell: whoever asks for the tunnel tries it through the login itself, on their machine",
            format!("adit diagnose {}", setup.subject),
        ),
        Subject::Bastion(_) => step,
    }
}

fn receipt(setup: &Setup) -> Step {
    let name = &setup.subject;
    let why = "a refused login never says why. One script looks at account, modes, owners, the key's line and sshd's settings, \
               changes nothing, and prints a receipt without any secret in it";
    Step::new(Platform::Linux, Owner::You, "Have it checked, and read the receipt", why)
        .run(
            "write the script and send it to the bastion's admin, who runs it as root and sends back what it prints",
            format!("adit setup {name} --check --output {}-check.sh", setup.label()),
        )
        .run(
            "paste the receipt into this; every line of the checklist is ticked, or named with its repair",
            format!("adit setup {name} --receipt"),
        )
}

fn host_key() -> Step {
    let why = "so that the first login can tell the bastion from somebody who only says that he is it";
    Step::new(None, Owner::BastionAdmin, "Tell them the fingerprint of the bastion's host key", why)
        .run("on the bastion", "for key in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf \"$key\"; done")
}

/// The same tunnel with the admin's own login: it tells a fault of the way from one of the key.
fn by_hand(setup: &Setup) -> Option<Step> {
    let served = setup.databases.first()?;
    let target = served.database.endpoint();
    let port = setup.address.port.get();
    let more = if port == SSH_PORT { String::new() } else { format!(" -p {port}") };
    let listen = Listen::loopback(BY_HAND.try_into().ok()?);
    let recipe = Recipe { kind: served.database.kind, listen: &listen, name: None, user: None, dbname: None };
    let client = Format::client(served.database.kind).and_then(|format| recipe.plain(format).ok());
    let why = "with a login and key of one's own it tells a fault of the way from one of the key: two terminals, since the client \
               runs here and not on the bastion";
    let step = Step::new(None, Owner::BastionAdmin, "Try the same way with another login", why).run(
        "in the first terminal; it stays silent while it works",
        format!("ssh -N -L 127.0.0.1:{BY_HAND}:{target}{more} {}", shell_word(setup.address.host.as_str())),
    );
    Some(match client {
        Some(client) => step.run("in the second", client),
        None => step.run("in the second", format!("nc -vz 127.0.0.1 {BY_HAND}")),
    })
}

fn finish(setup: &Setup) -> Step {
    let step = Step::new(None, Owner::You, "Finish", "when both sides say that it is done");
    let pinned = |step: Step| {
        step.run(
            "pin the host key; adit shows what the server has, and it must be the fingerprint that the admin told",
            format!("adit trust {}", setup.bastion),
        )
    };
    match &setup.subject {
        Subject::Tunnel(name) => pinned(step).run("bring the tunnel up", format!("adit up {name}")).run(
            "if it does not come up, this names the broken rung and who must act",
            format!("adit diagnose {name}"),
        ),
        Subject::Bastion(name) => {
            pinned(step).run("see whether the login works", format!("adit diagnose bastion:{name}"))
        }
        // Its bastion may be in the making too.
        Subject::Draft(name) => step
            .run("see how far the way is open", format!("adit diagnose draft:{name}"))
            .run("go on with the tunnel where it was left; the host key is shown there", "adit"),
    }
}
