//! A disk that is full while something is saved: a sentence, a code, and the old file as it was.

use std::path::PathBuf;

use crate::support::output::finish;
use crate::support::{Adit, tool};

/// A small file system of its own, unmounted in the end. Only root may mount; others have no such test.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(adit: &Adit) -> Option<Self> {
        let place = adit.user_home().join("small");
        std::fs::create_dir(&place).unwrap();
        let mounted = tool("mount", &["-t", "tmpfs", "-o", "size=256k,mode=0700", "none", place.to_str().unwrap()]);
        (mounted.code == 0).then_some(Self(place))
    }

    fn fill(&self) {
        let junk = self.0.join("junk");
        // Ends when the disk is full; that is what it is for.
        let _full = std::fs::write(&junk, vec![0; 200_000]);
        let mut file = std::fs::OpenOptions::new().append(true).open(&junk).unwrap();
        while std::io::Write::write(&mut file, &[0; 512]).is_ok_and(|n| n > 0) {}
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        tool("umount", &["-l", self.0.to_str().unwrap()]);
    }
}

#[test]
fn a_full_disk_loses_nothing() {
    let adit = Adit::new();
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let Some(disk) = SmallDisk::mount(&adit) else { return };
    let home = disk.0.join("h");
    let run = |words: &[&str]| {
        let mut command = adit.bare_command();
        command.arg("--home").arg(&home).args(words);
        finish(command, "")
    };
    run(&["bastion", "add", "prod", "--host", "h", "--user", "u"]).expect(0);
    run(&["tunnel", "add", "t", "--bastion", "prod", "--database", "redis", "--host", "h"]).expect(0);
    let before = std::fs::read_to_string(home.join("config.toml")).unwrap();
    disk.fill();
    let edit = run(&["tunnel", "edit", "t", "--dbname", "3"]);
    assert!(matches!(edit.code, 1 | 2), "{edit:?}");
    assert!(edit.stderr.contains("config.toml") || edit.stderr.contains("space"), "{}", edit.stderr);
    assert_eq!(std::fs::read_to_string(home.join("config.toml")).unwrap(), before);
    let key = run(&["key", "new", "k"]);
    assert!(matches!(key.code, 1 | 2), "{key:?}");
    assert!(!home.join("keys/k").exists(), "no half a key");
    let left: Vec<_> = std::fs::read_dir(home.join("keys")).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left.len(), 2, "nothing temporary stays: {left:?}");
    std::fs::remove_file(disk.0.join("junk")).unwrap();
    run(&["tunnel", "edit", "t", "--dbname", "3"]).expect(0);
    run(&["key", "new", "k"]).expect(0);
}
