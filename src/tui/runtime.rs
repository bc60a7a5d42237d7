//! The loop: wait, update, perform, draw if something changed. It decides nothing and knows no kind of terminal.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use ratatui::Terminal;
use ratatui::backend::Backend;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::action::Action;
use super::app::{App, Look};
use super::effect::Effect;
use super::input::Input;
use super::msg::Msg;
use super::{update, view};
use crate::model::Snapshot;
use crate::service::{Client, Reply};

/// How often the screen may change by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Data ten times a second, ages once a second.
    AtHand,
    /// Over SSH: data twice a second, ages once in five.
    FarAway,
}

impl Pace {
    fn data(self) -> Duration {
        Duration::from_millis(match self {
            Self::AtHand => 100,
            Self::FarAway => 500,
        })
    }

    fn idle(self) -> Duration {
        Duration::from_secs(match self {
            Self::AtHand => 1,
            Self::FarAway => 5,
        })
    }
}

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

    /// Gives the terminal to a command until it ends.
    fn run_client(&mut self, command: &str) -> impl Future<Output = io::Result<Result<(), String>>>;

    /// Stops the process until it is continued; false where nobody would continue it.
    fn suspend(&mut self) -> impl Future<Output = io::Result<bool>>;

    /// Switches mouse reporting.
    fn set_mouse(&mut self, on: bool);

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
    // Who attached has the state already, and nothing may change for hours.
    let first = Arc::clone(&snapshots.borrow_and_update());
    if first.service.is_some() {
        update::update(&mut app, Msg::Snapshot(first), around.now());
    }
    // A request's end; bounded by the requests that a person can press.
    let (ends, mut ended) = mpsc::channel(64);
    let mut drawn = Instant::now();
    clear(terminal)?;
    draw(terminal, &app, around)?;
    let mut dirty = false;
    let mut alive = true;
    loop {
        let idle = drawn + pace.idle();
        let due = if dirty { drawn + pace.data() } else { idle };
        let (msg, at_once) = tokio::select! {
            input = inputs.recv() => (Msg::Input(input.unwrap_or(Input::Closed)), true),
            Some(msg) = ended.recv() => (msg, true),
            changed = snapshots.changed(), if alive => match changed {
                Ok(()) => (Msg::Snapshot(Arc::clone(&snapshots.borrow_and_update())), false),
                Err(_) => { alive = false; (Msg::Gone, true) }
            },
            () = tokio::time::sleep_until(due) => {
                if !dirty {
                    update::update(&mut app, Msg::Tick, around.now());
                }
                draw(terminal, &app, around)?;
                (drawn, dirty) = (Instant::now(), false);
                continue;
            }
        };
        dirty = true;
        if let Msg::Input(Input::Redraw) = msg {
            around.retake()?;
            clear(terminal)?;
        }
        if let Msg::Input(Input::Resize(..)) = msg {
            terminal.autoresize().map_err(Into::into)?;
        }
        let before = state_before(&msg, &mut snapshots).map(|state| update::update(&mut app, state, around.now()));
        let mut effects = before.unwrap_or_default();
        effects.extend(update::update(&mut app, msg, around.now()));
        if !perform(effects, &mut app, terminal, &client, &ends, around).await? {
            return Ok(());
        }
        if at_once {
            draw(terminal, &app, around)?;
            (drawn, dirty) = (Instant::now(), false);
        }
    }
}

/// A reply is read with the state that it made, which may still be on its way to us.
fn state_before(msg: &Msg, snapshots: &mut watch::Receiver<Arc<Snapshot>>) -> Option<Msg> {
    let is_reply = matches!(msg, Msg::Told { .. } | Msg::Replied { .. } | Msg::Refused { .. });
    let newer = is_reply && snapshots.has_changed().unwrap_or(false);
    newer.then(|| Msg::Snapshot(Arc::clone(&snapshots.borrow_and_update())))
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

fn draw<B>(terminal: &mut Terminal<B>, app: &App, around: &mut impl Surroundings) -> io::Result<()>
where
    B: Backend,
    B::Error: Into<io::Error>,
{
    around.begin_frame()?;
    let drawn = terminal.draw(|frame| view::draw(frame, app)).map(|_| ()).map_err(Into::into);
    around.end_frame()?;
    drawn
}
