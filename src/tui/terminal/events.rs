//! crossterm's events as inputs. Reading stops while another program has the terminal.

use crossterm::event::{
    Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind,
};
use futures_util::StreamExt;
use tokio::sync::{mpsc, watch};

use crate::tui::input::Input;
use crate::tui::key::{Code, Key};

/// Reads the terminal until it closes or nobody listens. While `reading` is false the terminal is left alone.
pub(super) async fn read(inputs: mpsc::Sender<Input>, mut reading: watch::Receiver<bool>) {
    loop {
        if reading.wait_for(|reading| *reading).await.is_err() {
            return;
        }
        let mut events = EventStream::new();
        loop {
            let event = tokio::select! {
                event = events.next() => event,
                changed = reading.changed() => match changed {
                    Ok(()) if !*reading.borrow() => break,
                    Ok(()) => continue,
                    Err(_) => return,
                },
            };
            let input = match event {
                Some(Ok(event)) => translate(event),
                // The terminal is gone: say so once, never spin.
                Some(Err(_)) | None => Some(Input::Closed),
            };
            let closed = input == Some(Input::Closed);
            if let Some(input) = input
                && (inputs.send(input).await.is_err() || closed)
            {
                return;
            }
        }
    }
}

fn translate(event: Event) -> Option<Input> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => translate_key(key).map(Input::Key),
        Event::Paste(text) => Some(Input::Paste(text)),
        Event::Resize(width, height) => Some(Input::Resize(width, height)),
        Event::Mouse(mouse) => match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => Some(Input::Click(mouse.column, mouse.row)),
            MouseEventKind::ScrollUp => Some(Input::Scroll(mouse.column, mouse.row, -1)),
            MouseEventKind::ScrollDown => Some(Input::Scroll(mouse.column, mouse.row, 1)),
            _ => None,
        },
        Event::Key(_) | Event::FocusGained | Event::FocusLost => None,
    }
}

fn translate_key(key: KeyEvent) -> Option<Key> {
    let code = match key.code {
        KeyCode::Char(c) => Code::Char(c),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => Code::BackTab,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::F(number) => Code::F(number),
        _ => return None,
    };
    let has = |modifier| key.modifiers.contains(modifier);
    Some(Key { code, ctrl: has(KeyModifiers::CONTROL), alt: has(KeyModifiers::ALT) })
}
