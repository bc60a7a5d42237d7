//! The account and the key's line on a bastion that runs Linux, as steps that a person reads. The same as one script is
//! `script`'s business.

use super::step::{Platform, Step};
use super::{Setup, line};
use crate::model::{Owner, shell_word};

pub(super) fn steps(setup: &Setup) -> Vec<Step> {
    let mut steps = vec![account(setup)];
    steps.extend(key(setup));
    steps.push(elsewhere(setup));
    steps
}

fn account(setup: &Setup) -> Step {
    let user = shell_word(&setup.user);
    let title = format!("Make the account {}", setup.user);
    let why = "an account of its own keeps the tunnel apart from people, so that it can be seen in logs and taken away alone. \
               If it is there already, leave this step out";
    let name = &setup.subject;
    Step::new(Platform::Linux, Owner::BastionAdmin, title, why)
        .run(
            "as root; its group is made with it",
            format!(
                "getent passwd {user} >/dev/null || \
                 useradd --create-home --user-group --shell \"$(command -v nologin || echo /bin/false)\" {user}"
            ),
        )
        .run(
            "a password that nobody can type. A new account's \"!\" is a lock that also stops keys where sshd asks no PAM, and \
             so is what passwd -l sets",
            format!("usermod -p '*' {user}"),
        )
        .say(
            "the shell nologin lets nobody work there and stops no tunnel; with another shell the person can also look at the \
             account themselves when something is wrong",
        )
        .run(
            "this and the next step in one script: safe to run twice, checks itself and prints a receipt. Whoever asks for the \
             tunnel writes it and sends it along",
            format!("adit setup {name} --script --output {}.sh", setup.label()),
        )
        .run(
            "what it would do, before it does it; then the same without --dry-run",
            format!("sudo sh {}.sh --dry-run", setup.label()),
        )
}

fn key(setup: &Setup) -> Option<Step> {
    let (finished, old) = (line::line(setup)?, line::old_line(setup)?);
    let user = shell_word(&setup.user);
    let title = format!("Put the key's line into the authorized_keys of {}", setup.user);
    let targets: Vec<String> = setup.targets().iter().map(ToString::to_string).collect();
    let opens =
        if targets.is_empty() { "no forward at all".to_owned() } else { format!("forwards to {}", targets.join(", ")) };
    let mut why = format!(
        "the line lets this one key open {opens}, and switches everything else off. It must stay on one line; folder and file \
         must belong to the account, and neither they nor the home folder may be writable by others, else sshd trusts no key in \
         them"
    );
    if let Some(day) = setup.expires {
        why.push_str(&format!("; from the beginning of {day} on sshd takes the key no longer"));
    }
    let run = format!(
        "home=$(getent passwd {user} | cut -d: -f6) && group=$(id -g {user}) &&\n\
         install -d -m 700 -o {user} -g \"$group\" \"$home/.ssh\" && touch \"$home/.ssh/authorized_keys\" &&\n\
         {{ grep -qxF {0} \"$home/.ssh/authorized_keys\" || printf '\\n%s\\n' {0} >> \"$home/.ssh/authorized_keys\"; }} &&\n\
         chown {user}:\"$group\" \"$home/.ssh/authorized_keys\" && chmod 600 \"$home/.ssh/authorized_keys\"",
        shell_word(&finished)
    );
    let mut step = Step::new(Platform::Linux, Owner::BastionAdmin, title, why)
        .run("as root; other keys stay as they are", run)
        .run(
            "where SELinux is on, sshd may only read files with the right label",
            format!("restorecon -R \"$(getent passwd {user} | cut -d: -f6)/.ssh\""),
        )
        .run(
            format!(
                "it is right when this prints one line, with {}",
                setup.key.as_ref().map_or("", |key| key.fingerprint.as_str())
            ),
            format!(
                "ssh-keygen -lf \"$(getent passwd {user} | cut -d: -f6)/.ssh/authorized_keys\" | grep -F {}",
                shell_word(setup.key.as_ref().map_or("", |key| key.fingerprint.as_str()))
            ),
        );
    let mut words = "OpenSSH before 7.2 (`sshd -V` says which it is) does not know restrict and then passes over the whole line; there, this line instead".to_owned();
    if setup.expires.is_some() {
        words.push_str(". OpenSSH before 7.7 knows no expiry-time: take the line away by hand on that day");
    }
    step = step.run(words, format!("printf '%s\\n' {}", shell_word(&old)));
    Some(step)
}

fn elsewhere(setup: &Setup) -> Step {
    let user = shell_word(&setup.user);
    let from = setup.sources().first().map_or_else(|| "127.0.0.1".to_owned(), ToString::to_string);
    let title = "Where sshd takes keys from, if not from that file";
    let why = "sshd may read another file, ask a program, or be run by a cloud that writes the file itself; a line in the usual \
               file is then without effect, or gone tomorrow";
    Step::new(Platform::Linux, Owner::BastionAdmin, title, why)
        .run(
            "AuthorizedKeysFile names the file, AuthorizedKeysCommand the program (such as that of a directory service); the line \
             belongs where they look",
            format!("sshd -T -C user={user},host={from},addr={from} | grep -iE '^authorizedkeys(file|command) '"),
        )
        .say(
            "in Google's cloud with OS Login keys belong to the Google account (gcloud compute os-login ssh-keys add), without it \
             to the metadata of the instance or project; the agent there rewrites authorized_keys of the accounts that it made. \
             In Amazon's cloud the key chosen at launch is only the first one; EC2 Instance Connect adds keys for a minute, not \
             for a tunnel",
        )
}
