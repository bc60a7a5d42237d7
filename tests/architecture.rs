//! The fence of the house: layers, siblings, outside crates, sizes and words. It reads text and decides nothing about taste.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop at the first surprise")]

#[path = "architecture/rules.rs"]
mod rules;
#[path = "architecture/source.rs"]
mod source;

use std::path::Path;

use source::Source;

/// Every Rust file below the given folders, sorted, with paths relative to the project's top.
fn read(folders: &[&str]) -> Vec<Source> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    let mut waiting: Vec<_> = folders.iter().map(|folder| top.join(folder)).collect();
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let short = path.strip_prefix(top).unwrap().to_str().unwrap().to_owned();
                files.push(Source::new(&short, &std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

#[track_caller]
fn none(offences: &[String]) {
    assert!(offences.is_empty(), "{} offence(s) against ARCHITECTURE:\n{}", offences.len(), offences.join("\n"));
}

#[test]
fn arrows_point_down() {
    none(&rules::upward(&read(&["src"])));
}

#[test]
fn siblings_form_no_ring() {
    none(&rules::rings(&read(&["src"])));
}

#[test]
fn outside_crates_stay_in_their_fences() {
    none(&rules::fences(&read(&["src"])));
}

#[test]
fn files_say_what_they_are_for_and_stay_small() {
    none(&rules::files(&read(&["src", "tests", "benches"])));
}

#[test]
fn printing_happens_in_one_place() {
    none(&rules::printing(&read(&["src"])));
}

#[test]
fn every_test_runs_and_none_sleeps() {
    none(&rules::idle_tests(&read(&["src", "tests", "benches"])));
}

#[test]
fn lint_allowances_have_reasons() {
    none(&rules::allowances(&read(&["src", "tests", "benches"])));
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    none(&rules::dependencies(&manifest));
}

/// The rules themselves, against planted offences: a fence that never closes is none.
mod planted {
    use super::rules;
    use super::source::Source;

    fn house(files: &[(&str, &str)]) -> Vec<Source> {
        files.iter().map(|(path, text)| Source::new(path, text)).collect()
    }

    #[track_caller]
    fn caught(offences: &[String], words: &[&str]) {
        assert_eq!(offences.len(), words.len(), "{offences:#?}");
        for (offence, word) in offences.iter().zip(words) {
            assert!(offence.contains(word), "{offence:?} does not speak of {word:?}");
        }
    }

    #[test]
    fn an_upward_arrow_is_seen_in_every_spelling() {
        let files = house(&[
            ("src/model.rs", "//! x\nuse crate::{config::Settings, model::Name};"),
            ("src/local/clock.rs", "fn f() { let _ = crate::ssh::dial(); }"),
            ("src/ssh.rs", "mod a { use super::super::config::X; }"),
            ("src/config.rs", "use super::ssh::Pool; /* crate::cli::x */ const A: &str = \"crate::cli::x\";"),
            ("src/engine.rs", "use crate::ssh as s; use crate::model::Name;\n#[cfg(test)] use crate::service::Client;"),
            ("src/attic.rs", "fn f() {}"),
        ]);
        caught(
            &rules::upward(&files),
            &[
                "model may not know config",
                "local may not know ssh",
                "ssh may not know config",
                "config may not know ssh",
            ]
            .into_iter()
            .chain(["engine may not know service", "attic"])
            .collect::<Vec<_>>(),
        );
    }

    #[test]
    fn another_layer_is_reached_through_its_facade() {
        let files = house(&[
            ("src/cli.rs", "use crate::service::present::Text;\nuse crate::service::present::text::deep;"),
            ("src/service.rs", "pub mod present;"),
            ("src/service/present.rs", "pub mod text;"),
            ("src/service/present/text.rs", "pub fn deep() {}"),
        ]);
        caught(&rules::upward(&files), &["cli.rs:2"]);
    }

    #[test]
    fn a_ring_is_seen_also_through_the_facade() {
        let files = house(&[
            ("src/config.rs", "mod a; mod b; mod c; pub use b::B; pub use a::thing as other;"),
            ("src/config/a.rs", "use super::B; fn x() {}"),
            ("src/config/b.rs", "pub struct B;"),
            ("src/config/b/inner.rs", "use crate::config::c::C;"),
            ("src/config/c.rs", "use super::other;\n#[cfg(test)] mod tests { use super::super::b::B; }"),
        ]);
        caught(&rules::rings(&files), &["a → b → c → a"]);
        let tree = house(&[
            ("src/config.rs", "mod a; mod b;"),
            ("src/config/a.rs", "use super::b::B; use self::part::P;"),
            ("src/config/a/part.rs", "use super::A; use super::super::b::B;"),
            ("src/config/b.rs", "pub struct B;"),
        ]);
        caught(&rules::rings(&tree), &[]);
    }

    #[test]
    fn a_fenced_crate_is_seen_outside() {
        let files = house(&[
            ("src/engine.rs", "use rustix::fs::open;\nfn f() { clap::Parser::parse(); }"),
            ("src/local/a.rs", "use rustix::fs::open;"),
            ("src/config/a.rs", "#[cfg(test)] mod tests { use tempfile::tempdir; }"),
            ("src/model/a.rs", "use tokio::net::TcpStream;\nuse std::fs::File;\nfn f() { Timestamp::now() }"),
            ("src/engine/machine/up.rs", "use tokio::time::Instant;"),
        ]);
        caught(&rules::fences(&files), &["rustix", "clap", "tokio", "std::fs", "now", "tokio"]);
    }

    #[test]
    fn files_and_words_are_watched() {
        let long = format!("//! x\n{}", "fn f() {}\n".repeat(601));
        let files = house(&[
            ("src/model/a.rs", "fn f() {}"),
            ("src/model/b.rs", &long),
            ("src/cli/utils.rs", "//! x"),
            ("src/cli/common/x.rs", "//! x"),
        ]);
        caught(&rules::files(&files), &["a.rs", "601", "utils", "common"]);
        let printing = house(&[
            ("src/cli/print.rs", "fn f() { println!(\"x\"); }"),
            ("src/cli/a.rs", "fn f() { eprintln!(\"x\") }\n// println!()\n#[test] fn g() { println!(\"x\") }"),
        ]);
        caught(&rules::printing(&printing), &["a.rs:1"]);
        let idle = house(&[
            ("tests/suite/a.rs", concat!("#[", "ignore = \"slow\"]\n#[test] fn f() {}")),
            ("tests/suite/b.rs", "use std::thread::sleep; fn f() { sleep(d) }"),
            ("src/model/c.rs", "#[cfg(test)] mod tests { fn f() { sleep(d).await } }\nfn g() { sleep(d) }"),
        ]);
        caught(&rules::idle_tests(&idle), &["a.rs:1", "b.rs:1", "c.rs:1"]);
        let allows = house(&[
            ("src/a.rs", "#[allow(dead_code)] fn f() {}"),
            ("src/b.rs", "#![cfg_attr(x, expect(y))]\n#[allow(z, reason = \"w\")] fn f() { x.expect(1) }"),
        ]);
        caught(&rules::allowances(&allows), &["a.rs", "b.rs:1"]);
    }

    #[test]
    fn a_dependency_without_a_reason_is_seen() {
        let manifest = "[package]\nname = \"x\"\n[dependencies]\n# Why.\na = \"1\"\nb = \"1\"\n\n[dev-dependencies]\nc = { v = 1 }\n";
        caught(&rules::dependencies(manifest), &["b", "c"]);
    }
}
