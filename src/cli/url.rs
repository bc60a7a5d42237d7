//! `adit url`: how a client connects through a tunnel, also while it is stopped.

use clap::Args;

use super::context::{self, Context};
use super::failure::{DONE, Outcome, Stop};
use super::print;
use crate::config::{Settings, Store};
use crate::model::{Format, Hop, Listen, Phase, Recipe, Route, SshWay, Tunnel};
use crate::service::present::document;

/// Arguments of `url`.
#[derive(Debug, Args)]
pub(super) struct Url {
    /// The tunnel's name
    name: String,
    /// The form: url env psql mysql redis-cli mongosh sqlcmd jdbc pgpass hostport ssh ssh-config
    #[arg(long, default_value = "url")]
    format: Format,
}

/// Runs it.
pub(super) async fn run(context: &Context, url: Url) -> Outcome {
    let settings = context.settings()?;
    let tunnel = context::tunnel(&settings, &url.name)?;
    // What cannot be written is said before a port is chosen for it.
    if !url.format.fits(tunnel.database.kind) {
        let error = crate::model::RecipeError::Misfit { format: url.format, kind: tunnel.database.kind };
        return Err(Stop::usage(error));
    }
    let listen = listen(context, tunnel).await?;
    let text = write(context, &settings, tunnel, &listen, url.format)?;
    note(context, tunnel, url.format).await;
    if context.json {
        let fields = [
            ("tunnel", tunnel.name.as_str().into()),
            ("format", url.format.as_str().into()),
            ("listen", listen.to_string().into()),
            ("text", text.into()),
        ];
        print::data(&document(fields))?;
    } else {
        print::data(&text)?;
    }
    Ok(DONE)
}

/// Where a tunnel listens; a port is chosen and written now if none was.
pub(super) async fn listen(context: &Context, tunnel: &Tunnel) -> Result<Listen, Stop> {
    if let Some(listen) = &tunnel.listen {
        return Ok(listen.clone());
    }
    let listen = Store::new(&context.paths).assign_port(&tunnel.name)?;
    context.reload().await;
    Ok(listen)
}

fn write(
    context: &Context,
    settings: &Settings,
    tunnel: &Tunnel,
    listen: &Listen,
    format: Format,
) -> Result<String, Stop> {
    let bastion = super::bastion::find(settings, tunnel.bastion.as_str())?;
    let route = Route::direct(Hop::through(bastion, tunnel.identity.as_ref()));
    let way = SshWay {
        name: &tunnel.name,
        route: &route,
        target: tunnel.database.endpoint(),
        keys: &context.paths.keys,
        known_hosts: Some(context.paths.known_hosts.as_path()).filter(|path| path.exists()),
    };
    Recipe::of(tunnel, listen).write(format, &way).map_err(|error| {
        let cure = matches!(error, crate::model::RecipeError::NoSocket { .. });
        let cure = if cure { format!(": adit tunnel edit {} --listen PORT", tunnel.name) } else { String::new() };
        Stop::usage(format!("{error}{cure}"))
    })
}

/// Says that the string will not work yet. OpenSSH's own forms need the port free instead.
async fn note(context: &Context, tunnel: &Tunnel, format: Format) {
    let snapshot = match context.attached().await {
        Ok(Some(client)) => Some(client.latest()),
        Ok(None) | Err(_) => None,
    };
    let found = snapshot.as_ref().and_then(|snapshot| snapshot.tunnels.iter().find(|t| t.name == tunnel.name));
    let phase = found.map_or(Phase::Stopped, |tunnel| tunnel.phase);
    let by_ssh = matches!(format, Format::Ssh | Format::SshConfig);
    if by_ssh && phase != Phase::Stopped {
        print::words(&format!("adit: {0} holds that port itself now; first take it down: adit down {0}", tunnel.name));
    } else if !by_ssh && phase != Phase::Up {
        print::words(&format!("adit: {0} is {phase}; bring it up with: adit up {0}", tunnel.name));
    }
}
