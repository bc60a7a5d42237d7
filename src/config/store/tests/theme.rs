//! The theme that a person keeps, written into the files as they are.

use super::*;

#[test]
fn a_theme_is_written_where_preferences_are_and_comments_stay() {
    let theme = |text: &str, wanted: &str| {
        let (_folder, paths, store) = with(text);
        store.prefer_theme(wanted).unwrap();
        let now = fs::read_to_string(&paths.config).unwrap();
        assert_eq!(load(&paths).unwrap().preferences.theme.as_deref(), Some(wanted), "{now}");
        now
    };
    assert_eq!(theme("", "nord"), "[preferences]\ntheme = \"nord\"\n");
    assert_eq!(
        theme("# mine\n[preferences] # a\n# b\ntheme = \"mono\" # c\nmouse = false\n", "nord"),
        "# mine\n[preferences] # a\n# b\ntheme = \"nord\" # c\nmouse = false\n"
    );
    assert_eq!(
        theme("[preferences]\nmouse = false # c\n# d\n\n[bastions]\n", "nord"),
        "[preferences]\nmouse = false # c\ntheme = \"nord\"\n# d\n\n[bastions]\n"
    );
    assert_eq!(theme("preferences.theme = \"mono\" # c\n", "nord"), "preferences.theme = \"nord\" # c\n");
    assert_eq!(theme("preferences = {mouse = false}\n", "nord"), "preferences = {mouse = false, theme = \"nord\" }\n");
    let bastion = "[bastions.b]\nhost = \"h\"\nuser = \"u\"\nkey = \"k\"\n# the end\n";
    let after = theme(bastion, "nord");
    assert!(after.starts_with(bastion) && after.ends_with("[preferences]\ntheme = \"nord\"\n"), "{after}");
    // In the file where it stands.
    let (_folder, paths, store) = with("[preferences]\nmouse = false\n");
    fs::create_dir(&paths.config_dir).unwrap();
    write_private(&paths.config_dir.join("a.toml"), "[preferences]\ntheme = \"mono\"\n");
    store.prefer_theme("nord").unwrap();
    assert_eq!(fs::read_to_string(&paths.config).unwrap(), "[preferences]\nmouse = false\n");
    assert_eq!(text(&paths.config_dir.join("a.toml")), "[preferences]\ntheme = \"nord\"\n");
}
