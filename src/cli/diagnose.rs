//! `adit diagnose`: climbs the ladder once and reports, with or without the service.

use std::collections::HashMap;

use clap::Args;
use tokio::task::spawn_blocking;

use super::context::Context;
use super::failure::{DONE, FAULT, Outcome, Stop};
use super::{bastion, print, select};
use crate::config::Settings;
use crate::diagnose::{self, Live, Plan};
use crate::local::terminal;
use crate::model::{Admin, Code, Identity, Name, Secret, Subject, Verdict};
use crate::service::present::{finding_text, report_json, report_verdict};
use crate::service::{all_drafts, diagnosis_means, diagnosis_plan, draft_plan, find_draft};
use crate::ssh::{self, Sources};

/// Arguments of `diagnose`.
#[derive(Debug, Args)]
pub(super) struct Diagnose {
    /// A tunnel, bastion:NAME, or draft:NAME for one in the making
    name: String,
    /// Also look on the bastion through a login of your own, with your agent or your key
    #[arg(long, value_name = "USER@HOST[:PORT]")]
    admin: Option<String>,
}

/// Runs it.
pub(super) async fn run(context: &Context, diagnose: Diagnose) -> Outcome {
    let settings = context.settings()?;
    let subject = subject(context, &settings, &diagnose.name)?;
    // A service that does not answer is no reason not to look.
    let client = context.attached().await.ok().flatten();
    let snapshot = client.as_ref().map(|client| client.latest());
    let unknown = || Stop::unknown(format!("there is nothing named {}", diagnose.name));
    let plan = match &subject {
        Subject::Draft(name) => {
            let draft = find_draft(&context.paths, name).ok_or_else(unknown)?;
            draft_plan(&settings, &context.paths, &draft, None).ok_or_else(|| {
                Stop::usage(format!("the draft {name} has no bastion yet; go on with it in the dashboard: adit"))
            })
        }
        Subject::Tunnel(_) | Subject::Bastion(_) => {
            diagnosis_plan(&settings, &context.paths, &subject, None, snapshot.as_deref()).ok_or_else(unknown)
        }
    };
    let mut plan = plan?;
    if let Some(admin) = &diagnose.admin {
        plan.admin = Some(Admin::parse(admin, &plan.route.last.endpoint).map_err(Stop::usage)?);
    }
    let agent = std::env::var_os("SSH_AUTH_SOCK").filter(|path| !path.is_empty()).map(Into::into);
    let given = passphrases(context, &plan).await;
    let find = move |identity: &Identity| given.get(identity).cloned();
    let mut live = Live::new(&plan, diagnosis_means(&context.paths, agent, Box::new(find)));
    let (mut told, mut printed) = (0, Ok(()));
    let many = !plan.route.via.is_empty();
    let report = diagnose::run(&plan, &mut live, |report| {
        // Each finding as soon as it is known: some take their seconds.
        for finding in report.findings.get(told..).unwrap_or_default() {
            if !context.json && printed.is_ok() {
                printed = print::lines(&finding_text(finding, many));
            }
        }
        told = report.findings.len();
    })
    .await;
    live.close().await;
    printed?;
    if context.json {
        print::data(&report_json(&report))?;
    } else {
        print::data(&format!("\n{}", report_verdict(&report)))?;
    }
    Ok(if matches!(report.verdict(), Verdict::Pass | Verdict::Warn) { DONE } else { FAULT })
}

/// What a name on the command line means.
fn subject(context: &Context, settings: &Settings, text: &str) -> Result<Subject, Stop> {
    if let Some(name) = text.strip_prefix("bastion:") {
        return Ok(Subject::Bastion(bastion::find(settings, name)?.name.clone()));
    }
    if let Some(name) = text.strip_prefix("draft:") {
        let drafts = all_drafts(&context.paths);
        return Ok(Subject::Draft(
            select::find("draft", name, drafts.iter().map(|draft| &draft.name)).map_err(Stop::unknown)?.clone(),
        ));
    }
    let name: &Name = select::find("tunnel", text, settings.tunnels.keys()).map_err(|error| {
        let is_bastion = settings.bastions.keys().any(|name| name.as_str() == text);
        Stop::unknown(if is_bastion {
            format!("{error}; for the bastion: adit diagnose bastion:{text}")
        } else {
            error.to_string()
        })
    })?;
    Ok(Subject::Tunnel(name.clone()))
}

/// Asks for the passphrases that the way needs, where somebody is there to ask.
async fn passphrases(context: &Context, plan: &Plan) -> HashMap<Identity, Secret> {
    let mut given = HashMap::new();
    if !terminal::has_terminal() {
        return given;
    }
    for hop in plan.route.hops() {
        let agent = std::env::var_os("SSH_AUTH_SOCK").map(Into::into);
        let sources = Sources { keys: context.paths.keys.clone(), agent, passphrase: None };
        let needed =
            ssh::prepare(hop, sources).await.err().is_some_and(|trouble| trouble.fault.code == Code::PassphraseNeeded);
        if !needed {
            continue;
        }
        let prompt = format!("Passphrase of {} (empty: go on without): ", hop.identity);
        let typed = spawn_blocking(move || terminal::ask_hidden(&prompt)).await;
        if let Ok(Ok(secret)) = typed
            && !secret.is_empty()
        {
            given.insert(hop.identity.clone(), Secret::new(secret));
        }
    }
    given
}
