//! `adit bastion …`: describes the servers that let a person in.

use clap::{Args, Subcommand};

use super::context::Context;
use super::failure::{DONE, Outcome, Stop};
use super::identity::IdentityArgs;
use super::{key, print, select};
use crate::config::{BastionEdit, EditError, Settings, Store};
use crate::model::{Bastion, Host, KeyType, Name};
use crate::service::present::{BastionView, HostKeyView, bastion_json, bastion_text, bastions_json, bastions_text};
use crate::ssh::{KeyError, Keystore, KnownHosts};

/// Subcommands of `bastion`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Describe a bastion
    Add {
        /// Its name: a-z, 0-9, _ and -
        name: Name,
        #[command(flatten)]
        required: Required,
        #[command(flatten)]
        fields: Fields,
    },
    /// List the bastions
    List,
    /// Show one bastion
    Show {
        /// Its name
        name: String,
    },
    /// Change a bastion
    Edit {
        /// Its name
        name: String,
        /// Its address
        #[arg(long)]
        host: Option<Host>,
        /// The login
        #[arg(long)]
        user: Option<String>,
        #[command(flatten)]
        fields: Fields,
        /// Clear a field, such as keepalive (may be repeated)
        #[arg(long, value_name = "FIELD")]
        unset: Vec<String>,
    },
    /// Give a bastion another name, also where tunnels name it
    Rename {
        /// Its name
        name: String,
        /// The new one
        new: Name,
    },
    /// Remove a bastion that no tunnel uses
    Remove {
        /// Its name
        name: String,
    },
}

/// What a bastion cannot be without.
#[derive(Debug, Args)]
pub(super) struct Required {
    /// Its address: a name, an IPv4 or an IPv6 address
    #[arg(long)]
    host: Host,
    /// The login
    #[arg(long)]
    user: String,
}

/// What `add` and `edit` have in common.
#[derive(Debug, Args)]
pub(super) struct Fields {
    /// Its SSH port [default: 22]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    #[command(flatten)]
    identity: IdentityArgs,
    /// How often life is checked [default: 3s]
    #[arg(long, value_name = "TIME")]
    keepalive: Option<String>,
    /// How tunnels share SSH sessions [default: auto]
    #[arg(long, value_parser = ["auto", "shared"])]
    sessions: Option<String>,
    /// Also offer algorithms that are no longer safe, to this bastion only
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    legacy_algorithms: Option<bool>,
}

impl Fields {
    fn edit(self, host: Option<Host>, user: Option<String>, unset: Vec<String>) -> BastionEdit {
        BastionEdit {
            host: host.map(|host| host.to_string()),
            port: self.port,
            user,
            agent: self.identity.agent(),
            key: self.identity.key,
            identity_file: self.identity.identity_file,
            keepalive: self.keepalive,
            sessions: self.sessions,
            legacy_algorithms: self.legacy_algorithms,
            unset,
            ..BastionEdit::default()
        }
    }
}

/// Runs it.
pub(super) async fn run(context: &Context, command: Command) -> Outcome {
    match command {
        Command::Add { name, required, fields } => add(context, &name, required, fields).await,
        Command::List => list(context),
        Command::Show { name } => show(context, &name),
        Command::Edit { name, host, user, fields, unset } => {
            let edit = fields.edit(host, user, unset);
            if edit == BastionEdit::default() {
                return Err(Stop::usage("nothing to change: give the fields that shall differ"));
            }
            let name = find(&context.settings()?, &name)?.name.clone();
            Store::new(&context.paths).edit_bastion(&name, &edit)?;
            context.reload().await;
            show(context, name.as_str())
        }
        Command::Rename { name, new } => {
            let name = find(&context.settings()?, &name)?.name.clone();
            Store::new(&context.paths).rename_bastion(&name, &new)?;
            context.reload().await;
            show(context, new.as_str())
        }
        Command::Remove { name } => {
            let name = find(&context.settings()?, &name)?.name.clone();
            Store::new(&context.paths).remove_bastion(&name)?;
            context.reload().await;
            print::words(&format!("adit: removed the bastion {name}"));
            Ok(DONE)
        }
    }
}

async fn add(context: &Context, name: &Name, required: Required, fields: Fields) -> Outcome {
    let settings = context.settings()?;
    if settings.bastions.contains_key(name) {
        return Err(EditError::Exists { what: "bastion", name: name.clone() }.into());
    }
    let own_key = fields.identity.is_empty();
    let mut edit = fields.edit(Some(required.host.clone()), Some(required.user.clone()), Vec::new());
    let mut made = None;
    if own_key {
        edit.key = Some(name.clone());
        made = key::make_if_absent(context, name, KeyType::Ed25519).await?;
    }
    Store::new(&context.paths).add_bastion(name, &edit)?;
    context.reload().await;
    if let Some(info) = made {
        let Required { host, user } = &required;
        print::words(&format!(
            "adit: made the key {name}. The bastion's admin adds this line to the authorized_keys of {user} on {host}\n\
             (`adit key show {name} --authorized-key` limits it to the databases of your tunnels):\n  {}",
            info.public_key
        ));
    } else if let Some(named) = edit.key.as_ref().filter(|_| !own_key) {
        warn_if_missing(context, named);
    }
    print::words(&format!("adit: next, check and pin its host key: adit trust {name}"));
    show(context, name.as_str())
}

/// Says so when a key that was named is not there; it may still be made.
pub(super) fn warn_if_missing(context: &Context, named: &Name) {
    if let Err(KeyError::Unknown { .. }) = Keystore::new(context.paths.keys.clone()).show(named) {
        print::words(&format!("adit: there is no key named {named} yet: adit key new {named}"));
    }
}

/// A bastion by name, or an end that names the nearest one.
pub(super) fn find<'a>(settings: &'a Settings, name: &str) -> Result<&'a Bastion, Stop> {
    let name = select::find("bastion", name, settings.bastions.keys()).map_err(Stop::unknown)?;
    settings.bastions.get(name).ok_or_else(|| Stop::unknown(format!("there is no bastion named {name}")))
}

fn view<'a>(settings: &'a Settings, bastion: &'a Bastion, known: &KnownHosts) -> BastionView<'a> {
    let key = known.known(&bastion.endpoint).into_iter().next();
    BastionView {
        bastion,
        host_key: key.map(|key| HostKeyView { key_type: key.key_type, fingerprint: key.fingerprint }),
        tunnels: settings.tunnels.values().filter(|t| t.bastion == bastion.name).map(|t| &t.name).collect(),
    }
}

/// The known hosts; where they cannot be read nothing is known, and it is said.
fn known_hosts(context: &Context) -> KnownHosts {
    KnownHosts::load(&context.world().known_host_files()).unwrap_or_else(|error| {
        print::words(&format!("adit: {error}"));
        KnownHosts::default()
    })
}

/// All bastions with what else is known of them.
pub(super) fn views<'a>(context: &Context, settings: &'a Settings) -> Vec<BastionView<'a>> {
    let known = known_hosts(context);
    settings.bastions.values().map(|bastion| view(settings, bastion, &known)).collect()
}

fn list(context: &Context) -> Outcome {
    let settings = context.settings()?;
    let views = views(context, &settings);
    if context.json {
        print::data(&bastions_json(&views))?;
    } else if views.is_empty() {
        print::words("adit: there are no bastions yet: adit bastion add NAME --host HOST --user USER");
    } else {
        print::lines(&bastions_text(&views))?;
    }
    Ok(DONE)
}

fn show(context: &Context, name: &str) -> Outcome {
    let settings = context.settings()?;
    let view = view(&settings, find(&settings, name)?, &known_hosts(context));
    if context.json {
        print::data(&bastion_json(&view))?;
    } else {
        print::lines(&bastion_text(&view))?;
    }
    Ok(DONE)
}
