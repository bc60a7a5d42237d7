//! The bastion's name.

use super::{fact, pass};
use crate::diagnose::probe::{Look, Named};
use crate::model::{Advice, Code, Finding, Hop, Rung, shell_word};

/// Judges what the name led to.
#[must_use]
pub fn judge(look: &Look<Named>, hop: &Hop) -> Finding {
    let host = &hop.endpoint.host;
    let named = match fact("name", look) {
        Ok(named) => named,
        Err(finding) if finding.code == Some(Code::NameUnknown) => {
            let command = format!("ssh -G {} | grep -i '^hostname '", shell_word(host.as_str()));
            let text = "a name from your OpenSSH configuration is not known to others: see what ssh makes of it";
            return finding.advise(Advice::command(text, command));
        }
        Err(finding) => return *finding,
    };
    if named.literal {
        return pass(Rung::Resolve, "name", format!("{host} is an address"), look.ms);
    }
    let addresses: Vec<String> = named.addresses.iter().take(4).map(ToString::to_string).collect();
    let more = named.addresses.len().saturating_sub(addresses.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    pass(Rung::Resolve, "name", format!("{host} is {}{more}", addresses.join(", ")), look.ms)
}
