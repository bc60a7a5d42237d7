//! `adit trust`: looks at a bastion's host keys without logging in, and pins the right one.

use clap::Args;
use tokio::task::spawn_blocking;

use super::ask::{self, Agreement};
use super::context::Context;
use super::failure::{DONE, FAULT, Outcome, PERSON, Stop};
use super::{bastion, print};
use crate::local::terminal;
use crate::model::{Bastion, Hop};
use crate::service::present::{HostKeyView, TrustView, trust_json, trust_text};
use crate::ssh::{self, Judgement, ShownKey, SurveyError};

/// Arguments of `trust`.
#[derive(Debug, Args)]
pub(super) struct Trust {
    /// The bastion's name
    #[arg(value_name = "BASTION")]
    bastion: String,
    /// Pin the key with this fingerprint, and only if the bastion shows it
    #[arg(long, value_name = "SHA256:…", value_parser = fingerprint)]
    fingerprint: Option<String>,
    /// Forget what adit pinned for this bastion
    #[arg(long, conflicts_with = "fingerprint")]
    forget: bool,
}

fn fingerprint(text: &str) -> Result<String, String> {
    let bare = ask::bare(text).ok_or("give the SHA256 fingerprint as `ssh-keygen -lf` prints it: SHA256:…")?;
    Ok(format!("SHA256:{bare}"))
}

/// What the keys that a server shows mean together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// One of them is known, and none is revoked.
    Trusted,
    /// Nothing is known of the server.
    Unknown,
    /// Other keys are known, and none of these.
    Changed,
    /// One of them must not be used.
    Revoked,
}

impl Standing {
    fn of(keys: &[ShownKey]) -> Self {
        let any = |test: fn(&Judgement) -> bool| keys.iter().any(|key| test(&key.judgement));
        if any(|judgement| matches!(judgement, Judgement::Revoked { .. })) {
            Self::Revoked
        } else if any(|judgement| matches!(judgement, Judgement::Trusted { .. })) {
            Self::Trusted
        } else if any(|judgement| matches!(judgement, Judgement::Changed { .. })) {
            Self::Changed
        } else {
            Self::Unknown
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Trusted => "already_trusted",
            Self::Unknown => "unknown",
            Self::Changed => "changed",
            Self::Revoked => "revoked",
        }
    }
}

/// Runs it.
pub(super) async fn run(context: &Context, trust: Trust) -> Outcome {
    let settings = context.settings()?;
    let bastion = bastion::find(&settings, &trust.bastion)?;
    if trust.forget {
        return forget(context, bastion);
    }
    let world = context.world();
    let keys = match ssh::survey(&Hop::through(bastion, None), &world).await {
        Ok(keys) => keys,
        Err(SurveyError::Trust(error)) => return Err(error.into()),
        Err(SurveyError::Fault(fault)) => {
            let advice: String = fault.advice.iter().map(|advice| format!("\n  - {}", advice.text)).collect();
            return Err(Stop::fault(format!("{} ({}){advice}", fault.message, fault.code)));
        }
    };
    match (Standing::of(&keys), &trust.fingerprint) {
        (Standing::Revoked, _) => {
            explain(&keys);
            show(context, bastion, &keys, Standing::Revoked.as_str())?;
            Ok(FAULT)
        }
        (Standing::Changed, given) => {
            explain(&keys);
            if given.as_ref().is_some_and(|given| keys.iter().any(|key| key.fingerprint == *given)) {
                print::words(&format!(
                    "adit: the fingerprint you gave is shown, but another key is known; if the admin confirmed the change: \
                     adit trust {} --forget",
                    bastion.name
                ));
            }
            show(context, bastion, &keys, Standing::Changed.as_str())?;
            Ok(FAULT)
        }
        (standing @ (Standing::Trusted | Standing::Unknown), Some(given)) => {
            let Some(key) = keys.iter().find(|key| key.fingerprint == *given) else {
                print::words(&format!(
                    "adit: {} shows no key with the fingerprint {given}; nothing is pinned. Ask the bastion's admin which \
                     is right",
                    bastion.endpoint
                ));
                show(context, bastion, &keys, standing.as_str())?;
                return Ok(FAULT);
            };
            if matches!(key.judgement, Judgement::Trusted { .. }) {
                show(context, bastion, &keys, Standing::Trusted.as_str())?;
                return Ok(DONE);
            }
            pin(context, bastion, &keys, &[key])
        }
        (Standing::Trusted, None) => {
            show(context, bastion, &keys, Standing::Trusted.as_str())?;
            Ok(DONE)
        }
        (Standing::Unknown, None) => consult(context, bastion, &keys).await,
    }
}

/// Shows the keys and asks the person; without one, that is all.
async fn consult(context: &Context, bastion: &Bastion, keys: &[ShownKey]) -> Outcome {
    if !terminal::has_terminal() {
        show(context, bastion, keys, Standing::Unknown.as_str())?;
        print::words(&format!(
            "adit: the host key of {} is not known, and nobody is there to compare it: adit trust {} --fingerprint SHA256:…",
            bastion.endpoint, bastion.name
        ));
        return Ok(PERSON);
    }
    let lines: Vec<String> = keys.iter().map(|key| format!("  {} {}", key.key_type, key.fingerprint)).collect();
    let prompt = format!(
        "{} ({}) shows:\n{}\nCompare with what the bastion's admin gives you. Type yes to trust them, or paste one \
         fingerprint: ",
        bastion.name,
        bastion.endpoint,
        lines.join("\n")
    );
    let typed = spawn_blocking(move || terminal::ask(&prompt)).await;
    let typed = typed.map_err(std::io::Error::from).and_then(|typed| typed).unwrap_or_default();
    match ask::agrees(&typed, keys.iter().map(|key| key.fingerprint.as_str())) {
        Some(Agreement::All) => pin(context, bastion, keys, &keys.iter().collect::<Vec<_>>()),
        Some(Agreement::One(fingerprint)) => {
            let chosen: Vec<&ShownKey> = keys.iter().filter(|key| key.fingerprint == fingerprint).collect();
            pin(context, bastion, keys, &chosen)
        }
        None => {
            print::words(ask::refusal(&typed));
            show(context, bastion, keys, Standing::Unknown.as_str())?;
            Ok(FAULT)
        }
    }
}

fn pin(context: &Context, bastion: &Bastion, keys: &[ShownKey], chosen: &[&ShownKey]) -> Outcome {
    context.paths.prepare_keys()?;
    ssh::pin_shown(&context.world(), &bastion.endpoint, chosen)?;
    let shown: Vec<&str> = chosen.iter().map(|key| key.fingerprint.as_str()).collect();
    print::words(&format!("adit: pinned {} for {}", shown.join(", "), bastion.endpoint));
    show(context, bastion, keys, "pinned")?;
    Ok(DONE)
}

fn forget(context: &Context, bastion: &Bastion) -> Outcome {
    let count = ssh::forget(&context.paths.known_hosts, &bastion.endpoint)?;
    print::words(&match count {
        0 => format!("adit: nothing was pinned for {}", bastion.endpoint),
        1 => format!("adit: forgot one key of {}", bastion.endpoint),
        _ => format!("adit: forgot {count} keys of {}", bastion.endpoint),
    });
    let left = ssh::KnownHosts::load(&context.world().known_host_files())?.known(&bastion.endpoint);
    for key in &left {
        print::words(&format!(
            "adit: {}:{} still knows {} {}; that file is not adit's to change",
            key.path.display(),
            key.line,
            key.key_type,
            key.fingerprint
        ));
    }
    if context.json {
        show(context, bastion, &[], if left.is_empty() { "unknown" } else { "already_trusted" })?;
    }
    Ok(DONE)
}

/// Says of each key that cannot be trusted where it is known otherwise.
fn explain(keys: &[ShownKey]) {
    let mut said = false;
    for key in keys {
        match &key.judgement {
            Judgement::Revoked { path, line } => {
                print::words(&format!("adit: {} is revoked in {}:{line}", key.fingerprint, path.display()));
            }
            // All of them are compared with the same lines.
            Judgement::Changed { known } if !said => {
                said = true;
                for old in known {
                    print::words(&format!(
                        "adit: known is {} {} ({}:{}), and the server no longer shows it: ask the bastion's admin",
                        old.key_type,
                        old.fingerprint,
                        old.path.display(),
                        old.line
                    ));
                }
            }
            Judgement::Changed { .. }
            | Judgement::Trusted { .. }
            | Judgement::Unknown
            | Judgement::BadCertificate { .. } => {}
        }
    }
}

fn show(context: &Context, bastion: &Bastion, keys: &[ShownKey], state: &'static str) -> Result<(), Stop> {
    let view = |key: &ShownKey| HostKeyView { key_type: key.key_type.clone(), fingerprint: key.fingerprint.clone() };
    let keys = keys.iter().map(view).collect();
    let view = TrustView { bastion: &bastion.name, endpoint: &bastion.endpoint, keys, state };
    if context.json { print::data(&trust_json(&view)) } else { print::lines(&trust_text(&view)) }
}
