//! Every theme that comes with the program, and what becomes of bad ones.

use std::collections::HashSet;

use ratatui::style::Modifier;

use super::*;

/// Roles that say how a tunnel is.
const STATES: [Role; 7] =
    [Role::Up, Role::Unproven, Role::Connecting, Role::Waiting, Role::Failed, Role::NeedsYou, Role::Stopped];

type Linear = [f64; 3];

/// From sRGB to linear light (IEC 61966-2-1).
fn linear(colour: Color) -> Option<Linear> {
    let Color::Rgb(r, g, b) = colour else { return None };
    Some([r, g, b].map(|value| {
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    }))
}

/// Contrast (WCAG 2.2, 1.4.3).
fn contrast(a: Color, b: Color) -> Option<f64> {
    let luminance = |colour| linear(colour).map(|[r, g, b]| 0.2126 * r + 0.7152 * g + 0.0722 * b);
    let (a, b) = (luminance(a)?, luminance(b)?);
    Some((a.max(b) + 0.05) / (a.min(b) + 0.05))
}

fn needed(theme: &Theme, role: Role) -> f64 {
    let lines = matches!(role, Role::Border | Role::BorderFocus);
    if theme.id().starts_with("high-contrast") {
        7.0
    } else if lines || STATES.contains(&role) {
        3.0
    } else {
        4.5
    }
}

#[test]
fn every_built_in_theme_is_whole_and_readable() {
    let themes = Themes::load(&[]);
    assert_eq!(themes.mistakes, Vec::<String>::new());
    assert_eq!(themes.iter().count(), BUILT_IN.len());
    for (theme, (id, text)) in themes.iter().zip(BUILT_IN) {
        assert_eq!(theme.id(), *id);
        let file = file::read(text);
        for role in Role::ALL {
            assert!(file.styles.contains_key(role.as_str()), "{id}: {role:?}");
            let style = theme.style(*role);
            let measured = style.fg.zip(style.bg).and_then(|(fg, bg)| contrast(fg, bg));
            let measured = measured.unwrap_or(f64::MAX);
            assert!(measured >= needed(theme, *role), "{id} {role:?}: {measured:.2}");
        }
        let selected = theme.style(Role::Selection);
        for role in STATES.into_iter().chain([Role::Text, Role::Muted]) {
            let (fg, bg) = (theme.style(role).fg, selected.bg);
            let measured = fg.zip(bg).and_then(|(fg, bg)| contrast(fg, bg)).unwrap_or(f64::MAX);
            assert!(measured >= 3.0, "{id}, selected, {role:?}: {measured:.2}");
        }
    }
}

/// What the terminal's theme looks like is for the person's own scheme to say, so it keeps to what every scheme makes readable:
/// the terminal's own foreground and background, and of the sixteen no white, black, grey or plain blue as text. Measured on
/// xterm's palette (xterm(1), color0 to color15), which has the least contrast of the common ones, on black.
#[test]
fn the_terminals_theme_keeps_to_what_every_scheme_makes_readable() {
    let xterm = |colour: Color| match colour {
        Color::Red => Some(Color::Rgb(0xcd, 0, 0)),
        Color::Green => Some(Color::Rgb(0, 0xcd, 0)),
        Color::Yellow => Some(Color::Rgb(0xcd, 0xcd, 0)),
        Color::Magenta => Some(Color::Rgb(0xcd, 0, 0xcd)),
        Color::Cyan => Some(Color::Rgb(0, 0xcd, 0xcd)),
        Color::LightBlue => Some(Color::Rgb(0x5c, 0x5c, 0xff)),
        _ => None,
    };
    let themes = Themes::load(&[]);
    let plain = themes.find(DEFAULT);
    let sixteen = themes.shown_with(Depth::Sixteen);
    for theme in std::iter::once(&plain).chain(sixteen.iter()) {
        for role in Role::ALL {
            let style = theme.style(*role);
            assert!(matches!(style.bg, None | Some(Color::Reset)), "{}: {role:?} has a background", theme.id());
            let Some(fg) = style.fg.filter(|fg| *fg != Color::Reset) else { continue };
            let shown = xterm(fg).unwrap_or_else(|| panic!("{}: {role:?} is {fg}", theme.id()));
            let measured = contrast(shown, Color::Rgb(0, 0, 0)).unwrap();
            assert!(measured >= 3.0, "{} {role:?}: {measured:.2}", theme.id());
        }
    }
}

#[test]
fn no_two_states_look_alike_with_any_number_of_colours() {
    for depth in [Depth::True, Depth::Indexed, Depth::Sixteen, Depth::None] {
        for theme in Themes::load(&[]).shown_with(depth).iter() {
            let looks: HashSet<_> = STATES.iter().map(|role| theme.style(*role)).collect();
            assert_eq!(looks.len(), STATES.len(), "{} with {depth:?}", theme.id());
        }
    }
    let signs: HashSet<_> = Glyph::ALL.iter().take(9).map(|glyph| glyph.fine()).collect();
    assert_eq!(signs.len(), 9);
    let signs: HashSet<_> = Glyph::ALL.iter().take(9).map(|glyph| glyph.plain()).collect();
    assert_eq!(signs.len(), 9, "in ASCII");
}

/// What somebody without one kind of cones sees (Machado, Oliveira, Fernandes, 2009, severity 1).
const BLIND: [(&str, [Linear; 3]); 3] = [
    (
        "protanopia",
        [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]],
    ),
    (
        "deuteranopia",
        [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]],
    ),
    (
        "tritanopia",
        [[1.255_528, -0.076_749, -0.178_779], [-0.078_411, 0.930_809, 0.147_602], [0.004_733, 0.691_367, 0.303_900]],
    ),
];

/// Lightness and hue as eyes compare them (Oklab, Ottosson, 2020).
fn oklab([r, g, b]: Linear) -> Linear {
    let l = (0.412_221_47 * r + 0.536_332_54 * g + 0.051_445_99 * b).cbrt();
    let m = (0.211_903_5 * r + 0.680_699_55 * g + 0.107_396_96 * b).cbrt();
    let s = (0.088_302_46 * r + 0.281_718_84 * g + 0.629_978_7 * b).cbrt();
    [
        0.210_454_26 * l + 0.793_617_79 * m - 0.004_072_05 * s,
        1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_71 * s,
        0.025_904_04 * l + 0.782_771_77 * m - 0.808_675_77 * s,
    ]
}

#[test]
fn the_colour_blind_safe_themes_are_that() {
    let themes = Themes::load(&[]);
    let family = themes.family("colour-blind").unwrap();
    for theme in [themes.find(&family.dark), themes.find(&family.light)] {
        for (name, matrix) in BLIND {
            let seen = |role: &Role| {
                let colour = theme.style(*role).fg.and_then(linear).unwrap();
                let row = |row: Linear| row.iter().zip(colour).map(|(a, b)| a * b).sum::<f64>().clamp(0.0, 1.0);
                oklab(matrix.map(row))
            };
            for (index, one) in STATES.iter().enumerate() {
                for other in &STATES[index + 1..] {
                    let weight = |role: &Role| theme.style(*role).add_modifier;
                    let apart: f64 = seen(one).iter().zip(seen(other)).map(|(a, b)| (a - b).powi(2)).sum();
                    let told = apart.sqrt() >= 0.05 || weight(one) != weight(other);
                    assert!(told, "{}, {name}: {one:?} and {other:?}, {:.3}", theme.id(), apart.sqrt());
                }
            }
        }
    }
}

#[test]
fn mono_has_no_colour_and_shows_the_selection() {
    let mono = Themes::load(&[]).find(MONO);
    assert!(!mono.has_colours());
    assert_ne!(mono.style(Role::Selection), mono.style(Role::Text));
    let without = Themes::load(&[]).shown_with(Depth::None);
    assert!(without.iter().all(|theme| !theme.has_colours()));
    for name in [AUTO, DEFAULT, "catppuccin", "nord", "nobody"] {
        assert_eq!(without.choose(name, Some(Ground::Light)).id(), MONO, "{name}");
    }
}

#[test]
fn a_family_is_dark_or_light_as_the_terminal_is() {
    let own = [
        ("night".to_owned(), "parent = \"nord\"\nfamily = \"mine\"\n[roles]\nup = \"#00ff00\"".to_owned()),
        ("day".to_owned(), "appearance = \"light\"\nfamily = \"mine\"\n[roles]\nup = \"#005500\"".to_owned()),
    ];
    let themes = Themes::load(&own);
    assert_eq!(themes.mistakes, Vec::<String>::new());
    for (name, dark, light) in [
        ("catppuccin", "catppuccin-mocha", "catppuccin-latte"),
        ("gruvbox", "gruvbox-dark", "gruvbox-light"),
        ("high-contrast", "high-contrast-dark", "high-contrast-light"),
        ("mine", "night", "day"),
        ("nord", "nord", "nord"),
        (AUTO, DEFAULT, DEFAULT),
    ] {
        assert_eq!(themes.choose(name, Some(Ground::Dark)).id(), dark);
        assert_eq!(themes.choose(name, Some(Ground::Light)).id(), light);
        // Most terminals are dark.
        assert_eq!(themes.choose(name, None).id(), dark);
        assert!(themes.knows(name) && themes.choices().iter().any(|choice| choice.name == name), "{name}");
    }
}

#[test]
fn a_bad_theme_warns_with_file_and_line_and_falls_back() {
    let own = |id: &str, text: &str| (id.to_owned(), text.to_owned());
    let themes = Themes::load(&[
        own("broken", "name = \"x\"\n[roles]\nup = "),
        own("self", "name = \"x\"\nparent = \"self\""),
        own("orphan", "\n\nparent = \"nobody\"\n[roles]\nup = \"red\""),
        own("one", "parent = \"two\""),
        own("two", "parent = \"one\""),
        own(
            "mine",
            "parent = \"mono\"\nappearance = \"dusk\"\n[palette]\nx = \"nocolour\"\n[roles]\nup = \"x\"\nfialed = \"red\"\nfailed = \"red\"\n\
             stopped = { fg = \"red\", modifiers = [\"loud\"] }\n[glyphs]\nup = \"日\"\nfailed = \"✘\"\nx = \"y\"",
        ),
    ]);
    for id in ["broken", "self", "one", "two"] {
        assert_eq!(themes.find(id).id(), DEFAULT);
    }
    assert_eq!(themes.find("orphan").style(Role::Up).fg, Some(Color::Red));
    assert_eq!(themes.find("orphan").style(Role::Failed), themes.find(DEFAULT).style(Role::Failed));
    let mine = themes.find("mine");
    assert_eq!(mine.style(Role::Failed).fg, Some(Color::Red));
    assert!(mine.style(Role::TabActive).add_modifier.contains(Modifier::UNDERLINED), "as its parent");
    assert_eq!((mine.glyph(Glyph::Failed), mine.glyph(Glyph::Up)), ("✘", "●"));
    for told in [
        "themes/broken.toml:3: ",
        "themes/self.toml:2: it names itself as its parent",
        "themes/orphan.toml:3: its parent \"nobody\" does not exist",
        "themes/one.toml:1: its parent \"two\" has a parent itself",
        "themes/two.toml:1: its parent \"one\" has a parent itself",
        "themes/mine.toml:2: appearance \"dusk\" is not dark, light or any",
        "themes/mine.toml:4: palette.x is no colour",
        "themes/mine.toml:6: roles.up: \"x\" is no colour",
        "themes/mine.toml:7: \"fialed\" is no role; did you mean \"failed\"?",
        "themes/mine.toml:9: roles.stopped: a modifier is not bold, dim, italic, underlined or reversed",
        "themes/mine.toml:11: glyphs.up is no sign of one cell",
        "themes/mine.toml:13: \"x\" is no glyph",
    ] {
        assert!(themes.mistakes.iter().any(|why| why.starts_with(told)), "{told} in {:#?}", themes.mistakes);
    }
}

proptest::proptest! {
    #[test]
    fn no_text_breaks_the_reading(text in "\\PC{0,200}", role in "(up|text|[a-z_]{1,8})", value in "[\"#a-f0-9{}=\\[\\], ]{0,20}") {
        let whole = format!("{text}\n[palette]\nx = {value}\n[roles]\n{role} = {value}\n[glyphs]\nup = {value}");
        for text in [text, whole] {
            let themes = Themes::load(&[("mine".to_owned(), text)]);
            let default = themes.find(DEFAULT);
            proptest::prop_assert_eq!(default.id(), DEFAULT);
        }
    }
}
