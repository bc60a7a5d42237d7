//! Rust text cut into tokens and paths, as far as the rules of the house need it. It is no compiler: macros are not expanded.

use std::collections::BTreeSet;

/// One word or sign of a source text; comments are gone, literals are only marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
    pub(crate) is_word: bool,
    /// Inside an item that is compiled for tests only.
    pub(crate) in_test: bool,
}

/// One file: its place, its module path below the crate (empty for `lib.rs` and `main.rs`), its tokens.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) module: Vec<String>,
    pub(crate) text: String,
    pub(crate) tokens: Vec<Token>,
}

/// A path that the text names, made absolute: `Ours` below this crate, `Outside` with the other crate's name first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Ours(Vec<String>),
    Outside(Vec<String>),
}

#[derive(Debug, Clone)]
pub(crate) struct Mention {
    pub(crate) place: Place,
    pub(crate) line: usize,
    pub(crate) in_test: bool,
    /// From a `pub use`, with the name it gets here.
    pub(crate) exported_as: Option<String>,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let inner = path.trim_start_matches("src/").trim_end_matches(".rs");
        let module = match inner {
            "lib" | "main" => Vec::new(),
            other => other.split('/').map(str::to_owned).collect(),
        };
        let mut tokens = tokenize(text);
        mark_tests(&mut tokens);
        // The file that `#[cfg(test)] mod tests;` names.
        if module.last().is_some_and(|name| name == "tests") {
            tokens.iter_mut().for_each(|token| token.in_test = true);
        }
        Self { path: path.to_owned(), module, text: text.to_owned(), tokens }
    }

    /// Lines that are neither blank nor comment only.
    pub(crate) fn code_lines(&self) -> usize {
        let lines: BTreeSet<usize> = self.tokens.iter().map(|token| token.line).collect();
        lines.len()
    }

    pub(crate) fn words(&self, at: usize, pattern: &[&str]) -> bool {
        pattern.iter().enumerate().all(|(i, want)| self.tokens.get(at + i).is_some_and(|token| token.text == *want))
    }

    /// Everything between the bracket at `open` and its partner.
    pub(crate) fn group(&self, open: usize) -> &[Token] {
        self.tokens.get(open..partner(&self.tokens, open)).unwrap_or_default()
    }

    /// Every path with at least one `::` and every `use`, absolute. `modules` are all module paths of the crate.
    pub(crate) fn mentions(&self, modules: &BTreeSet<Vec<String>>) -> Vec<Mention> {
        let mut found = Vec::new();
        let mut inline: Vec<(String, usize)> = Vec::new();
        let mut at = 0;
        while let Some(token) = self.tokens.get(at) {
            inline.retain(|(_, end)| at < *end);
            let here: Vec<String> = self.module.iter().chain(inline.iter().map(|(name, _)| name)).cloned().collect();
            if token.text == "mod" && self.tokens.get(at + 2).is_some_and(|t| t.text == "{") {
                inline.push((self.tokens[at + 1].text.clone(), partner(&self.tokens, at + 2)));
                at += 3;
                continue;
            }
            let mut raw = Vec::new();
            let mut exported = false;
            let next = if token.text == "use" && self.tokens.get(at + 1).is_some_and(|t| t.text != "<") {
                exported = self.is_public(at);
                let end = self.use_tree(at + 1, &[], &mut raw);
                // The paths of a `use` were taken together; nothing in it is looked at twice.
                end.max(at + 1)
            } else if token.is_word && self.starts_path(at) {
                let (path, end) = self.inline_path(at);
                raw.push((path, None));
                end
            } else {
                at += 1;
                continue;
            };
            for (path, alias) in raw {
                let name = alias.or_else(|| path.last().cloned());
                if let Some(place) = resolve(&path, &here, modules) {
                    let exported_as = if exported { name } else { None };
                    found.push(Mention { place, line: token.line, in_test: token.in_test, exported_as });
                }
            }
            at = next;
        }
        found
    }

    fn is_public(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|i| self.tokens.get(i)).map(|t| t.text.as_str());
        matches!(before, Some("pub" | ")"))
    }

    fn starts_path(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|i| self.tokens.get(i)).map_or("", |t| t.text.as_str());
        before != "::" && before != "." && self.tokens.get(at + 1).is_some_and(|t| t.text == "::")
    }

    fn inline_path(&self, at: usize) -> (Vec<String>, usize) {
        let mut path = vec![self.tokens[at].text.clone()];
        let mut i = at + 1;
        while self.words(i, &["::"]) && self.tokens.get(i + 1).is_some_and(|t| t.is_word) {
            path.push(self.tokens[i + 1].text.clone());
            i += 2;
        }
        (path, i.max(at + 1))
    }

    fn use_tree(&self, mut at: usize, prefix: &[String], out: &mut Vec<(Vec<String>, Option<String>)>) -> usize {
        let mut path = prefix.to_vec();
        let mut alias = None;
        while let Some(token) = self.tokens.get(at) {
            match token.text.as_str() {
                "::" => at += 1,
                "{" => {
                    let end = partner(&self.tokens, at);
                    let mut inner = at + 1;
                    while inner < end {
                        inner = self.use_tree(inner, &path, out) + 1;
                    }
                    return end + 1;
                }
                "as" => {
                    alias = self.tokens.get(at + 1).map(|t| t.text.clone());
                    at += 2;
                }
                "*" => {
                    path.push("*".to_owned());
                    at += 1;
                }
                _ if token.is_word => {
                    path.push(token.text.clone());
                    at += 1;
                }
                _ => break,
            }
        }
        if path.len() > prefix.len() || alias.is_some() {
            out.push((path, alias));
        }
        at
    }
}

fn resolve(path: &[String], here: &[String], modules: &BTreeSet<Vec<String>>) -> Option<Place> {
    let (first, rest) = path.split_first()?;
    let mut base = here.to_vec();
    let mut rest = rest;
    match first.as_str() {
        "crate" | "adit" => base.clear(),
        "self" => {}
        "super" => {
            base.pop();
            while let Some((word, tail)) = rest.split_first().filter(|(word, _)| *word == "super") {
                base.pop();
                debug_assert_eq!(word, "super");
                rest = tail;
            }
        }
        "Self" => return None,
        _ => {
            let mut child = here.to_vec();
            child.push(first.clone());
            if !modules.contains(&child) {
                return Some(Place::Outside(path.to_vec()));
            }
            base = child;
        }
    }
    base.extend(rest.iter().cloned());
    Some(Place::Ours(base))
}

/// Index just behind which the bracket opened at `open` closes; the end of the text where it never does.
fn partner(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_i32;
    for (i, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return i;
        }
    }
    tokens.len()
}

fn mark_tests(tokens: &mut [Token]) {
    let mut at = 0;
    while at < tokens.len() {
        let is_attribute = tokens[at].text == "#" && tokens.get(at + 1).is_some_and(|t| t.text == "[");
        if !is_attribute {
            at += 1;
            continue;
        }
        let close = partner(tokens, at + 1);
        let words: Vec<&str> = tokens[at + 2..close].iter().filter(|t| t.is_word).map(|t| t.text.as_str()).collect();
        let for_tests = words.last() == Some(&"test") || (words.first() == Some(&"cfg") && words.contains(&"test"));
        if !for_tests || words.contains(&"not") {
            at = close + 1;
            continue;
        }
        let mut end = close + 1;
        while end < tokens.len() && tokens[end].text != ";" {
            if matches!(tokens[end].text.as_str(), "(" | "[" | "{") {
                let was_body = tokens[end].text == "{";
                end = partner(tokens, end);
                if was_body {
                    break;
                }
            }
            end += 1;
        }
        let stop = end.saturating_add(1).min(tokens.len());
        for token in &mut tokens[at..stop] {
            token.in_test = true;
        }
        at = stop;
    }
}

fn tokenize(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let (mut i, mut line) = (0, 1);
    while i < chars.len() {
        let c = chars[i];
        let next = chars.get(i + 1).copied();
        let start = i;
        let mut word = None;
        match c {
            '/' if next == Some('/') => i = find(&chars, i, |c| c == '\n'),
            '/' if next == Some('*') => i = end_of_comment(&chars, i),
            '"' => i = end_of_string(&chars, i),
            'r' | 'b' | 'c' if literal_hashes(&chars, i).is_some() => {
                let (open, hashes) = literal_hashes(&chars, i).unwrap_or((i, None));
                i = match hashes {
                    Some(count) => end_of_raw(&chars, open, count),
                    None => end_of_string(&chars, open),
                };
            }
            '\'' => i = end_of_quote(&chars, i),
            _ if c.is_alphanumeric() || c == '_' => {
                i = find(&chars, i, |c| !(c.is_alphanumeric() || c == '_'));
                word = Some(!c.is_ascii_digit());
            }
            _ => i += if c == ':' && next == Some(':') { 2 } else { 1 },
        }
        let is_comment = c == '/' && matches!(next, Some('/' | '*'));
        let piece: String = chars[start..i].iter().collect();
        if !c.is_whitespace() && !is_comment {
            let is_literal = word.is_none() && i - start > 1 && piece != "::";
            let shown = if is_literal { "\"".to_owned() } else { piece.clone() };
            tokens.push(Token { text: shown, line, is_word: word == Some(true), in_test: false });
        }
        line += piece.matches('\n').count();
    }
    tokens
}

fn find(chars: &[char], from: usize, stop: impl Fn(char) -> bool) -> usize {
    (from..chars.len()).find(|i| stop(chars[*i])).unwrap_or(chars.len())
}

fn end_of_comment(chars: &[char], from: usize) -> usize {
    let (mut i, mut depth) = (from, 0);
    while i + 1 < chars.len() {
        match (chars[i], chars[i + 1]) {
            ('/', '*') => depth += 1,
            ('*', '/') => depth -= 1,
            _ => {
                i += 1;
                continue;
            }
        }
        i += 2;
        if depth == 0 {
            return i;
        }
    }
    chars.len()
}

fn end_of_string(chars: &[char], from: usize) -> usize {
    let mut i = from + 1;
    while i < chars.len() {
        match chars[i] {
            '\\' => i += 2,
            '"' => return i + 1,
            _ => i += 1,
        }
    }
    chars.len()
}

/// For `b"…"`, `r"…"`, `br#"…"#` and the like: where the quote stands and, for a raw one, its number of hashes.
fn literal_hashes(chars: &[char], from: usize) -> Option<(usize, Option<usize>)> {
    let mut i = find(chars, from, |c| !matches!(c, 'r' | 'b' | 'c'));
    let raw = chars[from..i].contains(&'r');
    let hashes = find(chars, i, |c| c != '#') - i;
    if i - from > 2 || (hashes > 0 && !raw) {
        return None;
    }
    i += hashes;
    (chars.get(i) == Some(&'"')).then_some((i, raw.then_some(hashes)))
}

fn end_of_raw(chars: &[char], open: usize, hashes: usize) -> usize {
    let mut i = open + 1;
    while i < chars.len() {
        if chars[i] == '"' && chars[i + 1..].iter().take_while(|c| **c == '#').count() >= hashes {
            return i + 1 + hashes;
        }
        i += 1;
    }
    chars.len()
}

/// A character literal, or the tick of a lifetime.
fn end_of_quote(chars: &[char], from: usize) -> usize {
    match (chars.get(from + 1), chars.get(from + 2)) {
        (Some('\\'), _) => find(chars, from + 3, |c| c == '\'') + 1,
        (Some(_), Some('\'')) => from + 3,
        _ => from + 1,
    }
}
