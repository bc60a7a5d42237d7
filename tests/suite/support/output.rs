//! Runs a program to its end, with a deadline and both streams caught. It judges nothing.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::wait::wait_for;

/// Longest that any command of the suites may take.
const LIMIT: Duration = Duration::from_secs(120);

/// How a program ended and what it said.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    /// The exit code; 128 and the signal's number where a signal ended it.
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Output {
    /// The output, where the program ended with this code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// Stdout as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        match serde_json::from_str(&self.stdout) {
            Ok(value) => value,
            Err(error) => panic!("not JSON ({error}): {:?}\nstderr: {}", self.stdout, self.stderr),
        }
    }
}

/// A program that must be installed, run to its end; both streams caught.
#[track_caller]
pub(crate) fn tool(program: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(arguments);
    finish(command, "")
}

/// Runs a prepared command to its end.
#[track_caller]
pub(crate) fn finish(mut command: Command, input: &str) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn();
    match child {
        Ok(child) => collect(child, input, &format!("{command:?}")),
        Err(error) => panic!("cannot run {command:?}: {error}"),
    }
}

/// Waits for a child with piped streams.
#[track_caller]
pub(crate) fn collect(mut child: Child, input: &str, shown: &str) -> Output {
    let stdin = child.stdin.take();
    let input = input.to_owned();
    let feeding = std::thread::spawn(move || stdin.map(|mut pipe| pipe.write_all(input.as_bytes())));
    let stdout = reader(child.stdout.take());
    let stderr = reader(child.stderr.take());
    let Some(status) = wait_for(LIMIT, || child.try_wait().unwrap()) else {
        child.kill().unwrap();
        child.wait().unwrap();
        panic!("{shown} did not end in {LIMIT:?}");
    };
    let _fed = feeding.join().unwrap();
    let text = |(receiver, name): (std::sync::mpsc::Receiver<Vec<u8>>, &str)| match receiver.recv_timeout(LIMIT) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => panic!("{shown} ended, but something still holds its {name} open"),
    };
    let (stdout, stderr) = (text((stdout, "stdout")), text((stderr, "stderr")));
    let signal = std::os::unix::process::ExitStatusExt::signal(&status).unwrap_or(0);
    Output { code: status.code().unwrap_or(128 + signal), stdout, stderr }
}

fn reader<R: Read + Send + 'static>(pipe: Option<R>) -> std::sync::mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _read = pipe.map(|mut pipe| pipe.read_to_end(&mut bytes));
        sender.send(bytes)
    });
    receiver
}
