//! What one frame costs: taking a newer state of 200 tunnels over, and drawing it, on every screen and at three sizes.
//!
//! `cargo bench --bench frame` prints min / median / max in milliseconds; the goal is a median below 2. It judges nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement stops at the first surprise"
)]

#[path = "../tests/suite/screens"]
#[allow(dead_code, reason = "the suite uses more of its stage than a measurement does")]
mod screens {
    pub(crate) mod made;
    pub(crate) mod sheet;
    pub(crate) mod stage;
}

use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use screens::made;
use screens::stage::Stage;

/// Tunnels, keys and lines of the journal.
const MANY: u16 = 200;
/// Frames that are measured of each.
const FRAMES: usize = 200;

const SCREENS: [(&str, &str); 7] = [
    ("tunnels, first line", "1 g"),
    ("tunnels, last line", "1 G"),
    ("bastions", "2"),
    ("keys", "3 G"),
    ("journal", "4"),
    ("help over tunnels", "1 ?"),
    ("themes over tunnels", "esc T"),
];

fn main() {
    if !std::env::args().any(|word| word == "--bench") {
        println!("run by `cargo bench`");
        return;
    }
    let kind = if cfg!(debug_assertions) { "not optimised" } else { "optimised" };
    println!("{MANY} tunnels, {FRAMES} frames each, {kind}; milliseconds, min / median / max");
    for (width, height) in [(80, 24), (120, 40), (250, 80)] {
        let mut stage = Stage::new(width, height);
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        stage.show(made::many(MANY));
        for (name, keys) in SCREENS {
            stage.press(keys);
            let mut times: Vec<Duration> = (0..FRAMES)
                .map(|_| {
                    let state = made::many(MANY);
                    let begun = Instant::now();
                    stage.show(state);
                    terminal.draw(|frame| adit::tui::draw(frame, &stage.app)).unwrap();
                    begun.elapsed()
                })
                .collect();
            times.sort();
            let ms = |time: Duration| time.as_secs_f64() * 1e3;
            let (low, middle, high) = (ms(times[0]), ms(times[FRAMES / 2]), ms(times[FRAMES - 1]));
            println!("{width:>4}x{height:<3} {name:<22} {low:>7.2} / {middle:>6.2} / {high:>6.2}");
        }
    }
}
