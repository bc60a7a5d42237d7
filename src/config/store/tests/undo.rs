//! The last edit undone and done again, edits that are one change, and copies.

use super::*;

#[test]
fn the_last_edit_is_undone_exactly_and_done_again() {
    let (_folder, paths, store) = with(COMMENTED);
    assert!(store.undo().unwrap_err().to_string().contains("nothing was changed"));
    store.remove_tunnel(&name("orders")).unwrap();
    let without = text(&paths.config);
    assert_eq!(store.undo().unwrap(), Undone { words: "removed orders".to_owned(), again: false });
    assert_eq!(text(&paths.config), COMMENTED);
    assert_eq!(store.undo().unwrap(), Undone { words: "removed orders".to_owned(), again: true });
    assert_eq!(text(&paths.config), without);
    store.undo().unwrap();
    // Another store, such as another process, undoes it as well: the newest edit, whoever made it.
    store.rename_bastion(&name("prod"), &name("live")).unwrap();
    assert!(text(&paths.config).contains("[bastions.live]"));
    assert_eq!(Store::new(&paths).undo().unwrap().words, "renamed the bastion prod to live");
    assert_eq!(text(&paths.config), COMMENTED);
    let mode = fs::metadata(paths.state.join("last-change.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn what_was_changed_since_is_not_undone() {
    let (_folder, paths, store) = with(COMMENTED);
    store.remove_tunnel(&name("orders")).unwrap();
    let by_hand = format!("{}# mine\n", text(&paths.config));
    write_private(&paths.config, &by_hand);
    let error = store.undo().unwrap_err().to_string();
    assert!(error.contains("was changed since, so \"removed orders\" is not undone"), "{error}");
    assert_eq!(text(&paths.config), by_hand);
    // A port that adit wrote down meanwhile is such a change.
    write_private(&paths.config, COMMENTED);
    store.remove_tunnel(&name("orders")).unwrap();
    store.assign_port(&name("cache")).unwrap();
    let now = text(&paths.config);
    assert!(store.undo().is_err());
    assert_eq!(text(&paths.config), now);
    fs::remove_file(&paths.config).unwrap();
    assert!(store.undo().is_err());
    assert!(!paths.config.exists());
}

#[test]
fn several_edits_that_are_one_change_are_undone_as_one() {
    let (_folder, paths) = home();
    let store = Store::new(&paths).as_one("added orders");
    store.add_bastion(&name("prod"), &bastion()).unwrap();
    store.add_tunnel(&name("orders"), &tunnel()).unwrap();
    assert_eq!(Store::new(&paths).undo().unwrap().words, "added orders");
    assert_eq!(text(&paths.config), FIRST);
    assert!(Store::new(&paths).undo().unwrap().again);
    assert!(load(&paths).unwrap().tunnels.contains_key(&name("orders")));
    // One that was taken back in the middle is nothing to be undone: what was before it is.
    let store = Store::new(&paths).as_one("tried something");
    store.rename_tunnel(&name("orders"), &name("sales")).unwrap();
    store.rename_tunnel(&name("sales"), &name("orders")).unwrap();
    assert_eq!(store.undo().unwrap(), Undone { words: "added orders".to_owned(), again: false });
}

#[test]
fn what_is_taken_back_leaves_the_edit_before_it_to_be_undone() {
    let (_folder, paths, store) = with(COMMENTED);
    store.remove_tunnel(&name("cache")).unwrap();
    let tried = Store::new(&paths).as_one("added sales");
    tried.add_bastion(&name("live"), &bastion()).unwrap();
    let unknown = TunnelEdit { bastion: Some(name("nowhere")), ..tunnel() };
    assert!(tried.add_tunnel(&name("sales"), &unknown).is_err());
    tried.remove_bastion(&name("live")).unwrap();
    assert_eq!(store.undo().unwrap(), Undone { words: "removed cache".to_owned(), again: false });
    assert_eq!(text(&paths.config), COMMENTED);
    // It was undone: after another try it can be done again.
    let tried = Store::new(&paths).as_one("added sales");
    tried.add_bastion(&name("live"), &bastion()).unwrap();
    tried.remove_bastion(&name("live")).unwrap();
    assert_eq!(store.undo().unwrap(), Undone { words: "removed cache".to_owned(), again: true });
}

#[test]
fn what_is_forgotten_is_not_undone() {
    let (_folder, paths, store) = with(COMMENTED);
    store.remove_tunnel(&name("cache")).unwrap();
    let now = text(&paths.config);
    store.forget().unwrap();
    assert!(store.undo().unwrap_err().to_string().contains("nothing was changed"));
    assert_eq!(text(&paths.config), now);
    store.forget().unwrap();
}

#[test]
fn a_copy_is_alike_but_for_its_name_and_port() {
    let (_folder, paths, store) = with(COMMENTED);
    let full = TunnelEdit {
        listen: Some("15432".into()),
        key: Some(name("orders")),
        user: Some("app".into()),
        allow_remote_clients: Some(true),
        autostart: Some(true),
        ..TunnelEdit::default()
    };
    store.edit_tunnel(&name("orders"), &full).unwrap();
    store.copy_tunnel(&name("orders"), &name("orders-2")).unwrap();
    let settings = load(&paths).unwrap();
    let (one, two) = (settings.tunnels[&name("orders")].clone(), settings.tunnels[&name("orders-2")].clone());
    assert_eq!(two.listen, None);
    assert_eq!(crate::model::Tunnel { name: one.name.clone(), listen: one.listen.clone(), ..two }, one);
    assert!(matches!(store.copy_tunnel(&name("orders"), &name("cache")), Err(EditError::Exists { .. })));
    assert!(matches!(store.copy_tunnel(&name("order"), &name("x")), Err(EditError::Unknown { .. })));
}
