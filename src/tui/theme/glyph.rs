//! The signs of states and findings, one cell each: those that come with the program, in line drawing and in ASCII. A theme may
//! have others.

macro_rules! glyphs {
    ($($variant:ident = $name:literal, $fine:literal, $plain:literal, $help:literal;)*) => {
        /// The signs of a theme.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Glyph {
            $(#[doc = $help] $variant,)*
        }

        impl Glyph {
            /// All signs.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name in a theme file.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The sign where nothing else is asked for.
            #[must_use]
            pub fn fine(self) -> &'static str {
                match self { $(Self::$variant => $fine,)* }
            }

            /// The sign for terminals that only draw ASCII.
            #[must_use]
            pub fn plain(self) -> &'static str {
                match self { $(Self::$variant => $plain,)* }
            }
        }
    };
}

glyphs! {
    Up = "up", "●", "*", "Up and proven.";
    Fault = "fault", "◍", "!", "Up, but a forward was refused.";
    Unproven = "unproven", "◌", "~", "Up, but nothing proves it right now.";
    Connecting = "connecting", "◔", "+", "On its way, or being looked at.";
    Waiting = "waiting", "◐", "%", "Between attempts.";
    NeedsYou = "needs_you", "?", "?", "Waits for an answer.";
    Failed = "failed", "✗", "x", "Waits until a person mends something; a rung that is broken.";
    Closing = "closing", "◑", "-", "On its way to being stopped.";
    Stopped = "stopped", "○", ".", "Stopped on purpose.";
    Pass = "pass", "✓", "*", "A rung that is sound.";
    Warn = "warn", "!", "!", "A rung with something to see to.";
    Skip = "skip", "·", "-", "A rung that was not looked at.";
}
