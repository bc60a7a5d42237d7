//! The page for the bastion's admin: the public key, the finished line, and what puts it in its place. It sends nothing.

use ratatui::text::Line;

use super::{Sight, Wizard, access, bastion, database};
use crate::model::{
    Access, BastionStatus, ChosenBastion, Endpoint, Identity, Name, Snapshot, TunnelStatus, authorized_key, shell_word,
};
use crate::tui::theme::Role;
use crate::tui::widget::text;

/// What is handed over.
struct Letter {
    /// The account on the bastion.
    user: String,
    /// The bastion.
    endpoint: Endpoint,
    key: Half,
    /// What the key may reach.
    targets: Vec<Endpoint>,
}

/// The public half.
enum Half {
    /// Its line.
    Known(String),
    /// It is not there yet, or any more.
    Missing(Name),
    /// It is elsewhere: this prints it.
    Elsewhere(String),
}

impl Letter {
    /// The finished line of `authorized_keys`.
    fn line(&self) -> Option<String> {
        match &self.key {
            Half::Known(public) => Some(authorized_key(public, &self.targets)),
            Half::Missing(_) | Half::Elsewhere(_) => None,
        }
    }

    /// Puts the line in its place, run as the account itself.
    fn command(&self) -> Option<String> {
        let line = shell_word(&self.line()?);
        Some(format!("umask 077; mkdir -p ~/.ssh && printf '\\n%s\\n' {line} >> ~/.ssh/authorized_keys"))
    }

    fn may(&self) -> String {
        let targets: Vec<String> = self.targets.iter().map(ToString::to_string).collect();
        format!("With this line the key can forward to {} and do nothing else.", targets.join(", "))
    }

    fn to_become(&self) -> String {
        format!("sudo -u {} -s", shell_word(&self.user))
    }

    /// All of it as one text.
    fn text(&self) -> Option<String> {
        let (line, command) = (self.line()?, self.command()?);
        Some(format!(
            "Please let this key in on {} for the account {}.\n\nAppend this one line to ~/.ssh/authorized_keys of that account:\n\n\
             {line}\n\nOr run this as that account (as root first: {}; make the account if there is none):\n\n{command}\n\n{}\n",
            self.endpoint,
            self.user,
            self.to_become(),
            self.may()
        ))
    }
}

fn letter(snapshot: &Snapshot, wizard: &Wizard) -> Option<Letter> {
    let chosen = bastion::chosen(&wizard.bastion);
    let known = match &chosen {
        ChosenBastion::Known(name) => snapshot.bastions.iter().find(|bastion| bastion.name == *name),
        ChosenBastion::New { .. } | ChosenBastion::Open => None,
    };
    let (endpoint, user) = match (&chosen, known) {
        (ChosenBastion::New { endpoint, user, .. }, _) => (endpoint.clone(), user.clone()),
        (_, Some(bastion)) => (bastion.endpoint.clone(), bastion.user.clone()),
        (ChosenBastion::Known(_) | ChosenBastion::Open, None) => return None,
    };
    let target = database::chosen(&wizard.database)?.endpoint();
    let name = wizard.made.as_ref().map(|(name, _)| name.clone()).or_else(|| wizard.kept.clone())?;
    let (key, mut targets) = match access::chosen(&wizard.access, &name) {
        Access::NewKey { name, .. } => (half(snapshot, &name), Vec::new()),
        Access::Identity(identity) => of_identity(snapshot, &identity, known),
        Access::Bastions => of_bastion(snapshot, known?),
        Access::Open => return None,
    };
    targets.push(target);
    targets.sort();
    targets.dedup();
    Some(Letter { user, endpoint, key, targets })
}

fn half(snapshot: &Snapshot, name: &Name) -> Half {
    let key = snapshot.keys.iter().find(|key| key.name == *name && key.broken.is_none());
    key.map_or_else(|| Half::Missing(name.clone()), |key| Half::Known(key.public_key.clone()))
}

fn of_identity(snapshot: &Snapshot, identity: &Identity, bastion: Option<&BastionStatus>) -> (Half, Vec<Endpoint>) {
    match identity {
        Identity::Key(name) => {
            let targets = bastion.map(|bastion| reached_with(snapshot, name, bastion)).unwrap_or_default();
            (half(snapshot, name), targets)
        }
        Identity::File(path) => {
            // A word of its own, so that the shell still finds the home folder.
            let path = path.display().to_string();
            let word =
                path.strip_prefix("~/").map_or_else(|| shell_word(&path), |rest| format!("~/{}", shell_word(rest)));
            (Half::Elsewhere(format!("ssh-keygen -y -f {word}")), Vec::new())
        }
        Identity::Agent(_) => (Half::Elsewhere("ssh-add -L".to_owned()), Vec::new()),
    }
}

fn of_bastion(snapshot: &Snapshot, bastion: &BastionStatus) -> (Half, Vec<Endpoint>) {
    let name = bastion.identity.strip_prefix("key ").and_then(|name| name.parse().ok());
    match (name, bastion.identity.strip_prefix("identity file ")) {
        (Some(name), _) => of_identity(snapshot, &Identity::Key(name), Some(bastion)),
        (None, Some(path)) => of_identity(snapshot, &Identity::File(path.into()), Some(bastion)),
        (None, None) => (Half::Elsewhere("ssh-add -L".to_owned()), Vec::new()),
    }
}

/// What is reached with a key through a bastion already: the new line takes the place of the old one.
fn reached_with(snapshot: &Snapshot, key: &Name, bastion: &BastionStatus) -> Vec<Endpoint> {
    let Some(this) = snapshot.keys.iter().find(|other| other.name == *key) else { return Vec::new() };
    // A tunnel and a bastion may share a name.
    let others = |name: &Name| snapshot.keys.iter().any(|other| other.name != *key && other.tunnels.contains(name));
    let with_it = |tunnel: &&TunnelStatus| {
        tunnel.bastion == bastion.name
            && (this.tunnels.contains(&tunnel.name) || (this.bastions.contains(&bastion.name) && !others(&tunnel.name)))
    };
    snapshot.tunnels.iter().filter(with_it).map(|tunnel| tunnel.database.endpoint()).collect()
}

/// The lines of the page.
pub(crate) fn lines(sight: Sight<'_>, wizard: &Wizard, width: usize) -> Vec<Line<'static>> {
    let theme = sight.ink.theme;
    let say = |words: &str, role: Role| -> Vec<Line<'static>> {
        text::wrap(words, width).into_iter().map(|line| Line::styled(line, theme.style(role))).collect()
    };
    let exact = |words: &str| -> Vec<Line<'static>> {
        let lines = text::fold(words, width.saturating_sub(2)).into_iter();
        lines.map(|line| Line::styled(format!("  {line}"), theme.style(Role::Accent))).collect()
    };
    let Some(letter) = letter(sight.snapshot, wizard) else {
        return say("A page before this one is not answered yet; esc goes back to it.", Role::Muted);
    };
    let to = format!("On {}, for the account {}", letter.endpoint, letter.user);
    let mut lines = Vec::new();
    match (&letter.key, letter.line(), letter.command()) {
        (Half::Known(public), Some(line), Some(command)) => {
            lines.extend(say("The public key (one line; wrapped only here)", Role::Muted));
            lines.extend(exact(public));
            lines.push(Line::default());
            lines.extend(say(&format!("{to}, this one line goes into ~/.ssh/authorized_keys:"), Role::Text));
            lines.extend(exact(&line));
            lines.extend(say(&letter.may(), Role::Muted));
            lines.push(Line::default());
            let account =
                format!("Run as {} it puts itself there (as root first: {}):", letter.user, letter.to_become());
            lines.extend(say(&account, Role::Text));
            lines.extend(exact(&command));
            lines.extend(all(sight, wizard, width));
        }
        (Half::Elsewhere(command), ..) => {
            lines.extend(say(&format!("{to}, the public half of your key must stand in ~/.ssh/authorized_keys. If you log in there already, nothing is left to do. This prints it:"), Role::Text));
            lines.extend(exact(command));
        }
        (Half::Missing(name), ..) => {
            lines.extend(say(&format!("The key {name} is being made …"), Role::Connecting));
        }
        (Half::Known(_), ..) => {}
    }
    lines
}

/// The whole hand-off, once the service has told it.
fn all(sight: Sight<'_>, wizard: &Wizard, width: usize) -> Vec<Line<'static>> {
    let (Some(packet), Some(name)) = (&wizard.packet, &wizard.kept) else { return Vec::new() };
    let theme = sight.ink.theme;
    let words = format!(
        "All of it, with firewalls, other systems and how to check (Y copies it; adit setup draft:{name} prints it):"
    );
    let mut lines = vec![Line::default()];
    lines.extend(text::wrap(&words, width).into_iter().map(|line| Line::styled(line, theme.style(Role::Muted))));
    lines.push(Line::default());
    let rows = packet.lines().flat_map(|row| laid_out(row, width));
    lines.extend(rows.map(|row| Line::styled(row, theme.style(Role::Text))));
    lines
}

/// A line with its indent kept; words that are longer than the screen are broken where it ends.
fn laid_out(row: &str, width: usize) -> Vec<String> {
    let words = row.trim_start();
    let indent = row.len() - words.len();
    let room = width.saturating_sub(indent).max(1);
    if words.is_empty() {
        vec![String::new()]
    } else if words.chars().count() <= room || words.split_whitespace().any(|word| word.len() > room) {
        text::fold(row, width)
    } else {
        text::wrap(words, room).into_iter().map(|line| format!("{}{line}", " ".repeat(indent))).collect()
    }
}

/// Everything for the admin as one text, and what it is.
pub(crate) fn message(snapshot: &Snapshot, wizard: &Wizard) -> Option<(String, &'static str)> {
    let letter = letter(snapshot, wizard)?;
    match (letter.text(), letter.key) {
        (Some(text), _) => Some((text, "what the admin needs")),
        (None, Half::Elsewhere(command)) => Some((command, "the command that prints the public key")),
        (None, Half::Known(_) | Half::Missing(_)) => None,
    }
}

/// The public key alone.
pub(crate) fn public_key(snapshot: &Snapshot, wizard: &Wizard) -> Option<String> {
    match letter(snapshot, wizard)?.key {
        Half::Known(text) => Some(text),
        Half::Missing(_) | Half::Elsewhere(_) => None,
    }
}
