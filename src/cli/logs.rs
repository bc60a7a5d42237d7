//! `adit logs`: the end of the background service's log, and what is added to it.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use clap::Args;

use super::context::Context;
use super::failure::{DONE, Outcome, Stop};
use super::print;
use crate::local::private_file::{self, Cause, FileError};
use crate::service::present::document;
use crate::service::{log_path, old_log_path};

/// No log grows longer: the service puts it aside well before.
const LONGEST: u64 = 64 << 20;

/// Pause between two looks at a log that is followed.
const BREATH: Duration = Duration::from_millis(200);

/// Arguments of `logs`.
#[derive(Debug, Args)]
pub(super) struct Logs {
    /// How many lines
    #[arg(short = 'n', long = "lines", value_name = "N", default_value_t = 50)]
    lines: usize,
    /// Stay, and print what is added
    #[arg(short, long)]
    follow: bool,
}

/// Runs it.
pub(super) async fn run(context: &Context, logs: Logs) -> Outcome {
    let folder = &context.paths.log;
    let path = log_path(folder);
    let current = read(&path)?;
    let mut position = Position::after(&path, current.as_deref().map_or(0, str::len) as u64);
    let text = match current {
        Some(text) if text.lines().count() < logs.lines => read(&old_log_path(folder))?.unwrap_or_default() + &text,
        Some(text) => text,
        None => {
            print::words(&format!("adit: there is no log yet at {}", path.display()));
            String::new()
        }
    };
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.get(lines.len().saturating_sub(logs.lines)..).unwrap_or_default();
    if context.json && !logs.follow {
        let list: Vec<serde_json::Value> = last.iter().map(|&line| line.into()).collect();
        print::data(&document([("lines", list.into())]))?;
    } else {
        show(context, last.iter().copied())?;
    }
    if !logs.follow {
        return Ok(DONE);
    }
    loop {
        tokio::select! {
            () = tokio::time::sleep(BREATH) => {}
            () = print::reader_gone() => return Err(Stop::PipeClosed),
        }
        let added = position.added(&path)?;
        show(context, added.lines())?;
    }
}

fn show<'a>(context: &Context, lines: impl Iterator<Item = &'a str>) -> Result<(), Stop> {
    for line in lines {
        if context.json { print::data(&document([("line", line.into())])) } else { print::data(line) }?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<Option<String>, Stop> {
    match private_file::read(path, LONGEST) {
        Ok(bytes) => Ok(Some(whole_lines(&bytes))),
        Err(FileError { cause: Cause::Missing, .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Up to the last line's end: the service may be writing the next one.
fn whole_lines(bytes: &[u8]) -> String {
    let end = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned()
}

/// How far a log was read, and which file that was.
struct Position {
    inode: u64,
    offset: u64,
}

impl Position {
    fn after(path: &Path, offset: u64) -> Self {
        Self { inode: std::fs::metadata(path).map_or(0, |found| found.ino()), offset }
    }

    /// What was added since; a log that was put aside is begun anew.
    fn added(&mut self, path: &Path) -> Result<String, Stop> {
        let failed = |error: std::io::Error| Stop::fault(format!("cannot read {}: {error}", path.display()));
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(String::new()),
            Err(error) => return Err(failed(error)),
        };
        let found = file.metadata().map_err(failed)?;
        if found.ino() != self.inode || found.len() < self.offset {
            *self = Self { inode: found.ino(), offset: 0 };
        }
        file.seek(SeekFrom::Start(self.offset)).map_err(failed)?;
        let mut bytes = Vec::new();
        file.take(LONGEST).read_to_end(&mut bytes).map_err(failed)?;
        let end = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        self.offset += end as u64;
        Ok(whole_lines(&bytes))
    }
}
