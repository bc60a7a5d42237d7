//! What a frame costs with as many tunnels as anybody has. The benchmark (`cargo bench --bench frame`) prints the figures; here
//! the limit only tells a slip from what is usual, because this build is not optimised and the machine may be busy.

use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::made;
use super::stage::Stage;

/// The goal of an optimised build is 2 ms.
const LIMIT: Duration = Duration::from_millis(200);

#[test]
fn a_frame_of_two_hundred_tunnels_is_quick() {
    let mut stage = Stage::new(120, 40);
    stage.show(made::many(200));
    let mut terminal = Terminal::new(TestBackend::new(120, 40)).unwrap();
    for keys in ["1 G", "2", "3 G", "4", "1 ?", "esc /", "T"] {
        stage.press(keys);
        let mut best = Duration::MAX;
        for _ in 0..20 {
            let state = made::many(200);
            let begun = Instant::now();
            stage.show(state);
            terminal.draw(|frame| adit::tui::draw(frame, &stage.app)).unwrap();
            best = best.min(begun.elapsed());
        }
        assert!(best < LIMIT, "{keys}: {best:?}");
    }
}
