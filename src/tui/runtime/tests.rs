//! The loop on a line that takes long for a frame, and before its service is there.

use std::sync::atomic::{AtomicU32, Ordering};

use ratatui::backend::{ClearType, TestBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

use super::*;
use crate::service::{Hello, early};
use crate::tui::theme::{DEFAULT, Themes};

/// A grid of cells at the end of a line.
struct Grid(TestBackend);

/// What a grid of cells cannot say, said as a line would.
fn sent<T>(outcome: Result<T, std::convert::Infallible>) -> io::Result<T> {
    outcome.map_err(|never| match never {})
}

impl Backend for Grid {
    type Error = io::Error;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, content: I) -> io::Result<()> {
        sent(self.0.draw(content))
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        sent(self.0.hide_cursor())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        sent(self.0.show_cursor())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        sent(self.0.get_cursor_position())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        sent(self.0.set_cursor_position(position))
    }

    fn clear(&mut self) -> io::Result<()> {
        sent(self.0.clear())
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        sent(self.0.clear_region(clear_type))
    }

    fn size(&self) -> io::Result<Size> {
        sent(self.0.size())
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        sent(self.0.window_size())
    }

    fn flush(&mut self) -> io::Result<()> {
        sent(self.0.flush())
    }
}

/// A place that takes so long for each frame.
struct Place {
    took: Duration,
    frames: Arc<AtomicU32>,
}

impl Surroundings for Place {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn begin_frame(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn end_frame(&mut self) -> io::Result<()> {
        self.frames.fetch_add(1, Ordering::SeqCst);
        // What a write to a full line does to its thread.
        let (_line, room) = std::sync::mpsc::channel::<()>();
        let _ = room.recv_timeout(self.took);
        Ok(())
    }

    fn copy(&mut self, text: &str) -> Result<String, String> {
        Err(text.to_owned())
    }

    async fn run_client(&mut self, _: &str) -> io::Result<Result<(), String>> {
        Ok(Ok(()))
    }

    async fn suspend(&mut self) -> io::Result<bool> {
        Ok(false)
    }

    fn set_mouse(&mut self, _: bool) {}

    fn ask_ground(&mut self) {}

    fn notify(&mut self, _: &str) {}

    fn retake(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn look() -> Look {
    let zone = jiff::tz::TimeZone::UTC;
    let theme = DEFAULT.to_owned();
    let notify = crate::model::Notify::Off;
    Look {
        themes: Themes::load(&[]),
        theme,
        ground: None,
        ascii: false,
        mouse: false,
        notify,
        badge: None,
        home: None,
        zone,
    }
}

/// Frames that are drawn while the state changes all the time, for so long; and how often it could change.
async fn frames(took: Duration, time: Duration) -> (u32, u32) {
    let (requests, _asked) = mpsc::channel(1);
    let (publish, snapshots) = watch::channel(Arc::new(Snapshot::default()));
    let client = Client::new(requests, snapshots, Hello::ours());
    let (keys, inputs) = mpsc::channel(1);
    // The engine's side, on a thread of its own as in the product.
    let engine = tokio::spawn(async move {
        let (begun, mut count) = (Instant::now(), 0_u32);
        let mut beat = tokio::time::interval(Duration::from_millis(5));
        while begun.elapsed() < time {
            count += 1;
            publish.send_modify(|state| Arc::make_mut(state).config_error = Some(count.to_string()));
            beat.tick().await;
        }
        // The screen may be gone.
        let _ = keys.send(Input::Closed).await;
        count
    });
    let mut terminal = Terminal::new(Grid(TestBackend::new(80, 24))).unwrap();
    let mut place = Place { took, frames: Arc::default() };
    let drawn = Arc::clone(&place.frames);
    run(&mut terminal, inputs, client, look(), Pace::AtHand, &mut place).await.unwrap();
    (drawn.load(Ordering::SeqCst), engine.await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_line_gets_fewer_frames_and_holds_up_nobody_else() {
    let time = Duration::from_millis(1600);
    let (quick, _) = frames(Duration::ZERO, time).await;
    let (slow, changes) = frames(Duration::from_millis(120), time).await;
    // Halved each time: at 0, 120 + 200, + 120 + 400, + 120 + 800 ms; at one rate it would be eight.
    assert!(slow <= 5, "{slow} frames on the slow line, {quick} on the quick one");
    assert!(quick > slow, "{slow} frames on the slow line, {quick} on the quick one");
    assert!(changes >= 60, "the engine was held up: {changes} changes");
}

#[tokio::test]
async fn the_first_frame_is_there_before_the_service() {
    let (client, seat) = early();
    let (keys, inputs) = mpsc::channel(1);
    let mut terminal = Terminal::new(Grid(TestBackend::new(80, 24))).unwrap();
    let mut place = Place { took: Duration::ZERO, frames: Arc::default() };
    let drawn = Arc::clone(&place.frames);
    let leave = async move {
        while drawn.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        keys.send(Input::Closed).await.unwrap();
    };
    let (shown, ()) = tokio::join!(run(&mut terminal, inputs, client, look(), Pace::AtHand, &mut place), leave);
    shown.unwrap();
    let text: String = terminal.backend().0.buffer().content.iter().map(Cell::symbol).collect();
    assert!(text.contains("asking the service"), "{text}");
    drop(seat);
}
