//! `adit import`: bastions and tunnels from the person's OpenSSH configuration, or from an `ssh -L` line.

use std::path::{Path, PathBuf};

use clap::Args;
use tokio::task::spawn_blocking;

use super::context::Context;
use super::failure::{DONE, FAULT, Outcome, Stop, UNKNOWN, worst};
use super::print;
use crate::config::openssh::{self, Aliases, Ground, Offer, OpensshError, Resolved, State};
use crate::config::{self, Settings, Store};
use crate::local::terminal;
use crate::service::present::{offers_json, offers_text};

/// Arguments of `import`.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// Read this file instead of ~/.ssh/config
    #[arg(long, value_name = "FILE", conflicts_with = "command")]
    ssh_config: Option<PathBuf>,
    /// Take these hosts, by their names there
    #[arg(long, value_name = "HOST", num_args = 1.., conflicts_with_all = ["all", "command"])]
    select: Vec<String>,
    /// Take every host that can be taken
    #[arg(long, conflicts_with = "command")]
    all: bool,
    /// Take what this command line of ssh forwards, as 'ssh -L 15432:10.0.1.12:5432 user@bastion'
    #[arg(long, value_name = "LINE")]
    command: Option<String>,
    /// Read the configuration although it runs commands (Match exec)
    #[arg(long)]
    allow_exec: bool,
}

/// Runs it.
pub(super) async fn run(context: &Context, import: Import) -> Outcome {
    let settings = context.settings()?;
    let home = context.paths.user_home.clone();
    let work = move || {
        let hosts = hosts(&import, home.as_deref())?;
        let offers = offered(&settings, home.as_deref(), hosts)?;
        Ok::<_, Stop>((import, offers))
    };
    // ssh is asked about each host; Ctrl-C must still end the program.
    let done = spawn_blocking(work).await;
    let (import, mut offers) =
        done.map_err(|error| Stop::fault(format!("cannot read the configuration: {error}")))??;
    if offers.is_empty() {
        print::words("adit: the OpenSSH configuration names no host");
    }
    let Some((chosen, unknown)) = choose(context, &import, &offers)? else {
        show(context, &offers)?;
        if !offers.is_empty() {
            print::words("adit: nothing was changed; --all takes every host that can be taken, --select HOST… some");
        }
        return Ok(DONE);
    };
    if unknown {
        return Ok(UNKNOWN);
    }
    let codes = take(context, &mut offers, &chosen).await?;
    let taken: Vec<Offer> = chosen.iter().filter_map(|index| offers.get(*index).cloned()).collect();
    show(context, &taken)?;
    next_steps(&taken);
    Ok(worst(codes))
}

/// A host by its name there, with what ssh says of it or why it says nothing.
type Heard = (String, Result<Resolved, String>);

/// The hosts in question.
fn hosts(import: &Import, home: Option<&Path>) -> Result<Vec<Heard>, Stop> {
    let usual = home.map(|home| home.join(".ssh/config"));
    if let Some(line) = &import.command {
        let words = openssh::taken_apart(line).map_err(Stop::usage)?;
        let usual = usual.filter(|usual| usual.exists());
        if let Some(usual) = &usual {
            looked_at(usual, home, import.allow_exec)?;
        }
        let resolved = openssh::resolve_words(usual.as_deref(), &words).map_err(heard)?;
        if resolved.forwards.is_empty() {
            return Err(Stop::usage("the command forwards nothing that adit can carry: it has no -L"));
        }
        let host = words.last().map(String::as_str).unwrap_or_default();
        return Ok(vec![(called(host), Ok(resolved))]);
    }
    let file = import.ssh_config.clone().or(usual).ok_or_else(|| Stop::usage("there is no home: give --ssh-config"))?;
    if import.ssh_config.is_none() && !file.exists() {
        print::words(&format!("adit: there is no {}; --ssh-config reads another file", file.display()));
        return Ok(Vec::new());
    }
    // ssh looks for relative names of its configuration elsewhere.
    let file = std::path::absolute(&file).map_err(|error| Stop::usage(format!("{}: {error}", file.display())))?;
    let names = looked_at(&file, home, import.allow_exec)?;
    let mut hosts = Vec::new();
    for name in names {
        let said = match openssh::resolve(&file, &name) {
            Ok(resolved) => Ok(resolved),
            Err(OpensshError::Refused { said, .. }) => Err(said),
            Err(error) => return Err(heard(error)),
        };
        hosts.push((name, said));
    }
    match hosts.first() {
        // What is wrong with all of them is wrong with the file.
        Some((_, Err(why))) if hosts.iter().all(|(_, said)| said.as_ref().is_err_and(|other| other == why)) => {
            Err(Stop::usage(why))
        }
        _ => Ok(hosts),
    }
}

/// The names of a file, unless reading it would run something that nobody allowed.
fn looked_at(file: &Path, home: Option<&Path>, allow_exec: bool) -> Result<Vec<String>, Stop> {
    let Aliases { names, executes } = openssh::aliases(file, home).map_err(heard)?;
    let Some(first) = executes.first().filter(|_| !allow_exec) else { return Ok(names) };
    Err(Stop::usage(format!(
        "{} line {} runs a command when it is read, or may include one: {}\nLook at it, and give --allow-exec if that is \
         all right",
        first.path.display(),
        first.line,
        first.text
    )))
}

/// What a bastion from a command line is called: the first part of its host's name.
fn called(host: &str) -> String {
    let host = host.strip_prefix("ssh://").unwrap_or(host);
    let host = host.rsplit('@').next().unwrap_or(host);
    let is_address = host.parse::<std::net::IpAddr>().is_ok();
    if is_address { format!("bastion-{host}") } else { host.split('.').next().unwrap_or(host).to_owned() }
}

fn heard(error: OpensshError) -> Stop {
    match error {
        OpensshError::NoSsh(_) => Stop::fault(error),
        OpensshError::Refused { .. } | OpensshError::File { .. } => Stop::usage(error),
    }
}

fn offered(settings: &Settings, home: Option<&Path>, hosts: Vec<Heard>) -> Result<Vec<Offer>, Stop> {
    if hosts.is_empty() {
        return Ok(Vec::new());
    }
    let usual = openssh::usual_identities().map_err(heard)?;
    let agent = std::env::var_os("SSH_AUTH_SOCK").is_some_and(|socket| !socket.is_empty());
    let ground = Ground { settings, usual: &usual, agent, home, exists: &|path| path.is_file() };
    Ok(openssh::offers(&ground, hosts))
}

/// Which to take, and whether a name was unknown; nothing where nobody chose.
fn choose(context: &Context, import: &Import, offers: &[Offer]) -> Result<Option<(Vec<usize>, bool)>, Stop> {
    let all = |offers: &[Offer]| {
        let fits = |(index, offer): (usize, &Offer)| (!matches!(offer.state, State::Refused(_))).then_some(index);
        offers.iter().enumerate().filter_map(fits).collect::<Vec<_>>()
    };
    if import.command.is_some() {
        return Ok(Some(((0..offers.len()).collect(), false)));
    }
    if import.all {
        return Ok(Some((all(offers), false)));
    }
    if !import.select.is_empty() {
        return Ok(Some(named(offers, import.select.iter().map(String::as_str))));
    }
    if context.json || offers.is_empty() || !terminal::has_terminal() {
        return Ok(None);
    }
    show(context, offers)?;
    let typed = terminal::ask("Which hosts? Names with blanks between, all, or nothing to leave it: ");
    let typed = typed.map_err(|error| Stop::fault(format!("nothing was changed: {error}")))?;
    Ok(Some(match typed.trim() {
        "" => return Err(Stop::new(DONE, "nothing was changed")),
        "all" => (all(offers), false),
        names => named(offers, names.split_whitespace()),
    }))
}

fn named<'a>(offers: &[Offer], names: impl Iterator<Item = &'a str>) -> (Vec<usize>, bool) {
    let (mut chosen, mut unknown) = (Vec::new(), false);
    for name in names {
        match offers.iter().position(|offer| offer.alias == name) {
            Some(index) if chosen.contains(&index) => {}
            Some(index) => chosen.push(index),
            None => {
                let nearest = config::nearest(name, offers.iter().map(|offer| offer.alias.as_str()));
                let hint = nearest.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
                print::words(&format!("adit: the configuration names no host {name:?}{hint}"));
                unknown = true;
            }
        }
    }
    (chosen, unknown)
}

/// Writes them down, all in one change of the configuration. A host that cannot be taken is a fault of its own.
async fn take(context: &Context, offers: &mut [Offer], chosen: &[usize]) -> Result<Vec<u8>, Stop> {
    let mut codes = Vec::new();
    let (mut bastions, mut tunnels) = (Vec::new(), Vec::new());
    for index in chosen {
        let Some(offer) = offers.get_mut(*index) else { continue };
        match (&offer.state, &offer.name) {
            (State::New, Some(name)) => {
                if offer.bastion.host.is_some() {
                    bastions.push((name.clone(), offer.bastion.clone()));
                }
                tunnels.extend(offer.tunnels.iter().cloned());
                offer.state = State::Imported;
            }
            (State::Refused(_), _) => codes.push(FAULT),
            _ => {}
        }
    }
    if !(bastions.is_empty() && tunnels.is_empty()) {
        Store::new(&context.paths).add_all(&bastions, &tunnels)?;
        context.reload().await;
    }
    Ok(codes)
}

fn show(context: &Context, offers: &[Offer]) -> Result<(), Stop> {
    if context.json { print::data(&offers_json(offers)) } else { print::lines(&offers_text(offers)) }
}

fn next_steps(taken: &[Offer]) {
    let new = || taken.iter().filter(|offer| offer.state == State::Imported);
    let tunnels: Vec<String> = new().flat_map(|offer| &offer.tunnels).map(|(name, _)| name.to_string()).collect();
    if !tunnels.is_empty() {
        print::words(&format!("adit: next: adit up {}", tunnels.join(" ")));
    } else if let Some(name) = new().find_map(|offer| offer.name.as_ref()) {
        print::words(&format!("adit: next, a database behind it: adit tunnel add NAME --bastion {name} …"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bastions_from_a_line_have_short_names() {
        let rows = [
            ("ops@bastion.example.com", "bastion"),
            ("edge", "edge"),
            ("ssh://edge.example.com:22", "edge"),
            ("a@192.0.2.1", "bastion-192.0.2.1"),
        ];
        for (host, expected) in rows {
            assert_eq!(called(host), expected);
        }
    }
}
