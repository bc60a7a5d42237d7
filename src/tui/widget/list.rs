//! A list's selection by name and the window that shows it. It knows nothing of what its lines mean.

/// What is selected, and which lines show.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    /// The selected line's own name, so that it stays when lines come and go.
    name: Option<String>,
    /// The line where it was last, for when its name is gone.
    last: usize,
}

/// How a selection moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Move {
    /// By so many lines.
    By(isize),
    /// To the first line.
    First,
    /// To the last line.
    Last,
}

impl Selection {
    /// The selected line among these names.
    pub(crate) fn index(&self, names: &[&str]) -> Option<usize> {
        if names.is_empty() {
            return None;
        }
        let by_name = self.name.as_ref().and_then(|name| names.iter().position(|other| other == name));
        Some(by_name.unwrap_or(self.last).min(names.len() - 1))
    }

    /// Selects a line by its name, which may come with a later state.
    pub(crate) fn name(&mut self, name: String) {
        self.name = Some(name);
    }

    /// A line was selected by somebody.
    pub(crate) fn is_made(&self) -> bool {
        self.name.is_some()
    }

    /// Takes note of where the selected line is now, for the time when it is gone.
    pub(crate) fn follow(&mut self, names: &[&str]) {
        let found = self.name.as_deref().and_then(|name| names.iter().position(|other| *other == name));
        self.last = found.unwrap_or(self.last);
    }

    /// Moves it.
    pub(crate) fn go(&mut self, to: Move, names: &[&str]) {
        let Some(here) = self.index(names) else { return };
        let last = names.len() - 1;
        let there = match to {
            Move::By(lines) => here.saturating_add_signed(lines).min(last),
            Move::First => 0,
            Move::Last => last,
        };
        self.set(there, names);
    }

    /// Selects a line.
    pub(crate) fn set(&mut self, index: usize, names: &[&str]) {
        if let Some(name) = names.get(index) {
            self.name = Some((*name).to_owned());
            self.last = index;
        }
    }
}

/// The first line that shows, so that the selected one is inside a window of `height` lines.
pub(crate) fn window(selected: Option<usize>, count: usize, height: usize) -> usize {
    let selected = selected.unwrap_or(0);
    let latest = count.saturating_sub(height);
    selected.saturating_sub(height / 2).min(latest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selection_follows_its_name() {
        let mut selection = Selection::default();
        assert_eq!(selection.index(&[]), None);
        selection.go(Move::By(1), &["a", "b", "c"]);
        assert_eq!(selection.index(&["0", "a", "b", "c"]), Some(2));
        assert_eq!(selection.index(&["a", "c"]), Some(1));
        selection.go(Move::Last, &["a", "b", "c"]);
        selection.go(Move::By(9), &["a", "b", "c"]);
        assert_eq!(selection.index(&["a", "b", "c"]), Some(2));
    }

    #[test]
    fn the_window_holds_the_selection() {
        for count in 0..30 {
            for height in 1..12 {
                for selected in 0..count {
                    let first = window(Some(selected), count, height);
                    assert!(first <= selected && selected < first + height);
                }
            }
        }
    }
}
