//! Diagnoses through the hub: they stream, do not hold it up, are few at once, and can be compared and saved.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::model::{Diagnosis, Subject, Verdict};

fn bastion(name: &str) -> Subject {
    Subject::Bastion(name.parse().unwrap())
}

fn of(snapshot: &Snapshot, subject: &Subject) -> Option<Diagnosis> {
    snapshot.reports.iter().find(|one| one.report.subject == *subject).cloned()
}

fn ask(subject: &Subject) -> Request {
    Request::Diagnose { subject: subject.clone(), admin: None }
}

async fn finished(client: &Client, subject: &Subject) -> Diagnosis {
    let snapshot = until(client, |snapshot| of(snapshot, subject).is_some_and(|one| one.report.finished)).await;
    of(&snapshot, subject).unwrap()
}

/// Bastions that accept and say nothing, for as long as the listener lives.
fn silent(names: &[&str]) -> (TcpListener, String) {
    let (listener, port) = deaf_port();
    let one =
        |name: &&str| format!("[bastions.{name}]\nhost = \"127.0.0.1\"\nport = {port}\nuser = \"u\"\nkey = \"k\"\n");
    (listener, names.iter().map(one).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_is_shown_and_the_one_before_is_kept() {
    let home = Home::new(&config(&[("orders", Some(free_port()))]));
    let (running, client) = home.start().await;
    let orders = Subject::Tunnel("orders".parse().unwrap());
    assert!(client.latest().reports.is_empty());
    done(&client, ask(&orders)).await;
    // The reply comes with a snapshot that shows that it began.
    assert!(of(&client.latest(), &orders).is_some());
    let first = finished(&client, &orders).await;
    assert_eq!(first.report.verdict(), Verdict::Fail);
    assert_eq!(first.report.cause().unwrap().code, Some(Code::TcpRefused));
    assert!(first.before.is_none());

    done(&client, ask(&orders)).await;
    let second = until(&client, |snapshot| of(snapshot, &orders).is_some_and(|one| one.before.is_some())).await;
    assert_eq!(of(&second, &orders).unwrap().before.unwrap(), first.report);
    finished(&client, &orders).await;
    let told = |snapshot: &Snapshot| {
        let of = |entry: &&Entry| entry.event == "diagnosed" && entry.message.contains("tcp_refused");
        snapshot.journal.iter().filter(of).count() == 2
    };
    until(&client, told).await;

    let (code, message) = refused(&client, ask(&Subject::Tunnel("ordres".parse().unwrap()))).await;
    assert_eq!((code, message.as_str()), (3, "nothing is known of ordres"));
    let (code, _) = refused(&client, ask(&bastion("nowhere"))).await;
    assert_eq!(code, 3);
    end(running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn few_run_at_once_one_a_subject_and_the_hub_goes_on() {
    let names = ["a", "b", "c", "d", "e"];
    let (_listener, text) = silent(&names);
    let home = Home::new(&text);
    let (running, client) = home.start().await;
    for name in &names[..4] {
        done(&client, ask(&bastion(name))).await;
    }
    let (code, message) = refused(&client, ask(&bastion("e"))).await;
    assert_eq!(code, 1);
    assert!(message.contains("bastion:a") && message.contains("wait"), "{message}");
    // The same again is the one that runs.
    let began = of(&client.latest(), &bastion("a")).unwrap().at;
    done(&client, ask(&bastion("a"))).await;
    assert_eq!(of(&client.latest(), &bastion("a")).unwrap().at, began);
    assert!(matches!(client.request(Request::Status).await, Ok(Reply::Status { .. })));
    assert!(!of(&client.latest(), &bastion("a")).unwrap().report.finished);
    // What runs does not hold up the end.
    timeout(Duration::from_secs(3), end(running)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reports_of_the_last_subjects_are_kept() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    let port = free_port();
    let one =
        |name: &&str| format!("[bastions.{name}]\nhost = \"127.0.0.1\"\nport = {port}\nuser = \"u\"\nkey = \"k\"\n");
    let home = Home::new(&names.iter().map(one).collect::<String>());
    let (running, client) = home.start().await;
    for name in names {
        done(&client, ask(&bastion(name))).await;
        finished(&client, &bastion(name)).await;
    }
    let kept: Vec<String> = client.latest().reports.iter().map(|one| one.report.subject.to_string()).collect();
    assert_eq!(kept.len(), 8);
    assert!(!kept.contains(&"bastion:a".to_owned()) && kept.last().unwrap() == "bastion:i", "{kept:?}");
    end(running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_saved_for_its_owner_alone() {
    let home = Home::new(&config(&[("orders", Some(free_port()))]));
    let (running, client) = home.start().await;
    let subject = bastion("b");
    let (code, message) = refused(&client, Request::SaveReport { subject: subject.clone(), redacted: false }).await;
    assert_eq!((code, message.as_str()), (1, "there is no diagnosis of bastion b to save"));
    done(&client, ask(&subject)).await;
    finished(&client, &subject).await;
    let mut paths = Vec::new();
    for redacted in [false, true] {
        let saved = client.request(Request::SaveReport { subject: subject.clone(), redacted }).await.unwrap();
        let Reply::Saved { path } = saved else { panic!("{saved:?}") };
        let path = std::path::PathBuf::from(path);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("adit diagnosis, 20") && text.contains("tcp_refused"), "{text}");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
        paths.push(path);
    }
    assert_ne!(paths[0], paths[1]);
    end(running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pasted_text_is_explained() {
    let home = Home::new("");
    let (running, client) = home.start().await;
    let ask = |text: &str| Request::Explain { text: text.to_owned() };
    let known = client.request(ask("ana@b: Permission denied (publickey).")).await.unwrap();
    let Reply::Explained { matches } = known else { panic!("{known:?}") };
    assert_eq!(matches[0].class, "key_refused");
    assert_eq!(client.request(ask("all is well")).await.unwrap(), Reply::Explained { matches: Vec::new() });
    end(running).await;
}
