//! Tunnels in the making: kept over a restart, finished into the configuration, refused where names clash.

use super::*;
use crate::model::{Access, ChosenBastion, Database, Draft, Endpoint, Kind, Listen, Page, Subject};
use crate::service::protocol::{Reply, Request};

fn draft(name: &str) -> Draft {
    let mut draft = Draft::new(name.parse().unwrap());
    draft.page = Page::HandOff;
    draft.bastion = ChosenBastion::New {
        name: "prod".parse().unwrap(),
        endpoint: Endpoint::new("127.0.0.1".parse().unwrap(), 22.try_into().unwrap()),
        user: "adit".to_owned(),
    };
    draft.access = Access::NewKey { name: name.parse().unwrap(), kind: KeyType::Ed25519 };
    draft
}

async fn ask(client: &Client, request: Request) -> Result<(), String> {
    match client.request(request).await.unwrap() {
        Reply::Done => Ok(()),
        Reply::Refused { message, .. } => Err(message),
        other => panic!("{other:?}"),
    }
}

async fn save(client: &Client, draft: &Draft, was: Option<&str>) -> Result<(), String> {
    let was = was.map(|name| name.parse().unwrap());
    ask(client, Request::SaveDraft { draft: Box::new(draft.clone()), was }).await
}

#[tokio::test]
async fn a_draft_outlives_the_service_and_becomes_a_tunnel() {
    let home = Home::new("");
    let (mut running, client) = home.start().await;
    let mut orders = draft("orders");
    save(&client, &orders, None).await.unwrap();
    let key = home.paths.keys.join("orders");
    let made = fs::read(&key).unwrap();
    // The page was gone back to: the key stays the one that the admin may have.
    save(&client, &orders, Some("orders")).await.unwrap();
    assert_eq!(fs::read(&key).unwrap(), made);
    let finish = || Request::FinishDraft { name: "orders".parse().unwrap() };
    assert!(ask(&client, finish()).await.unwrap_err().contains("database"));
    running.stop().cancel();
    assert!(running.ended().await);
    drop(client);

    let (_running, client) = home.start().await;
    let kept = until(&client, |snapshot| snapshot.drafts == [orders.clone()]).await;
    assert!(kept.tunnels.is_empty());
    orders.database =
        Some(Database { kind: Kind::Postgres, host: "10.0.1.12".parse().unwrap(), port: 5432.try_into().unwrap() });
    orders.listen = Some(Listen::loopback(free_port().try_into().unwrap()));
    save(&client, &orders, Some("orders")).await.unwrap();
    ask(&client, finish()).await.unwrap();
    let done = until(&client, |snapshot| snapshot.drafts.is_empty()).await;
    let tunnel = tunnel(&done, "orders");
    assert_eq!((tunnel.bastion.as_str(), tunnel.listen), ("prod", orders.listen));
    let written = fs::read_to_string(home.dir.path().join("config.toml")).unwrap();
    assert!(written.contains("[bastions.prod]") && written.contains("key = \"orders\""), "{written}");
    assert!(fs::read_dir(home.paths.state.join("drafts")).unwrap().next().is_none());
}

#[tokio::test]
async fn a_key_is_made_when_the_name_is_settled_and_never_that_of_something_else() {
    let home = Home::new("");
    let (_running, client) = home.start().await;
    let mut orders = draft("orders");
    orders.page = Page::Local;
    save(&client, &orders, None).await.unwrap();
    assert!(!home.paths.keys.join("orders").exists());
    ask(&client, Request::DropDraft { name: "orders".parse().unwrap() }).await.unwrap();
    let other = draft("ledger");
    save(&client, &other, None).await.unwrap();
    orders.access = other.access.clone();
    for page in [Page::Local, Page::HandOff] {
        orders.page = page;
        let saved = save(&client, &orders, None).await;
        assert_eq!(saved.is_err(), page == Page::HandOff, "{saved:?}");
    }
    // Renamed after its key was made it keeps the key, which the admin may have.
    let mut renamed = draft("archive");
    renamed.access = other.access.clone();
    save(&client, &renamed, Some("ledger")).await.unwrap();
}

#[tokio::test]
async fn a_draft_can_be_renamed_and_dropped_and_clashes_are_refused() {
    let home = Home::new(&config(&[("orders", None)]));
    let (_running, client) = home.start().await;
    assert!(save(&client, &draft("orders"), None).await.unwrap_err().contains("already"));
    save(&client, &draft("ledger"), None).await.unwrap();
    save(&client, &draft("archive"), None).await.unwrap();
    assert!(save(&client, &draft("archive"), Some("ledger")).await.unwrap_err().contains("already"));
    save(&client, &draft("billing"), Some("ledger")).await.unwrap();
    let names =
        |snapshot: &Snapshot| -> Vec<String> { snapshot.drafts.iter().map(|draft| draft.name.to_string()).collect() };
    until(&client, |snapshot| names(snapshot) == ["archive", "billing"]).await;
    let mut strange = draft("billing");
    strange.bastion = ChosenBastion::Known("nowhere".parse().unwrap());
    assert!(save(&client, &strange, Some("billing")).await.unwrap_err().contains("nowhere"));
    let drop_it = || Request::DropDraft { name: "billing".parse().unwrap() };
    ask(&client, drop_it()).await.unwrap();
    assert!(ask(&client, drop_it()).await.unwrap_err().contains("billing"));
    // The admin may have its key already.
    assert!(home.paths.keys.join("ledger").exists());
}

#[tokio::test]
async fn a_tunnel_is_changed_renamed_and_removed_with_its_comments_kept() {
    let home = Home::new(&config(&[("orders", Some(free_port())), ("ledger", None)]));
    let (_running, client) = home.start().await;
    let mut changed = draft("orders-eu");
    changed.database =
        Some(Database { kind: Kind::Redis, host: "10.0.1.99".parse().unwrap(), port: 6380.try_into().unwrap() });
    (changed.dbname, changed.autostart) = (Some("1".to_owned()), true);
    (changed.bastion, changed.access) = (ChosenBastion::Open, Access::Open);
    let edit =
        |name: &str, draft: &Draft| Request::EditTunnel { name: name.parse().unwrap(), draft: Box::new(draft.clone()) };
    let mut clash = changed.clone();
    clash.name = "ledger".parse().unwrap();
    assert!(ask(&client, edit("orders", &clash)).await.unwrap_err().contains("already"));
    assert!(ask(&client, edit("nowhere", &changed)).await.is_err());
    ask(&client, edit("orders", &changed)).await.unwrap();
    let after = until(&client, |snapshot| snapshot.tunnels.iter().any(|t| t.name == changed.name)).await;
    let tunnel = tunnel(&after, "orders-eu");
    assert_eq!(Some(tunnel.database), changed.database);
    assert_eq!((tunnel.listen, tunnel.autostart, tunnel.dbname.as_deref()), (None, true, Some("1")));
    assert!(after.tunnels.iter().all(|tunnel| tunnel.name.as_str() != "orders"));

    // Another login, another bastion, and the bastion's own login again: only what is answered changes.
    let shown = |text: &str| {
        let config = std::fs::read_to_string(&home.paths.config).unwrap();
        assert!(config.contains(text), "{text} is not in\n{config}");
        config
    };
    changed.access = Access::Identity(crate::model::Identity::File("/keys/mine".into()));
    ask(&client, edit("orders-eu", &changed)).await.unwrap();
    shown("identity_file = \"/keys/mine\"");
    changed.access = Access::Open;
    ask(&client, edit("orders-eu", &changed)).await.unwrap();
    shown("identity_file = \"/keys/mine\"");
    changed.access = Access::Bastions;
    ask(&client, edit("orders-eu", &changed)).await.unwrap();
    assert!(!shown("orders-eu").contains("/keys/mine"));
    let old = tunnel.bastion.clone();
    changed.bastion = ChosenBastion::New {
        name: "fresh".parse().unwrap(),
        endpoint: crate::model::Endpoint::new("fresh.example".parse().unwrap(), 2222.try_into().unwrap()),
        user: "ops".to_owned(),
    };
    changed.access = Access::Identity(crate::model::Identity::File("/keys/fresh".into()));
    ask(&client, edit("orders-eu", &changed)).await.unwrap();
    assert!(shown("[bastions.fresh]").contains("bastion = \"fresh\""));
    changed.access = Access::Open;
    let bastion_edit = |name: &str, draft: &Draft| Request::EditBastion {
        name: name.parse().unwrap(),
        draft: Box::new(draft.clone()),
    };
    if let ChosenBastion::New { name, user, .. } = &mut changed.bastion {
        (*name, *user) = ("fresher".parse().unwrap(), "root".to_owned());
    }
    ask(&client, bastion_edit("fresh", &changed)).await.unwrap();
    let config = shown("[bastions.fresher]");
    assert!(
        config.contains("bastion = \"fresher\"")
            && config.contains("user = \"root\"")
            && config.contains("/keys/fresh"),
        "{config}"
    );
    assert!(ask(&client, bastion_edit("nowhere", &changed)).await.is_err());
    (changed.bastion, changed.access) = (ChosenBastion::Known(old.clone()), Access::Open);
    ask(&client, edit("orders-eu", &changed)).await.unwrap();
    ask(&client, Request::Remove { subject: Subject::Bastion("fresher".parse().unwrap()) }).await.unwrap();

    let remove = |subject: Subject| Request::Remove { subject };
    let bastion = || Subject::Bastion(tunnel.bastion.clone());
    assert!(ask(&client, remove(bastion())).await.unwrap_err().contains("in use by"));
    for name in ["orders-eu", "ledger"] {
        ask(&client, remove(Subject::Tunnel(name.parse().unwrap()))).await.unwrap();
    }
    until(&client, |snapshot| snapshot.tunnels.is_empty()).await;
    ask(&client, remove(bastion())).await.unwrap();
    until(&client, |snapshot| snapshot.bastions.is_empty()).await;
    assert!(ask(&client, remove(bastion())).await.is_err());
}

#[tokio::test]
async fn a_local_port_is_looked_at_before_it_is_chosen() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = |port: u16| Listen::loopback(port.try_into().unwrap());
    let configured = free_port();
    let home = Home::new(&config(&[("orders", Some(configured))]));
    let (_running, client) = home.start().await;
    let check =
        |listen: Listen, but: Option<&str>| Request::CheckListen { listen, but: but.map(|n| n.parse().unwrap()) };
    ask(&client, check(listen(free_port()), None)).await.unwrap();
    let why = ask(&client, check(listen(taken.local_addr().unwrap().port()), None)).await.unwrap_err();
    assert!(why.contains("held by") && why.contains("is free"), "{why}");
    assert!(ask(&client, check(listen(configured), None)).await.unwrap_err().contains("orders"));
    ask(&client, check(listen(configured), Some("orders"))).await.unwrap();
}
