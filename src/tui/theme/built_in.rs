//! The themes that come with the program, as text. They are read as a person's own are.

/// The theme in force where nothing else is asked for.
pub const DEFAULT: &str = "terminal";
/// The theme without colours.
pub const MONO: &str = "mono";

macro_rules! files {
    ($($id:literal),* $(,)?) => {
        /// The themes that come with the program: identifier and text.
        pub const BUILT_IN: &[(&str, &str)] =
            &[$(($id, include_str!(concat!("../../../themes/", $id, ".toml")))),*];
    };
}

files![
    "terminal",
    "catppuccin-mocha",
    "catppuccin-latte",
    "gruvbox-dark",
    "gruvbox-light",
    "nord",
    "dracula",
    "high-contrast-dark",
    "high-contrast-light",
    "colour-blind-dark",
    "colour-blind-light",
    "mono",
];
