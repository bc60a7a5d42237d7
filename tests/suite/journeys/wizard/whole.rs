//! From an empty home to a tunnel that is up, by keys, with a real service in this process and a bastion of the sandbox: how many
//! keys it takes, and what is left after the program was closed in the middle.

use adit::sandbox::{Bastion, Database, Speaks, Switches, Target};

use crate::journeys::walk::{Walk, home};

#[tokio::test(flavor = "multi_thread")]
async fn from_an_empty_home_to_up_in_fourteen_keys() {
    let bastion = Bastion::start("adit", Switches::default()).await.unwrap();
    let database = Database::start(Speaks::Postgres).await.unwrap();
    let place = "10.0.1.12:5432";
    let target = adit::model::Endpoint::new("10.0.1.12".parse().unwrap(), 5432.try_into().unwrap());
    bastion.place(&target, Target::Loopback(database.port()));
    let (_folder, paths) = home();
    let mut walk = Walk::start(&paths).await;
    walk.sees("No tunnels yet").await;
    walk.press("n").await;
    walk.type_in(&format!("127.0.0.1:{}", bastion.address().port())).await;
    walk.press("enter").await;
    walk.type_in("adit").await;
    walk.press("enter").await;
    walk.sees("What shall the login show?").await;
    walk.press("enter").await;
    walk.sees("Which database").await;
    walk.press("enter").await;
    walk.type_in("10.0.1.12").await;
    walk.press("enter").await;
    walk.type_in("app").await;
    walk.press("enter").await;
    walk.type_in("orders").await;
    walk.press("enter").await;
    walk.sees("How do you want to reach it here?").await;
    walk.press("enter").await;
    walk.sees("permitopen=").await;
    assert!(walk.stage.text().contains(place), "{}", walk.stage.text());
    let public = std::fs::read_to_string(paths.keys.join("orders.pub")).unwrap();
    walk.stage.sees(public.trim());
    bastion.authorise(&public).unwrap();
    walk.press("enter").await;
    walk.sees("is not known yet").await;
    walk.type_in("yes").await;
    walk.press("enter").await;
    walk.sees("It holds").await;
    walk.press("enter").await;
    walk.sees("● orders up").await;
    walk.stage.sees("postgresql://app@127.0.0.1:");
    assert!(walk.keys <= 14, "{} keys", walk.keys);
    let written = std::fs::read_to_string(&paths.config).unwrap();
    assert!(written.contains("[tunnels.orders]"), "{written}");
    walk.press("enter").await;
    walk.sees("╭ orders ─").await;
    walk.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_at_the_hand_off_it_goes_on_there() {
    let bastion = Bastion::start("adit", Switches::default()).await.unwrap();
    let (_folder, paths) = home();
    let mut walk = Walk::start(&paths).await;
    walk.press("n").await;
    walk.type_in(&format!("adit@127.0.0.1:{}", bastion.address().port())).await;
    walk.press("enter").await;
    walk.press("enter").await;
    walk.press("enter").await;
    walk.type_in("10.0.1.12").await;
    walk.press("enter enter enter").await;
    walk.press("enter").await;
    walk.sees("permitopen=\"10.0.1.12:5432\"").await;
    let key = std::fs::read(paths.keys.join("bastion-postgres")).unwrap();
    walk.end().await;

    let mut walk = Walk::start(&paths).await;
    walk.sees("waiting for admin").await;
    walk.press("enter").await;
    walk.sees("permitopen=\"10.0.1.12:5432\"").await;
    // The admin has not let it in yet: whose turn it is is said, and it may wait again.
    walk.press("enter").await;
    walk.sees("is not known yet").await;
    walk.type_in("SHA256:other").await;
    walk.press("enter").await;
    walk.stage.sees("this is another fingerprint");
    walk.press("ctrl-u").await;
    walk.type_in("yes").await;
    walk.press("enter").await;
    walk.sees("▸ the bastion's admin").await;
    walk.press("q").await;
    walk.sees("waiting for admin").await;
    let names: Vec<String> = walk.client.snapshots().borrow().drafts.iter().map(|d| d.name.to_string()).collect();
    assert_eq!(names, ["bastion-postgres"]);
    assert_eq!(std::fs::read(paths.keys.join("bastion-postgres")).unwrap(), key);
    // Dropped, its key stays.
    walk.press("x y").await;
    walk.sees("No tunnels yet").await;
    assert!(paths.keys.join("bastion-postgres").exists());
    walk.end().await;
}
