//! Commands of adit's own, said so that in another shell they act on the installation that is on the screen and on no other.

use std::path::Path;
use std::sync::Arc;

use crate::model::{Advice, Report, Snapshot, shell_word};

/// The same state, its commands naming the home that the program was called with.
pub(super) fn at_home(snapshot: &Snapshot, home: &Path) -> Snapshot {
    let called = format!("adit --home {} ", shell_word(&home.to_string_lossy()));
    let mut snapshot = snapshot.clone();
    for fault in snapshot.tunnels.iter_mut().filter_map(|tunnel| tunnel.fault.as_mut()) {
        name_home(&mut fault.advice, &called);
    }
    for diagnosis in &mut snapshot.reports {
        diagnosis.report = named(&diagnosis.report, &called);
        diagnosis.before = diagnosis.before.as_ref().map(|report| named(report, &called));
    }
    snapshot
}

fn named(report: &Report, called: &str) -> Arc<Report> {
    let mut report = report.clone();
    for finding in &mut report.findings {
        name_home(&mut finding.advice, called);
    }
    Arc::new(report)
}

fn name_home(advice: &mut [Advice], called: &str) {
    for command in advice.iter_mut().filter_map(|advice| advice.command.as_mut()) {
        if let Some(rest) = command.strip_prefix("adit ") {
            *command = format!("{called}{rest}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_commands_of_our_own_name_the_home() {
        let commands = ["adit trust prod", "sudo sshd -T", "aditx"];
        let mut advice: Vec<Advice> = commands.iter().map(|command| Advice::command("", *command)).collect();
        advice.push(Advice::words("adit trust prod"));
        name_home(&mut advice, "adit --home '/a b' ");
        let told: Vec<_> = advice.iter().filter_map(|advice| advice.command.as_deref()).collect();
        assert_eq!(told, ["adit --home '/a b' trust prod", "sudo sshd -T", "aditx"]);
    }
}
