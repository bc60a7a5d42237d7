//! The local port: free, ours, or somebody else's. It binds nothing.

use super::pass;
use crate::diagnose::plan::Aim;
use crate::diagnose::probe::{Bound, Holding, Look, Seen};
use crate::model::{Advice, Code, Fault, Finding, Listen, Name, Rung, shell_word};

const CHECK: &str = "local_port";

/// Judges who has the local port.
#[must_use]
pub fn judge(look: &Look<Bound>, aim: &Aim) -> Finding {
    let bound = match &look.seen {
        Seen::Fact(bound) => bound,
        Seen::Fault(fault) => return super::failure(CHECK, fault, look.ms),
    };
    let place = bound.listen.as_ref().map_or_else(|| "the local port".to_owned(), Listen::to_string);
    let fault = match &bound.holding {
        Holding::Free => return pass(Rung::Bind, CHECK, format!("{place} is free"), look.ms),
        Holding::Ours => return pass(Rung::Bind, CHECK, format!("{place} is held by adit for {}", aim.name), look.ms),
        Holding::Unchosen => {
            return pass(Rung::Bind, CHECK, "no local port is chosen yet; the first start chooses a free one", look.ms);
        }
        Holding::Taken { holder, free } => taken(&aim.name, &place, holder.as_ref(), *free, bound.listen.as_ref()),
        Holding::Forbidden => Fault::new(Code::PortForbidden, format!("this user may not listen on {place}"))
            .advise(Advice::words("ports below 1024 need a privilege: choose one above")),
        Holding::NotLocal => Fault::new(Code::AddressNotLocal, format!("{place} is not an address of this machine"))
            .advise(Advice::command(
                "listen on loopback",
                format!("adit tunnel edit {} --listen {}", aim.name, port(bound)),
            )),
        Holding::Failed { why } => Fault::new(Code::PortForbidden, format!("cannot listen on {place}: {why}")),
    };
    super::failure(CHECK, &fault, look.ms)
}

fn port(bound: &Bound) -> String {
    bound.listen.as_ref().and_then(Listen::port).map_or_else(|| "15432".to_owned(), |port| port.to_string())
}

fn taken(
    name: &Name,
    place: &str,
    holder: Option<&(u32, String)>,
    free: Option<u16>,
    listen: Option<&Listen>,
) -> Fault {
    let who = match holder {
        Some((pid, program)) => format!("{program} (process {pid})"),
        None => "another process".to_owned(),
    };
    let mut fault = Fault::new(Code::PortInUse, format!("{place} is held by {who}"));
    if let Some(free) = free {
        let text = format!("use another port; {free} is free now");
        fault = fault.advise(Advice::command(text, format!("adit tunnel edit {name} --listen {free}")));
    }
    let look = match (holder, listen) {
        (Some((pid, _)), _) => Some(("see what that process is", format!("ps -fp {pid}"))),
        (None, Some(Listen::Tcp(address))) => {
            Some(("see who listens there", format!("sudo ss -ltnp sport = :{}", address.port())))
        }
        (None, Some(Listen::Unix(path))) => {
            Some(("see who listens there", format!("sudo ss -lxp src {}", shell_word(&path.display().to_string()))))
        }
        (None, None) => None,
    };
    match look {
        Some((text, command)) => fault.advise(Advice::command(text, command)),
        None => fault,
    }
}
