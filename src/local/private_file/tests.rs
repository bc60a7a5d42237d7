//! Files against what may lie in their way. Those that depend on the umask run this test binary again under another
//! one.

use std::os::unix::fs::{chown, symlink};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::*;

const LIMIT: u64 = 1 << 20;

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn plant(path: &Path, content: &str, with: u32) {
    // A read-only one could not be written again.
    let _ = fs::remove_file(path);
    fs::write(path, content).unwrap();
    chmod(path, with);
}

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn cause<T: std::fmt::Debug>(result: Result<T, FileError>) -> Cause {
    result.unwrap_err().cause
}

/// Leaves only the folders and files that were expected: no temporary file stays behind.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Runs one test of this binary in a process that `sh` prepared. By itself such a test does nothing.
fn again(preparation: &str, test: &str, folder: &Path) -> String {
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!("{preparation}; exec \"$0\" --exact local::private_file::tests::{test} --nocapture"))
        .arg(std::env::current_exe().unwrap())
        .env("ADIT_TEST_FOLDER", folder)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{preparation}: {text}");
    text
}

fn given_folder() -> Option<PathBuf> {
    std::env::var_os("ADIT_TEST_FOLDER").map(PathBuf::from)
}

#[test]
fn modes_do_not_depend_on_the_umask() {
    for umask in ["000", "022", "077", "277", "777"] {
        let home = TempDir::new().unwrap();
        again(&format!("umask {umask}"), "makes_one_of_each", home.path());
        let at = |name: &str| home.path().join(name);
        for (name, expected) in [
            ("new", 0o600),
            ("public", 0o644),
            ("replaced", 0o600),
            ("was-open", 0o600),
            ("log", 0o600),
            ("lock", 0o600),
            ("deep", 0o700),
            ("deep/down", 0o700),
            ("safe", 0o700),
        ] {
            assert_eq!(mode(&at(name)), expected, "{name} under umask {umask}");
        }
        assert_eq!(names(home.path()).len(), 8);
    }
}

#[test]
fn makes_one_of_each() {
    let Some(home) = given_folder() else { return };
    let at = |name: &str| home.join(name);
    create_new(&at("new"), b"x", 0o600).unwrap();
    create_new(&at("public"), b"x", 0o644).unwrap();
    replace(&at("replaced"), b"x").unwrap();
    plant(&at("was-open"), "y", 0o666);
    replace(&at("was-open"), b"x").unwrap();
    append_private(&at("log")).unwrap().write_all(b"x").unwrap();
    lock(&at("lock"), Duration::ZERO).unwrap();
    make_private_dir(&at("deep/down")).unwrap();
    make_safe_dir(&at("safe")).unwrap();
}

#[test]
fn reading_refuses_what_is_no_file_without_waiting() {
    let home = TempDir::new().unwrap();
    let at = |name: &str| home.path().join(name);
    fifo(&at("fifo"));
    fs::create_dir(at("folder")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    symlink("fifo", at("to-fifo")).unwrap();
    symlink("loop", at("loop")).unwrap();
    for name in ["fifo", "folder", "socket", "to-fifo"] {
        assert_eq!(cause(read(&at(name), LIMIT)), Cause::NotRegular, "{name}");
    }
    assert_eq!(cause(read(&at("absent"), LIMIT)), Cause::Missing);
    assert_eq!(cause(read(&at("loop"), LIMIT)), Cause::Link);
    assert_eq!(cause(read(Path::new("/dev/zero"), LIMIT)), Cause::NotRegular);
    plant(&at("file"), "four", 0o644);
    assert_eq!(read(&at("file"), 4).unwrap(), b"four");
    assert_eq!(cause(read(&at("file"), 3)), Cause::TooLarge { limit: 3 });
    assert_eq!(cause(read(&at("file/below"), 3)), Cause::NotFolder);
    // Files that claim to be empty and are not.
    assert!(!read(Path::new("/proc/self/status"), LIMIT).unwrap_or_else(|_| vec![1]).is_empty());
    assert_eq!(cause(read(Path::new("/proc/self/status"), 10)), Cause::TooLarge { limit: 10 });
}

#[test]
fn reading_checks_modes_as_far_as_the_content_needs() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("file");
    for (with, trusted, private) in [
        (0o600, true, true),
        (0o400, true, true),
        (0o644, true, false),
        (0o640, true, false),
        (0o604, true, false),
        (0o620, false, false),
        (0o602, false, false),
        (0o666, false, false),
    ] {
        plant(&file, "x", with);
        assert!(read(&file, LIMIT).is_ok());
        assert_eq!(read_trusted(&file, LIMIT).is_ok(), trusted, "{with:o}");
        assert_eq!(read_private(&file, LIMIT).is_ok(), private, "{with:o}");
    }
    assert_eq!(
        read_private(&file, LIMIT).unwrap_err().to_string(),
        format!("cannot read {0}: it is open to others (mode 0666); run: chmod 600 {0}", file.display())
    );
    assert_eq!(
        read_trusted(&file, LIMIT).unwrap_err().to_string(),
        format!("cannot read {0}: others may write to it (mode 0666); run: chmod go-w {0}", file.display())
    );
}

#[test]
fn foreign_files_and_folders_are_refused() {
    let home = TempDir::new().unwrap();
    let at = |name: &str| home.path().join(name);
    plant(&at("file"), "x", 0o600);
    fs::create_dir(at("folder")).unwrap();
    chmod(&at("folder"), 0o700);
    fs::create_dir(at("own")).unwrap();
    chmod(&at("own"), 0o700);
    symlink("own", at("link")).unwrap();
    // Only root can give files away.
    if own_uid() != 0 {
        return;
    }
    let foreign = Cause::ForeignOwner { uid: 54_321 };
    for name in ["file", "folder"] {
        chown(at(name), Some(54_321), None).unwrap();
    }
    std::os::unix::fs::lchown(at("link"), Some(54_321), None).unwrap();
    assert_eq!(cause(read_private(&at("file"), LIMIT)), foreign);
    assert_eq!(cause(read_trusted(&at("file"), LIMIT)), foreign);
    assert_eq!(cause(append_private(&at("file"))), foreign);
    assert_eq!(cause(try_lock(&at("file"))), foreign);
    assert_eq!(cause(replace(&at("file"), b"y")), foreign);
    assert_eq!(cause(make_private_dir(&at("folder"))), foreign);
    assert_eq!(cause(make_safe_dir(&at("folder"))), foreign);
    // Somebody else's link to a folder of ours.
    assert_eq!(cause(make_private_dir(&at("link"))), foreign);
    assert_eq!(fs::read(at("file")).unwrap(), b"x");
}

#[test]
fn replacing_is_whole_private_and_follows_only_links() {
    let home = TempDir::new().unwrap();
    let at = |name: &str| home.path().join(name);
    fs::create_dir(at("dotfiles")).unwrap();
    plant(&at("dotfiles/config"), "old", 0o644);
    symlink("dotfiles/config", at("one")).unwrap();
    symlink(at("one"), at("two")).unwrap();
    replace(&at("two"), b"new").unwrap();
    assert!(fs::symlink_metadata(at("two")).unwrap().is_symlink());
    assert_eq!(fs::read(at("dotfiles/config")).unwrap(), b"new");
    assert_eq!(mode(&at("dotfiles/config")), 0o600);
    // A link to nothing yet is where the file belongs.
    symlink("dotfiles/absent", at("dangling")).unwrap();
    replace(&at("dangling"), b"new").unwrap();
    assert_eq!(fs::read(at("dotfiles/absent")).unwrap(), b"new");
    // The file's second name keeps the old content.
    plant(&at("file"), "old", 0o600);
    fs::hard_link(at("file"), at("other")).unwrap();
    replace(&at("file"), b"new").unwrap();
    assert_eq!(fs::read(at("other")).unwrap(), b"old");
    assert_eq!(names(&at("dotfiles")), ["absent", "config"]);

    fifo(&at("fifo"));
    symlink("loop", at("loop")).unwrap();
    assert_eq!(cause(replace(&at("fifo"), b"x")), Cause::NotRegular);
    assert_eq!(cause(replace(&at("dotfiles"), b"x")), Cause::NotRegular);
    assert_eq!(cause(replace(&at("loop"), b"x")), Cause::Link);
    assert_eq!(cause(replace(&at("no/such/folder"), b"x")), Cause::Missing);
}

#[test]
fn making_never_overwrites_nor_follows() {
    let home = TempDir::new().unwrap();
    let at = |name: &str| home.path().join(name);
    plant(&at("file"), "old", 0o644);
    symlink("absent", at("dangling")).unwrap();
    fifo(&at("fifo"));
    for name in ["file", "dangling", "fifo"] {
        assert_eq!(cause(create_new(&at(name), b"x", 0o600)), Cause::Exists, "{name}");
    }
    assert_eq!(fs::read(at("file")).unwrap(), b"old");
    assert_eq!(mode(&at("file")), 0o644);
    assert_eq!(names(home.path()), ["dangling", "fifo", "file"]);
}

#[test]
fn of_many_makers_one_wins_and_its_file_is_whole() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("key");
    let content = |n: u8| vec![n; 4096];
    let won = std::thread::scope(|scope| {
        let makers: Vec<_> = (0..8_u8)
            .map(|n| {
                let path = &path;
                scope.spawn(move || create_new(path, &content(n), 0o600).is_ok())
            })
            .collect();
        makers.into_iter().map(|maker| maker.join().unwrap()).collect::<Vec<_>>()
    });
    let winner = won.iter().position(|won| *won).unwrap();
    assert_eq!(won.iter().filter(|won| **won).count(), 1);
    assert_eq!(fs::read(&path).unwrap(), content(u8::try_from(winner).unwrap()));
    assert_eq!(names(home.path()), ["key"]);
}

#[test]
fn appending_and_locking_refuse_planted_objects() {
    let home = TempDir::new().unwrap();
    let at = |name: &str| home.path().join(name);
    plant(&at("file"), "", 0o600);
    symlink("file", at("link")).unwrap();
    fifo(&at("fifo"));
    chmod(&at("fifo"), 0o600);
    plant(&at("open"), "", 0o644);
    plant(&at("twin"), "", 0o600);
    fs::hard_link(at("twin"), at("other")).unwrap();
    for (name, expected) in [
        ("link", Cause::Link),
        ("fifo", Cause::NotRegular),
        ("open", Cause::OpenToOthers { mode: 0o644 }),
        ("twin", Cause::ManyNames { names: 2 }),
    ] {
        assert_eq!(cause(append_private(&at(name))), expected, "{name}");
        assert_eq!(cause(try_lock(&at(name))), expected, "{name}");
    }
    for _ in 0..2 {
        append_private(&at("file")).unwrap().write_all(b"line\n").unwrap();
    }
    assert_eq!(fs::read(at("file")).unwrap(), b"line\nline\n");
}

#[test]
fn folders_are_checked_as_strictly_as_told() {
    let home = TempDir::new().unwrap();
    let folder = home.path().join("folder");
    fs::create_dir(&folder).unwrap();
    for (with, private, safe) in
        [(0o700, true, true), (0o755, false, true), (0o750, false, true), (0o770, false, false), (0o777, false, false)]
    {
        chmod(&folder, with);
        assert_eq!(make_private_dir(&folder).is_ok(), private, "{with:o}");
        assert_eq!(make_safe_dir(&folder).is_ok(), safe, "{with:o}");
        assert_eq!(mode(&folder), with);
    }
    assert_eq!(
        make_private_dir(&folder).unwrap_err().to_string(),
        format!("cannot use the folder {0}: it is open to others (mode 0777); run: chmod 700 {0}", folder.display())
    );
    plant(&home.path().join("file"), "", 0o600);
    assert_eq!(cause(make_private_dir(&home.path().join("file"))), Cause::NotFolder);
    // A link of our own to a folder of our own is how people move folders to another disk.
    symlink("folder", home.path().join("link")).unwrap();
    chmod(&folder, 0o700);
    assert!(make_private_dir(&home.path().join("link")).is_ok());
}

#[test]
fn a_lock_is_held_once_and_let_go_when_dropped() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("it's a lock");
    let held = try_lock(&path).unwrap().unwrap();
    assert!(try_lock(&path).unwrap().is_none());
    let start = Instant::now();
    let refused = lock(&path, Duration::from_millis(30)).unwrap_err();
    assert!(start.elapsed() >= Duration::from_millis(30));
    assert_eq!(refused.to_string(), format!("cannot lock {}: another process is using it", path.display()));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| lock(&path, Duration::from_secs(20)));
        drop(held);
        assert!(waiting.join().unwrap().is_ok());
    });
    // A program that another test is starting holds a copy of the lock until it begins to run.
    assert!(lock(&path, Duration::from_secs(20)).is_ok());
    assert_eq!(names(home.path()), ["it's a lock"]);
}

#[test]
fn hints_quote_what_a_shell_would_split() {
    let error = FileError::new(Path::new("/a b/it's"), READ, Cause::OpenToOthers { mode: 0o644 });
    assert_eq!(error.command().as_deref(), Some(r"chmod 600 '/a b/it'\''s'"));
}

/// A write cut short by the file-size limit fails as one on a full disk does.
#[test]
fn a_write_that_fails_half_way_leaves_the_old_file() {
    let home = TempDir::new().unwrap();
    plant(&home.path().join("file"), "old", 0o600);
    again("trap '' XFSZ; ulimit -f 8", "writes_too_much", home.path());
    assert_eq!(fs::read(home.path().join("file")).unwrap(), b"old");
    assert_eq!(names(home.path()), ["file"]);
}

#[test]
fn writes_too_much() {
    let Some(home) = given_folder() else { return };
    let bytes = vec![b'x'; 64 << 10];
    assert!(matches!(cause(replace(&home.join("file"), &bytes)), Cause::Io(..)));
    assert!(matches!(cause(create_new(&home.join("new"), &bytes, 0o600)), Cause::Io(..)));
}

/// A small file system in memory, where we may mount one.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs"])
            .arg(folder.path())
            .output()
            .is_ok_and(|output| output.status.success());
        mounted.then(|| Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_leaves_the_old_file_and_says_so() {
    let Some(disk) = SmallDisk::mount() else { return };
    let file = disk.0.path().join("file");
    plant(&file, "old", 0o600);
    let bytes = vec![b'x'; 256 << 10];
    let refused = replace(&file, &bytes).unwrap_err();
    assert_eq!(refused.cause, Cause::Full);
    assert_eq!(
        refused.to_string(),
        format!("cannot write {}: no space is left on the disk; nothing was changed", file.display())
    );
    assert_eq!(cause(create_new(&disk.0.path().join("new"), &bytes, 0o600)), Cause::Full);
    assert_eq!(fs::read(&file).unwrap(), b"old");
    assert_eq!(names(disk.0.path()), ["file"]);
}
