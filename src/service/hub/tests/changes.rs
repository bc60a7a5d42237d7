//! Names that change, forth and back: what runs goes on under the other name, and drafts find their bastion.

use super::*;
use crate::model::{ChosenBastion, Draft, Page, Subject};

fn on(snapshot: &Snapshot) -> Vec<&str> {
    let on = snapshot.tunnels.iter().filter(|tunnel| tunnel.phase != Phase::Stopped);
    on.map(|tunnel| tunnel.name.as_str()).collect()
}

fn rename(subject: Subject, to: &str) -> Request {
    Request::Rename { subject, to: to.parse().unwrap() }
}

async fn undo(client: &Client) {
    let reply = client.request(Request::Undo).await.unwrap();
    assert!(matches!(reply, Reply::Undone { .. }), "{reply:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_goes_on_under_its_name_before_when_renaming_is_undone() {
    let home = Home::new(&config(&[("cache", Some(free_port())), ("orders", Some(free_port()))]));
    let (running, client) = home.start().await;
    done(&client, Request::Up { names: names(&["orders"]) }).await;
    done(&client, rename(Subject::Tunnel("orders".parse().unwrap()), "sales")).await;
    until(&client, |snapshot| on(snapshot) == ["sales"]).await;
    for name in ["orders", "sales"] {
        undo(&client).await;
        let snapshot = until(&client, |snapshot| on(snapshot) == [name]).await;
        assert_eq!(snapshot.tunnels.len(), 2);
        assert!(home.wanted().contains(name), "{}", home.wanted());
    }
    let Reply::Journal { entries, .. } = client.request(Request::Journal).await.unwrap() else { panic!() };
    let of = |name: &str| -> Vec<&str> {
        let of = entries.iter().filter(|entry| entry.tunnel.as_ref().is_some_and(|own| own.as_str() == name));
        of.map(|entry| entry.event.as_str()).collect()
    };
    assert!(of("sales").contains(&"renamed") && of("orders").contains(&"undone"), "{entries:?}");
    // What was off stays off.
    done(&client, Request::Down { names: names(&["sales"]), now: true }).await;
    undo(&client).await;
    until(&client, |snapshot| snapshot.tunnels.iter().any(|tunnel| tunnel.name.as_str() == "orders")).await;
    assert!(on(&client.latest()).is_empty());
    end(running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn drafts_follow_their_bastion_to_its_other_name_and_back() {
    let home = Home::new(&config(&[]));
    let (running, client) = home.start().await;
    let mut draft = Draft::new("orders".parse().unwrap());
    (draft.page, draft.bastion) = (Page::Local, ChosenBastion::Known("b".parse().unwrap()));
    done(&client, Request::SaveDraft { draft: Box::new(draft.clone()), was: None }).await;
    let leads_to = |snapshot: &Snapshot, name: &str| {
        snapshot.drafts.iter().all(|draft| draft.bastion == ChosenBastion::Known(name.parse().unwrap()))
    };
    done(&client, rename(Subject::Bastion("b".parse().unwrap()), "live")).await;
    until(&client, |snapshot| leads_to(snapshot, "live")).await;
    let file = home.paths.state.join("drafts/orders.json");
    assert!(fs::read_to_string(&file).unwrap().contains("live"));
    undo(&client).await;
    until(&client, |snapshot| leads_to(snapshot, "b")).await;
    let back = client.latest().drafts.first().cloned().unwrap();
    done(&client, Request::SaveDraft { draft: Box::new(back), was: Some(draft.name) }).await;
    end(running).await;
}
