//! New names: for what there is, and for a second one like it. What may be a name is the model's business.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::open;
use crate::model::{Name, Subject};
use crate::service::Request;
use crate::tui::app::App;
use crate::tui::effect::Effect;
use crate::tui::overlay::{Overlay, Prompt};

/// Asks for another name.
pub(super) fn rename(app: &mut App, subject: Subject) -> Vec<Effect> {
    let old = subject.name().clone();
    let taken = taken(app, &subject);
    let words = "Letters, digits, - and _, as in orders-eu. What names it in the configuration is changed too.";
    let title = format!("Rename {}", subject.words());
    let prompt = Prompt::new(title, words, {
        let old = old.clone();
        Arc::new(move |text| {
            let to = free(text, &taken, Some(&old))?;
            let about = format!("rename {old} to {to}");
            Ok((Request::Rename { subject: subject.clone(), to }, about))
        })
    });
    open(app, Overlay::Prompt(prompt.with(old.as_str())))
}

/// Asks for the name of a tunnel like this one.
pub(super) fn duplicate(app: &mut App, name: &Name) -> Vec<Effect> {
    let taken = taken(app, &Subject::Tunnel(name.clone()));
    let (offered, name) = (another(name, &taken), name.clone());
    let words = "The same bastion, database and tags under this name. Its local port is chosen when it first comes up.";
    let prompt = Prompt::new(format!("A tunnel like {name}"), words, {
        Arc::new(move |text| {
            let to = free(text, &taken, None)?;
            let about = format!("add {to}, like {name}");
            Ok((Request::Copy { name: name.clone(), to }, about))
        })
    });
    open(app, Overlay::Prompt(prompt.with(&offered)))
}

/// The names that others of its sort have.
fn taken(app: &App, subject: &Subject) -> BTreeSet<Name> {
    let tunnels = app.snapshot.tunnels.iter().map(|tunnel| &tunnel.name);
    let drafts = app.snapshot.drafts.iter().map(|draft| &draft.name);
    let bastions = app.snapshot.bastions.iter().map(|bastion| &bastion.name);
    match subject {
        Subject::Bastion(_) => bastions.cloned().collect(),
        Subject::Tunnel(_) | Subject::Draft(_) => tunnels.chain(drafts).cloned().collect(),
    }
}

fn free(text: &str, taken: &BTreeSet<Name>, own: Option<&Name>) -> Result<Name, String> {
    let name: Name = text.trim().parse().map_err(|error| format!("{error}"))?;
    if Some(&name) == own {
        return Err(format!("it is called {name} already"));
    }
    if taken.contains(&name) { Err(format!("{name} is taken")) } else { Ok(name) }
}

/// A name beside this one: `orders-2`, or the next that is free.
fn another(name: &Name, taken: &BTreeSet<Name>) -> String {
    let stem = name.as_str().get(..name.as_str().len().min(58)).unwrap_or(name.as_str());
    let offers = (2..1000).map(|number| format!("{stem}-{number}"));
    let is_free = |offer: &String| !taken.iter().any(|name| name.as_str() == offer);
    offers.into_iter().find(is_free).unwrap_or_default()
}
