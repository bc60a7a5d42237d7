//! What can be copied of a tunnel or a bastion: only what fits its kind, the usual first. How it travels is the clipboard's
//! business.

use super::open;
use crate::model::recipe::{Format, Recipe};
use crate::model::{BastionStatus, KeyStatus, Subject, TunnelStatus};
use crate::tui::app::App;
use crate::tui::effect::Effect;
use crate::tui::overlay::{Choice, Deed, Overlay};
use crate::tui::page::{Open, Page};

/// The forms of a tunnel, each with its key and its name.
const FORMS: [(char, &str, Format); 10] = [
    ('u', "URL", Format::Url),
    ('h', "host and port", Format::Hostport),
    ('e', "environment", Format::Env),
    ('c', "psql", Format::Psql),
    ('c', "mysql", Format::Mysql),
    ('c', "redis-cli", Format::RedisCli),
    ('c', "mongosh", Format::Mongosh),
    ('c', "sqlcmd", Format::Sqlcmd),
    ('d', "JDBC", Format::Jdbc),
    ('p', ".pgpass line", Format::Pgpass),
];

/// Asks what of the tunnel is to be copied.
pub(super) fn of_tunnel(app: &mut App, tunnel: &TunnelStatus) -> Vec<Effect> {
    let choices = choices(app, tunnel);
    open(app, Overlay::choose(format!("Copy of {}", tunnel.name), choices))
}

/// What can be copied of a tunnel now.
pub(super) fn choices(app: &App, tunnel: &TunnelStatus) -> Vec<Choice> {
    let name = &tunnel.name;
    let configured = tunnel.as_configured();
    let forms = tunnel.listen.iter().flat_map(|listen| {
        let recipe = Recipe::of(&configured, listen);
        FORMS.iter().filter_map(move |(key, label, format)| {
            let text = recipe.plain(*format).ok()?;
            let what = match format {
                Format::Url => format!("the connection string of {name}"),
                _ => format!("{label} of {name}"),
            };
            Some(choice(*key, label, text, what))
        })
    });
    let mut choices: Vec<Choice> = forms.collect();
    let login = app.snapshot.bastions.iter().find(|bastion| bastion.name == tunnel.bastion);
    choices.extend(public_key(app, tunnel, login));
    let page = Page::of(Subject::Tunnel(name.clone()));
    let report = Open { page: &page, snapshot: &app.snapshot }.report();
    choices.extend(report.map(|text| choice('r', "diagnosis", text, format!("the diagnosis of {name}"))));
    choices
}

/// The public half of adit's own key that the tunnel, or else its bastion, shows.
fn public_key(app: &App, tunnel: &TunnelStatus, login: Option<&BastionStatus>) -> Option<Choice> {
    let own = half(app, |key| key.tunnels.contains(&tunnel.name));
    // What is its own and no key of adit's cannot be told here; the bastion's key is another one.
    let login = login.filter(|_| tunnel.identity.is_none());
    own.or_else(|| login.and_then(|bastion| half(app, |key| key.bastions.contains(&bastion.name))))
}

/// The public half of the first key of adit's own that is this one.
fn half(app: &App, is: impl Fn(&KeyStatus) -> bool) -> Option<Choice> {
    let key = app.snapshot.keys.iter().find(|key| is(key) && !key.public_key.is_empty())?;
    Some(choice('s', "public key", key.public_key.clone(), format!("the public key {}", key.name)))
}

/// Asks what of the bastion is to be copied.
pub(super) fn of_bastion(app: &mut App, bastion: &BastionStatus) -> Vec<Effect> {
    let name = &bastion.name;
    let login = format!("ssh -p {} {}@{}", bastion.endpoint.port, bastion.user, bastion.endpoint.host);
    let mut choices = vec![choice('a', "address", bastion.endpoint.to_string(), format!("the address of {name}"))];
    choices.push(choice('c', "ssh command", login, format!("the ssh command of {name}")));
    if let Some(key) = &bastion.host_key {
        let fingerprint =
            choice('f', "host key fingerprint", key.fingerprint.clone(), format!("the fingerprint of {name}"));
        choices.insert(0, fingerprint);
    }
    if !bastion.leaves_from.is_empty() {
        choices.push(choice(
            'l',
            "leaves from",
            bastion.leaves_from.join("\n"),
            "the addresses you come from".to_owned(),
        ));
    }
    choices.extend(half(app, |key| key.bastions.contains(name)));
    open(app, Overlay::choose(format!("Copy of {name}"), choices))
}

fn choice(key: char, label: &str, text: String, what: String) -> Choice {
    Choice { key, label: label.to_owned(), detail: text.clone(), deed: Deed::Copy { text, what } }
}
