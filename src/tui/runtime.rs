//! The loop: wait, update, perform, draw if something changed. It decides nothing and knows no kind of terminal.

mod rhythm;

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use ratatui::Terminal;
use ratatui::backend::Backend;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout_at};

use super::action::Action;
use super::app::{App, Look};
use super::effect::Effect;
use super::input::Input;
use super::msg::Msg;
use super::{update, view};
use crate::model::Snapshot;
use crate::service::{Client, Reply};

pub use rhythm::Pace;
use rhythm::Rhythm;

/// A terminal that is asked for its background has answered by then, or is too far away to be waited for.
const ANSWERING: Duration = Duration::from_millis(150);
/// Keys that are typed ahead of a frame are taken together; more than that would hold the screen still.
const AHEAD: usize = 64;

/// What only the place where the screen is shown can do.
pub trait Surroundings {
    /// The wall clock.
    fn now(&self) -> Timestamp;

    /// A frame begins: what is written until its end is shown at once (synchronized update).
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    fn begin_frame(&mut self) -> io::Result<()>;

    /// A frame ends.
    ///
    /// # Errors
    /// As `begin_frame`.
    fn end_frame(&mut self) -> io::Result<()>;

    /// Copies text; says by which way, or gives the text back to be shown.
    ///
    /// # Errors
    /// The text itself, where no way leads to the person's clipboard.
    fn copy(&mut self, text: &str) -> Result<String, String>;

    /// Tells a person who looks elsewhere.
    fn notify(&mut self, words: &str);

    /// Gives the terminal to a command until it ends.
    fn run_client(&mut self, command: &str) -> impl Future<Output = io::Result<Result<(), String>>>;

    /// Stops the process until it is continued; false where nobody would continue it.
    fn suspend(&mut self) -> impl Future<Output = io::Result<bool>>;

    /// Switches mouse reporting.
    fn set_mouse(&mut self, on: bool);

    /// Asks the terminal for its background; the answer comes among the inputs, if one comes.
    fn ask_ground(&mut self);

    /// Takes the terminal again after someone else may have changed it.
    ///
    /// # Errors
    /// When the terminal cannot be taken.
    fn retake(&mut self) -> io::Result<()>;
}

/// Runs the screen until the person leaves.
///
/// # Errors
/// When the terminal cannot be written to.
pub async fn run<B>(
    terminal: &mut Terminal<B>,
    mut inputs: mpsc::Receiver<Input>,
    client: Client,
    look: Look,
    pace: Pace,
    around: &mut impl Surroundings,
) -> io::Result<()>
where
    B: Backend,
    B::Error: Into<io::Error>,
{
    let size = terminal.size().map_err(Into::into)?;
    let mut app = App::new(look, (size.width, size.height), around.now());
    let client = Arc::new(client);
    let mut snapshots = client.snapshots();
    let mut effects = update::begin(&mut app);
    // Who attached has the state already, and nothing may change for hours.
    let first = Arc::clone(&snapshots.borrow_and_update());
    if first.service.is_some() {
        effects.extend(update::update(&mut app, Msg::Snapshot(first), around.now()));
    }
    // A request's end; bounded by the requests that a person can press.
    let (ends, mut ended) = mpsc::channel(64);
    if !perform(effects, &mut app, terminal, &client, &ends, around).await? {
        return Ok(());
    }
    let answered = Instant::now() + ANSWERING;
    while update::waits(&app) {
        let Ok(Some(input)) = timeout_at(answered, inputs.recv()).await else { break };
        if !take(Msg::Input(input), &mut snapshots, &mut app, terminal, &client, &ends, around).await? {
            return Ok(());
        }
    }
    let mut rhythm = Rhythm::new(pace);
    clear(terminal)?;
    rhythm.wrote(draw(terminal, &app, around)?);
    let (mut drawn, mut dirty, mut urgent, mut alive) = (Instant::now(), false, false, true);
    loop {
        let due = match (urgent, dirty) {
            (true, _) => rhythm.answer(),
            (false, true) => rhythm.data(),
            (false, false) => rhythm.idle(),
        };
        let (msg, at_once) = tokio::select! {
            input = inputs.recv() => (Msg::Input(input.unwrap_or(Input::Closed)), true),
            Some(msg) = ended.recv() => (msg, true),
            changed = snapshots.changed(), if alive => match changed {
                Ok(()) => (Msg::Snapshot(Arc::clone(&snapshots.borrow_and_update())), false),
                Err(_) => { alive = false; (Msg::Gone, true) }
            },
            () = tokio::time::sleep_until(drawn + due) => {
                if !dirty && !take(Msg::Tick, &mut snapshots, &mut app, terminal, &client, &ends, around).await? {
                    return Ok(());
                }
                rhythm.wrote(draw(terminal, &app, around)?);
                (drawn, dirty, urgent) = (Instant::now(), false, false);
                continue;
            }
        };
        (dirty, urgent) = (true, urgent || at_once);
        if !take(msg, &mut snapshots, &mut app, terminal, &client, &ends, around).await? {
            return Ok(());
        }
        // What was typed ahead, or a storm of sizes, is one frame.
        for _ in 0..AHEAD {
            let Ok(input) = inputs.try_recv() else { break };
            urgent = true;
            if !take(Msg::Input(input), &mut snapshots, &mut app, terminal, &client, &ends, around).await? {
                return Ok(());
            }
        }
        if urgent && rhythm.answer().is_zero() {
            rhythm.wrote(draw(terminal, &app, around)?);
            (drawn, dirty, urgent) = (Instant::now(), false, false);
        }
    }
}

/// A reply is read with the state that it made, which may still be on its way to us.
fn state_before(msg: &Msg, snapshots: &mut watch::Receiver<Arc<Snapshot>>) -> Option<Msg> {
    let is_reply = matches!(msg, Msg::Told { .. } | Msg::Replied { .. } | Msg::Refused { .. });
    let newer = is_reply && snapshots.has_changed().unwrap_or(false);
    newer.then(|| Msg::Snapshot(Arc::clone(&snapshots.borrow_and_update())))
}

/// Takes what happened, and does what is asked for; false when the person leaves.
async fn take<B>(
    msg: Msg,
    snapshots: &mut watch::Receiver<Arc<Snapshot>>,
    app: &mut App,
    terminal: &mut Terminal<B>,
    client: &Arc<Client>,
    ends: &mpsc::Sender<Msg>,
    around: &mut impl Surroundings,
) -> io::Result<bool>
where
    B: Backend,
    B::Error: Into<io::Error>,
{
    if let Msg::Input(Input::Redraw) = msg {
        around.retake()?;
        clear(terminal)?;
    }
    if let Msg::Input(Input::Resize(..)) = msg {
        // A terminal that was made smaller and larger again has lost what stood there, and its size is what it was.
        clear(terminal)?;
    }
    let before = state_before(&msg, snapshots).map(|state| update::update(app, state, around.now()));
    let mut effects = before.unwrap_or_default();
    effects.extend(update::update(app, msg, around.now()));
    perform(effects, app, terminal, client, ends, around).await
}

/// Does what is asked for and whatever that leads to; false when the person leaves.
async fn perform<B>(
    effects: Vec<Effect>,
    app: &mut App,
    terminal: &mut Terminal<B>,
    client: &Arc<Client>,
    ends: &mpsc::Sender<Msg>,
    around: &mut impl Surroundings,
) -> io::Result<bool>
where
    B: Backend,
    B::Error: Into<io::Error>,
{
    let mut queue = VecDeque::from(effects);
    while let Some(effect) = queue.pop_front() {
        match effect {
            Effect::Quit => return Ok(false),
            Effect::Request { request, about } => {
                let (client, ends) = (Arc::clone(client), ends.clone());
                let is_told = update::is_told(&request);
                tokio::spawn(async move {
                    let end = match client.request(request).await {
                        Ok(reply @ Reply::Done) if is_told => Msg::Replied { about, reply },
                        Ok(Reply::Refused { message, .. }) => Msg::Refused { about, why: message },
                        Ok(Reply::Done | Reply::Status { .. } | Reply::Journal { .. } | Reply::HandOff { .. }) => {
                            return;
                        }
                        Ok(
                            reply @ (Reply::Saved { .. }
                            | Reply::Explained { .. }
                            | Reply::Undone { .. }
                            | Reply::Key { .. }
                            | Reply::KeyLook { .. }),
                        ) => Msg::Replied { about, reply },
                        Err(error) => Msg::Refused { about, why: error.to_string() },
                    };
                    // A screen that is gone needs no news.
                    let _ = ends.send(end).await;
                });
            }
            Effect::Ask { id, request } => {
                let (client, ends) = (Arc::clone(client), ends.clone());
                tokio::spawn(async move {
                    let outcome = client.request(request).await.map_err(|error| error.to_string());
                    // As above.
                    let _ = ends.send(Msg::Told { id, outcome }).await;
                });
            }
            Effect::Copy { text, what } => {
                let outcome = around.copy(&text);
                queue.extend(update::update(app, Msg::Copied { what, outcome }, around.now()));
            }
            Effect::Notify { words } => around.notify(&words),
            Effect::RunClient { command } => {
                let outcome = around.run_client(&command).await?;
                clear(terminal)?;
                queue.extend(update::update(app, Msg::ClientEnded(outcome), around.now()));
            }
            Effect::Suspend => {
                let stopped = around.suspend().await?;
                clear(terminal)?;
                if !stopped {
                    let about = Action::Suspend.id().to_owned();
                    let why = "no shell waits behind this screen; q leaves it".to_owned();
                    queue.extend(update::update(app, Msg::Refused { about, why }, around.now()));
                }
            }
            Effect::Mouse(on) => around.set_mouse(on),
            Effect::AskGround => around.ask_ground(),
        }
    }
    Ok(true)
}

/// Forgets what is on the screen, so that all of it is drawn again. Unlike ratatui's own `clear` it does not ask the terminal where
/// its cursor is: some never answer, and the answer would have to get past whoever reads the keys.
fn clear<B>(terminal: &mut Terminal<B>) -> io::Result<()>
where
    B: Backend,
    B::Error: Into<io::Error>,
{
    let size = terminal.size().map_err(Into::into)?;
    terminal.resize(size.into()).map_err(Into::into)
}

/// Draws a frame; says how long the line took to take it.
fn draw<B>(terminal: &mut Terminal<B>, app: &App, around: &mut impl Surroundings) -> io::Result<Duration>
where
    B: Backend,
    B::Error: Into<io::Error>,
{
    let begun = std::time::Instant::now();
    around.begin_frame()?;
    let drawn = terminal.draw(|frame| view::draw(frame, app)).map(|_| ()).map_err(Into::into);
    around.end_frame()?;
    drawn.map(|()| begun.elapsed())
}

#[cfg(test)]
mod tests;
