//! `adit tunnel …`: describes the databases behind the bastions.

use clap::{Args, Subcommand};

use super::bastion::warn_if_missing;
use super::context::{self, Context};
use super::failure::{DONE, Outcome, Stop};
use super::identity::IdentityArgs;
use super::{print, select};
use crate::config::{Store, TunnelEdit};
use crate::model::{Host, Kind, Listen, Name, Phase};
use crate::service::present::{TunnelView, tunnel_json, tunnel_text, tunnels_json, tunnels_text};
use crate::service::{self, Request};

/// Subcommands of `tunnel`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Describe a tunnel
    Add {
        /// Its name: a-z, 0-9, _ and -
        name: Name,
        /// The bastion it goes through
        #[arg(long)]
        bastion: String,
        /// The kind of database: postgres mysql mariadb redshift sqlserver oracle redis mongodb clickhouse cassandra
        /// elasticsearch tcp
        #[arg(long, value_name = "KIND")]
        database: Kind,
        /// The database's host as the bastion sees it
        #[arg(long)]
        host: Host,
        #[command(flatten)]
        fields: Fields,
    },
    /// List the tunnels
    List,
    /// Show one tunnel
    Show {
        /// Its name
        name: String,
    },
    /// Change a tunnel
    Edit {
        /// Its name
        name: String,
        /// The bastion it goes through
        #[arg(long)]
        bastion: Option<String>,
        /// The kind of database
        #[arg(long, value_name = "KIND")]
        database: Option<Kind>,
        /// The database's host as the bastion sees it
        #[arg(long)]
        host: Option<Host>,
        #[command(flatten)]
        fields: Fields,
        /// Clear a field, such as dbname (may be repeated)
        #[arg(long, value_name = "FIELD")]
        unset: Vec<String>,
    },
    /// Give a tunnel another name; one that is up comes up again under it
    Rename {
        /// Its name
        name: String,
        /// The new one
        new: Name,
    },
    /// Remove a tunnel; one that is up is taken down first
    Remove {
        /// Its name
        name: String,
    },
}

/// What `add` and `edit` have in common.
#[derive(Debug, Args)]
pub(super) struct Fields {
    /// The database's port [default: the kind's own]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// Where to listen: PORT, ADDRESS:PORT or unix:/path [default: a free port, chosen at first use]
    #[arg(long, value_name = "[ADDRESS:]PORT")]
    listen: Option<Listen>,
    #[command(flatten)]
    identity: IdentityArgs,
    /// The database user, for connection strings
    #[arg(long)]
    user: Option<String>,
    /// The database name, for connection strings
    #[arg(long)]
    dbname: Option<String>,
    /// Open it when the background service starts
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    autostart: Option<bool>,
    /// Let other machines connect to the local port
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    allow_remote_clients: Option<bool>,
    /// A word to select by (may be repeated)
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<Name>,
}

impl Fields {
    fn edit(self, unset: Vec<String>) -> TunnelEdit {
        TunnelEdit {
            port: self.port,
            listen: self.listen.map(|listen| listen.to_string()),
            agent: self.identity.agent(),
            key: self.identity.key,
            identity_file: self.identity.identity_file,
            user: self.user,
            dbname: self.dbname,
            autostart: self.autostart,
            allow_remote_clients: self.allow_remote_clients,
            tags: self.tags,
            unset,
            ..TunnelEdit::default()
        }
    }
}

/// Runs it.
pub(super) async fn run(context: &Context, command: Command) -> Outcome {
    match command {
        Command::Add { name, bastion, database, host, fields } => {
            let bastion = Some(find_bastion(context, &bastion)?);
            let host = Some(host.to_string());
            let edit = TunnelEdit { bastion, database: Some(database), host, ..fields.edit(Vec::new()) };
            Store::new(&context.paths).add_tunnel(&name, &edit)?;
            if let Some(key) = &edit.key {
                warn_if_missing(context, key);
            }
            context.reload().await;
            print::words(&format!("adit: next, bring it up: adit up {name}"));
            show(context, name.as_str())
        }
        Command::List => list(context),
        Command::Show { name } => show(context, &name),
        Command::Edit { name, bastion, database, host, fields, unset } => {
            let bastion = bastion.map(|bastion| find_bastion(context, &bastion)).transpose()?;
            let host = host.map(|host| host.to_string());
            let edit = TunnelEdit { bastion, database, host, ..fields.edit(unset) };
            if edit == TunnelEdit::default() {
                return Err(Stop::usage("nothing to change: give the fields that shall differ"));
            }
            let name = find(context, &name)?;
            Store::new(&context.paths).edit_tunnel(&name, &edit)?;
            context.reload().await;
            show(context, name.as_str())
        }
        Command::Rename { name, new } => rename(context, &find(context, &name)?, &new).await,
        Command::Remove { name } => remove(context, &find(context, &name)?).await,
    }
}

fn find(context: &Context, name: &str) -> Result<Name, Stop> {
    Ok(context::tunnel(&context.settings()?, name)?.name.clone())
}

fn find_bastion(context: &Context, name: &str) -> Result<Name, Stop> {
    let settings = context.settings()?;
    select::find("bastion", name, settings.bastions.keys()).cloned().map_err(Stop::unknown)
}

async fn rename(context: &Context, name: &Name, new: &Name) -> Outcome {
    let client = context.attached().await?;
    let runs = client.as_ref().is_some_and(|client| {
        client.latest().tunnels.iter().any(|tunnel| tunnel.name == *name && tunnel.phase != Phase::Stopped)
    });
    Store::new(&context.paths).rename_tunnel(name, new)?;
    match client {
        Some(client) => {
            context::reload(&client).await;
            if runs {
                context::ask(&client, Request::Up { names: vec![new.clone()] }).await?;
            }
        }
        None => service::rename_wanted(&context.paths, name, new)?,
    }
    show(context, new.as_str())
}

async fn remove(context: &Context, name: &Name) -> Outcome {
    match context.attached().await? {
        Some(client) => {
            let known = client.latest().tunnels.iter().any(|tunnel| tunnel.name == *name);
            if known {
                context::ask(&client, Request::Down { names: vec![name.clone()], now: false }).await?;
            }
            Store::new(&context.paths).remove_tunnel(name)?;
            context::reload(&client).await;
        }
        None => {
            Store::new(&context.paths).remove_tunnel(name)?;
            service::forget_wanted(&context.paths, std::slice::from_ref(name))?;
        }
    }
    print::words(&format!("adit: removed the tunnel {name}"));
    Ok(DONE)
}

fn list(context: &Context) -> Outcome {
    let settings = context.settings()?;
    let views: Vec<_> = settings.tunnels.values().map(TunnelView).collect();
    if context.json {
        print::data(&tunnels_json(&views))?;
    } else if views.is_empty() {
        print::words("adit: there are no tunnels yet: adit tunnel add NAME --bastion B --database KIND --host HOST");
    } else {
        print::lines(&tunnels_text(&views))?;
    }
    Ok(DONE)
}

fn show(context: &Context, name: &str) -> Outcome {
    let settings = context.settings()?;
    let view = TunnelView(context::tunnel(&settings, name)?);
    if context.json {
        print::data(&tunnel_json(view))?;
    } else {
        print::lines(&tunnel_text(view))?;
    }
    Ok(DONE)
}
