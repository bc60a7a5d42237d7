//! Settings of sshd for the tunnel's account alone: forwards to its databases and nothing else, whatever key comes. It edits no
//! file.

use super::Setup;
use super::step::{Platform, Step};
use crate::model::{Endpoint, Owner, shell_word};

pub(super) fn steps(setup: &Setup) -> Vec<Step> {
    let title = format!("Limit what sshd lets {} do", setup.user);
    let why = "the key's line limits one key, this limits the account, also for keys that are added later. It is needed where \
               AllowTcpForwarding is off for all; else it is a second lock. MaxSessions and ForceCommand stop programs and no \
               tunnel";
    let step = Step::new(Platform::Sshd, Owner::BastionAdmin, title, why);
    let Some(pattern) = pattern(&setup.user) else {
        return vec![step.say(format!(
            "the name {} has characters that mean something to sshd_config's patterns; take an account with a plain name instead",
            setup.user
        ))];
    };
    let file = "/etc/ssh/sshd_config";
    let lines: Vec<String> = block(setup, &pattern).iter().map(|line| shell_word(line)).collect();
    let first = shell_word(&format!("Match User {pattern}"));
    let user = shell_word(&setup.user);
    let from = setup.sources().first().map_or_else(|| "127.0.0.1".to_owned(), ToString::to_string);
    vec![
        step.run(
            "as root: the block goes to the end of the file, since a Match block reaches to the next one; once only",
            format!("grep -qxF {first} {file} || printf '\\n%s\\n' {} >> {file}", lines.join(" \\\n    ")),
        )
        .run(
            "only settings without a mistake are taken into use; sessions that are open stay open. Debian calls the service ssh, \
             others sshd",
            "sshd -t && { systemctl reload ssh || systemctl reload sshd; }",
        )
        .run(
            "what is now in force for this account, where an earlier block for it would have won",
            format!(
                "sshd -T -C user={user},host={from},addr={from} | grep -iE '^(allowtcpforwarding|permitopen|permittty|x11forwarding|allowagentforwarding|disableforwarding|allowusers|denyusers) '"
            ),
        ),
    ]
}

/// The lines of the block.
fn block(setup: &Setup, pattern: &str) -> Vec<String> {
    let targets: Vec<String> = setup.targets().iter().map(Endpoint::to_string).collect();
    let open = if targets.is_empty() { "none".to_owned() } else { targets.join(" ") };
    let mut lines = vec![format!("Match User {pattern}")];
    let settings = [
        "AllowTcpForwarding local",
        &format!("PermitOpen {open}"),
        "AllowStreamLocalForwarding no",
        "GatewayPorts no",
        "PermitTunnel no",
        "X11Forwarding no",
        "AllowAgentForwarding no",
        "PermitTTY no",
        "ForceCommand /bin/false",
    ];
    lines.extend(settings.iter().map(|setting| format!("    {setting}")));
    lines
}

/// The name as a pattern that means this name only.
fn pattern(user: &str) -> Option<String> {
    let plain = user.chars().all(|c| c.is_alphanumeric() || "._-@$".contains(c));
    plain.then(|| user.to_owned())
}
