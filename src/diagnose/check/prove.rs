//! The key and the login. The wire does not tell a wrong user from a wrong key, and neither does this.

use super::{failure, pass};
use crate::diagnose::plan::Plan;
use crate::diagnose::probe::{Login, Look, Methods, Offered, Seen};
use crate::model::{Advice, Certainty, Code, Fault, Finding, Hop, Rung, Verdict, account};

/// Judges the key before it is offered.
#[must_use]
pub fn key(look: &Look<Offered>) -> Finding {
    match &look.seen {
        Seen::Fact(offered) => {
            let mut finding =
                pass(Rung::Prove, "key", format!("{} can be used, {}", offered.words, offered.fingerprint), look.ms);
            finding.evidence = Some(offered.public_key.clone());
            finding
        }
        Seen::Fault(fault) => failure("key", fault, look.ms),
    }
}

/// Judges the ways in; nothing where keys are among them.
#[must_use]
pub fn methods(look: &Look<Methods>, hop: &Hop) -> Option<Finding> {
    let Hop { user, endpoint, .. } = hop;
    match &look.seen {
        Seen::Fault(fault) => Some(failure("login", fault, look.ms)),
        Seen::Fact(methods) if methods.open_to_all => {
            let text = format!("{endpoint} lets {user} in without any proof");
            let mut finding = Finding::new(Rung::Prove, "methods", Verdict::Warn, text);
            finding.ms = Some(look.ms);
            Some(
                finding
                    .advise(Advice::words("tell the bastion's admin: anybody who reaches the port can use this login")),
            )
        }
        Seen::Fact(methods) if methods.names.iter().any(|name| name == "publickey") => None,
        Seen::Fact(methods) => {
            let text = format!("{endpoint} takes no keys for {user}, only {}", methods.names.join(", "));
            let fault = Fault::new(Code::PublickeyDisabled, text).advise(Advice::command(
                "the admin can see the setting, and set PubkeyAuthentication yes",
                "sudo sshd -T | grep -iE 'pubkeyauthentication|authenticationmethods'",
            ));
            Some(failure("methods", &fault, look.ms))
        }
    }
}

/// Judges the login. `offered` is what was shown.
#[must_use]
pub fn login(look: &Look<Login>, hop: &Hop, offered: &Offered, plan: &Plan) -> Finding {
    let Hop { user, .. } = hop;
    match &look.seen {
        Seen::Fault(fault) => failure("login", fault, look.ms),
        Seen::Fact(Login::Done { banner }) => {
            let mut finding =
                pass(Rung::Prove, "login", format!("logged in as {user} with {}", offered.words), look.ms);
            finding.evidence = (!banner.is_empty()).then(|| format!("the bastion's banner: {banner}"));
            finding
        }
        Seen::Fact(Login::Refused { fault, key_accepted, banner }) => {
            let mut finding = failure("login", fault, look.ms);
            finding.evidence = (!banner.is_empty()).then(|| format!("the bastion's banner: {banner}"));
            match (fault.code, key_accepted) {
                (Code::KeyRefused, true) => {
                    finding.summary =
                        format!("{}; the key itself is known there, its signature was not accepted", fault.message);
                    finding.certainty = Certainty::Likely;
                }
                (Code::KeyRefused, false) => finding = refused(finding, hop, plan),
                _ => {}
            }
            finding
        }
    }
}

/// What remains when a server says no and not why, and how to settle it.
fn refused(mut finding: Finding, hop: &Hop, plan: &Plan) -> Finding {
    let Hop { user, .. } = hop;
    let mut remains = vec![
        "the key is not in the file that sshd reads, or broken over two lines",
        "that file, ~/.ssh or the home folder is writable by others or owned by somebody else",
        "its line has a from=, an expiry-time or an option that sshd does not know",
    ];
    let account = format!(
        "there is no user {user} there, or it is locked, expired, without an existing shell or kept out by AllowUsers"
    );
    remains.push(&account);
    if user == "root" {
        remains.push("PermitRootLogin keeps root out");
    }
    let person;
    if plan.person.as_deref() == Some(user) {
        person = format!("{user} is your own name here; is it the user's name there?");
        remains.push(&person);
    }
    finding.evidence = Some(format!("the server does not say why; what remains: {}", remains.join("; ")));
    // The words of the climb say the same in short.
    finding.advice.retain(|advice| advice.command.is_some());
    let subject = plan.subject.to_string();
    finding = finding.advise(Advice::command(
        "this prints a script that looks at all of it and changes nothing; the admin runs it as root and sends the receipt \
         back, which --receipt then reads",
        format!("adit setup {subject} --check"),
    ));
    finding = finding.advise(Advice::command(
        "with a login of your own on the bastion, this looks at all of it and changes nothing",
        format!("adit diagnose {subject} --admin {}@{}", plan.person.as_deref().unwrap_or("root"), hop.endpoint),
    ));
    finding.advise(account::log_hint())
}
