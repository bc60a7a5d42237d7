//! What a colour is for. A widget asks for a role, never for a colour.

macro_rules! roles {
    ($($variant:ident = $name:literal, $help:literal;)*) => {
        /// The roles of a theme.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Role {
            $(#[doc = $help] $variant,)*
        }

        impl Role {
            /// All roles.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The role's name in a theme file.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it is for.
            #[must_use]
            pub fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)* }
            }
        }
    };
}

impl Role {
    /// It accents, and says nothing of a state.
    pub(super) fn is_accent(self) -> bool {
        matches!(
            self,
            Self::Title
                | Self::Accent
                | Self::BorderFocus
                | Self::TabActive
                | Self::Key
                | Self::FromDatabase
                | Self::ToDatabase
        )
    }
}

roles! {
    Text = "text", "Ordinary text, and the screen's background.";
    Muted = "muted", "What is less important, such as units and hints.";
    Title = "title", "The title of a pane.";
    Header = "header", "The head of a table.";
    Accent = "accent", "What should be found first, such as a value to copy.";
    Border = "border", "The frame of a pane.";
    BorderFocus = "border_focus", "The frame of what takes the keys.";
    Selection = "selection", "The selected line.";
    Tab = "tab", "The name of another screen.";
    TabActive = "tab_active", "The name of this screen.";
    Key = "key", "A key to press.";
    KeyLabel = "key_label", "What the key does.";
    Up = "up", "A tunnel that is up and proven.";
    Unproven = "unproven", "Up, but nothing proves it right now, or a forward was refused.";
    Connecting = "connecting", "On its way.";
    Waiting = "waiting", "Between attempts.";
    Failed = "failed", "Waits until a person mends something.";
    NeedsYou = "needs_you", "Waits for an answer.";
    Stopped = "stopped", "Stopped on purpose.";
    Path = "path", "A whole part of the way to the database.";
    PathBroken = "path_broken", "Where the way is broken.";
    FromDatabase = "from_database", "Traffic from the database.";
    ToDatabase = "to_database", "Traffic to the database.";
    Input = "input", "Text that is being typed.";
    InputError = "input_error", "What is wrong with it.";
}
