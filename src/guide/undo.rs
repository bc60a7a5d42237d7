//! How what was added is taken away again. The script that does it by itself is `script`'s business.

use super::step::{Platform, Step};
use super::{Setup, gcp};
use crate::model::{Owner, shell_word};

pub(super) fn step(setup: &Setup, platforms: &[Platform]) -> Option<Step> {
    let title = "Take it away again, when it is needed no more";
    let mut step = Step::new(None, Owner::BastionAdmin, title, "access that nobody uses is access that nobody watches");
    let user = shell_word(&setup.user);
    let name = &setup.subject;
    for platform in platforms {
        step = match platform {
            Platform::Linux => {
                step = step.run(
                    format!(
                        "account and key: the script of adit setup {name} --undo removes what the other one added, and nothing else. \
                         By hand, for the key's line alone"
                    ),
                    by_hand(setup, &user),
                );
                continue;
            }
            Platform::Windows => step.say("Windows: remove the line from the file below ProgramData\\ssh, then the account (Remove-LocalUser) and the rule (Remove-NetFirewallRule)"),
            Platform::Sshd => step.say(format!("sshd: remove the block Match User {} from /etc/ssh/sshd_config, then sshd -t and reload", setup.user)),
            Platform::Ufw => step.run("ufw: the rules with their numbers, to be removed by number with ufw delete", format!("ufw status numbered | grep -F {}", shell_word(&setup.label()))),
            Platform::Firewalld => step.run("firewalld: the rules, each to be removed with --remove-rich-rule instead of --add-rich-rule", "firewall-cmd --permanent --list-rich-rules"),
            Platform::Nftables => step.run("nftables: the rules with their handles, to be removed by handle with nft delete rule", format!("nft -a list ruleset | grep -F {}", shell_word(&setup.label()))),
            Platform::Aws => step.say(format!("AWS: take the groups that begin with {} off the bastion and the database, then delete them", setup.label())),
            Platform::Azure => step.say(format!("Azure: delete the rules that begin with {}", setup.label())),
            Platform::Gcp => step.say(format!("Google Cloud: delete the rules and tags that begin with {}", gcp::name_of(&setup.label()))),
        };
    }
    (!step.commands.is_empty()).then_some(step)
}

fn by_hand(setup: &Setup, user: &str) -> String {
    let blob = setup.key.as_ref().and_then(|key| key.line.split_whitespace().nth(1)).unwrap_or_default();
    if blob.is_empty() {
        return format!("sudoedit \"$(getent passwd {user} | cut -d: -f6)/.ssh/authorized_keys\"");
    }
    format!(
        "file=$(getent passwd {user} | cut -d: -f6)/.ssh/authorized_keys\n\
         grep -vF {} \"$file\" > \"$file.new\"; cat \"$file.new\" > \"$file\" && rm \"$file.new\"",
        shell_word(blob)
    )
}
