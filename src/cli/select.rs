//! Which tunnels a command is about: by name, by tag or all; and the nearest name for one that does not exist.

use clap::Args;

use super::failure::Stop;
use crate::config;
use crate::model::{Name, Tunnel, TunnelStatus};

/// The selectors of `up`, `down` and `restart`.
#[derive(Debug, Args)]
pub(super) struct Selection {
    /// Tunnels by name
    #[arg(value_name = "NAME", conflicts_with_all = ["all", "tags"])]
    pub(super) names: Vec<String>,
    /// All tunnels
    #[arg(long, conflicts_with = "tags")]
    all: bool,
    /// All tunnels with this tag (may be repeated)
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
}

/// A tunnel that can be selected.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    name: Name,
    tags: Vec<Name>,
}

impl From<&Tunnel> for Candidate {
    fn from(tunnel: &Tunnel) -> Self {
        Self { name: tunnel.name.clone(), tags: tunnel.tags.clone() }
    }
}

impl From<&TunnelStatus> for Candidate {
    fn from(tunnel: &TunnelStatus) -> Self {
        Self { name: tunnel.name.clone(), tags: tunnel.tags.clone() }
    }
}

/// What was selected: the tunnels that exist, and a sentence for each name that does not.
#[derive(Debug, Default)]
pub(super) struct Picked {
    /// In the order given, each once.
    pub(super) names: Vec<Name>,
    /// Sentences.
    pub(super) unknown: Vec<String>,
}

impl Selection {
    /// Picks from what exists. No selector at all is an error, and so is a tag that nothing has.
    pub(super) fn pick(&self, candidates: &[Candidate]) -> Result<Picked, Stop> {
        if self.all {
            let names = candidates.iter().map(|candidate| candidate.name.clone()).collect();
            return Ok(Picked { names, unknown: Vec::new() });
        }
        if !self.tags.is_empty() {
            return self.by_tag(candidates);
        }
        if self.names.is_empty() {
            return Err(Stop::usage("which tunnels? Give names, --tag TAG or --all"));
        }
        Ok(by_name(&self.names, candidates))
    }

    fn by_tag(&self, candidates: &[Candidate]) -> Result<Picked, Stop> {
        let tags = || candidates.iter().flat_map(|candidate| &candidate.tags);
        for tag in &self.tags {
            if !tags().any(|known| known.as_str() == tag) {
                return Err(Stop::unknown(format!("no tunnel has the tag {tag:?}{}", did_you_mean(tag, tags()))));
            }
        }
        let has = |candidate: &&Candidate| candidate.tags.iter().any(|tag| self.tags.iter().any(|t| t == tag.as_str()));
        let names = candidates.iter().filter(has).map(|candidate| candidate.name.clone()).collect();
        Ok(Picked { names, unknown: Vec::new() })
    }
}

/// Picks by name.
pub(super) fn by_name(wanted: &[String], candidates: &[Candidate]) -> Picked {
    let mut picked = Picked::default();
    for text in wanted {
        match find("tunnel", text, candidates.iter().map(|candidate| &candidate.name)) {
            Ok(name) if picked.names.contains(name) => {}
            Ok(name) => picked.names.push(name.clone()),
            Err(sentence) => picked.unknown.push(sentence),
        }
    }
    picked
}

/// The name that a text is, or a sentence that names the nearest one.
pub(super) fn find<'a>(
    what: &str,
    text: &str,
    names: impl Iterator<Item = &'a Name> + Clone,
) -> Result<&'a Name, String> {
    let found = names.clone().find(|name| name.as_str() == text);
    found.ok_or_else(|| format!("there is no {what} named {text:?}{}", did_you_mean(text, names)))
}

/// `; did you mean X?` where something is near enough.
fn did_you_mean<'a>(text: &str, names: impl Iterator<Item = &'a Name>) -> String {
    let nearest = config::nearest(text, names.map(Name::as_str));
    nearest.map(|name| format!("; did you mean {name}?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates() -> Vec<Candidate> {
        let candidate = |name: &str, tags: &[&str]| Candidate {
            name: name.parse().unwrap(),
            tags: tags.iter().map(|tag| tag.parse().unwrap()).collect(),
        };
        vec![candidate("billing", &["eu"]), candidate("cache", &[]), candidate("orders", &["eu", "prod"])]
    }

    fn pick(names: &[&str], all: bool, tags: &[&str]) -> Result<Picked, (u8, String)> {
        let strings = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
        let selection = Selection { names: strings(names), all, tags: strings(tags) };
        selection.pick(&candidates()).map_err(|stop| match stop {
            Stop::Failed { code, text } => (code, text),
            Stop::PipeClosed => (0, String::new()),
        })
    }

    fn shown(picked: &Picked) -> String {
        picked.names.iter().map(Name::to_string).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn names_tags_and_all() {
        assert_eq!(shown(&pick(&["orders", "cache", "orders"], false, &[]).unwrap()), "orders cache");
        assert_eq!(shown(&pick(&[], true, &[]).unwrap()), "billing cache orders");
        assert_eq!(shown(&pick(&[], false, &["eu"]).unwrap()), "billing orders");
        assert_eq!(shown(&pick(&[], false, &["prod", "eu"]).unwrap()), "billing orders");
    }

    #[test]
    fn what_is_missing_is_said() {
        assert_eq!(pick(&[], false, &[]).unwrap_err().0, 2);
        let (code, text) = pick(&[], false, &["prd"]).unwrap_err();
        assert_eq!((code, text.as_str()), (3, "no tunnel has the tag \"prd\"; did you mean prod?"));
        let picked = pick(&["order", "cache", "x"], false, &[]).unwrap();
        assert_eq!(shown(&picked), "cache");
        assert_eq!(
            picked.unknown,
            ["there is no tunnel named \"order\"; did you mean orders?", "there is no tunnel named \"x\""]
        );
        assert!(pick(&["Orders"], false, &[]).unwrap().unknown[0].ends_with("did you mean orders?"));
        assert!(Selection { names: Vec::new(), all: true, tags: Vec::new() }.pick(&[]).unwrap().names.is_empty());
    }
}
