//! A grid of cells as a page that people can read and compare: the text, then one letter a cell for its style, and what each
//! letter means.

use std::fmt::Write as _;
use std::path::PathBuf;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

/// The cells of a row that are drawn: what follows a wide character belongs to it.
fn cells(buffer: &Buffer, y: u16) -> Vec<&Cell> {
    let mut cells = Vec::new();
    let mut x = 0;
    while x < buffer.area.width {
        let cell = &buffer[(x, y)];
        cells.push(cell);
        x += u16::try_from(cell.symbol().width().max(1)).unwrap();
    }
    cells
}

/// The text, a line a row, without blanks at the ends.
pub(crate) fn text(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let row: String = cells(buffer, y).into_iter().map(Cell::symbol).collect();
        out.push_str(row.trim_end());
        out.push('\n');
    }
    out
}

fn colour(colour: Color) -> String {
    colour.to_string().to_lowercase()
}

fn style(cell: &Cell) -> String {
    let mut out = format!("{} on {}", colour(cell.fg), colour(cell.bg));
    let names = [
        (Modifier::BOLD, "bold"),
        (Modifier::DIM, "dim"),
        (Modifier::ITALIC, "italic"),
        (Modifier::UNDERLINED, "underlined"),
        (Modifier::REVERSED, "reversed"),
    ];
    for (modifier, name) in names {
        if cell.modifier.contains(modifier) {
            out.push(' ');
            out.push_str(name);
        }
    }
    out
}

/// Text and styles as one page.
fn page(buffer: &Buffer) -> String {
    let mut out = text(buffer);
    out.push_str("---\n");
    let mut styles: Vec<String> = Vec::new();
    for y in 0..buffer.area.height {
        let mut row = String::new();
        for x in 0..buffer.area.width {
            let style = style(&buffer[(x, y)]);
            let index = styles.iter().position(|known| *known == style).unwrap_or_else(|| {
                styles.push(style);
                styles.len() - 1
            });
            row.push(letter(index));
        }
        writeln!(out, "{row}").unwrap();
    }
    out.push_str("---\n");
    for (index, style) in styles.iter().enumerate() {
        writeln!(out, "{} {style}", letter(index)).unwrap();
    }
    out
}

/// The first style is nearly always the plain one.
fn letter(index: usize) -> char {
    ".abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".chars().nth(index).unwrap()
}

/// Compares a grid with the page on file, or writes the page where that is asked for.
#[track_caller]
pub(crate) fn compare(name: &str, buffer: &Buffer) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(format!("{name}.txt"));
    let page = page(buffer);
    if std::env::var_os("ADIT_UPDATE_SNAPSHOTS").is_some_and(|value| value == "1") {
        std::fs::write(&path, page).unwrap();
        return;
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    if known == page {
        return;
    }
    let wrong: Vec<String> = page
        .lines()
        .zip(known.lines().chain(std::iter::repeat("")))
        .enumerate()
        .filter(|(_, (new, old))| new != old)
        .map(|(line, (new, old))| format!("{:3} was {old}\n    now {new}", line + 1))
        .collect();
    panic!(
        "{name} looks otherwise than in {} (ADIT_UPDATE_SNAPSHOTS=1 takes it over):\n{}\n{}",
        path.display(),
        text(buffer),
        wrong.join("\n")
    );
}

/// Every line of a pane that begins in the first column ends in the last: nothing in it was wider than it was counted.
#[track_caller]
pub(crate) fn frames_are_whole(buffer: &Buffer) {
    let last = buffer.area.width - 1;
    for y in 0..buffer.area.height {
        if buffer[(0, y)].symbol() == "│" {
            assert_eq!(buffer[(last, y)].symbol(), "│", "line {y} of\n{}", text(buffer));
        }
    }
}
