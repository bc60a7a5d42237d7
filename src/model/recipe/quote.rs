//! Text made safe for the place it goes to: a shell word, a part of a URL, a value of a connection string.

/// One word for a POSIX shell: bare where that is safe, in double quotes where nothing in it means anything there, else in
/// single quotes.
#[must_use]
pub fn shell_word(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    // Inside double quotes these mean something to a shell; `!` to an interactive one (POSIX 2.2.3, bash HISTORY EXPANSION).
    let special = |c: char| matches!(c, '$' | '`' | '"' | '\\' | '!') || c.is_control();
    if !text.is_empty() && text.chars().all(bare) {
        text.to_owned()
    } else if !text.is_empty() && !text.contains(special) {
        format!("\"{text}\"")
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Words as one command line.
pub(super) fn shell_line<S: AsRef<str>>(words: &[S]) -> String {
    words.iter().map(|word| shell_word(word.as_ref())).collect::<Vec<_>>().join(" ")
}

/// A part of a URL: everything but the unreserved characters is percent-encoded (RFC 3986 section 2.3).
pub(super) fn percent(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

/// A value of a libpq connection string (PostgreSQL manual, "Keyword/Value Connection Strings").
pub(super) fn conninfo(text: &str) -> String {
    let plain = !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || matches!(c, '\'' | '\\' | '='));
    if plain { text.to_owned() } else { format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'")) }
}

/// A field of `.pgpass`, where `:` and `\` are escaped.
pub(super) fn pgpass(text: &str) -> String {
    text.replace('\\', r"\\").replace(':', r"\:")
}

/// A value of a SQL Server JDBC URL: in braces where it holds anything that ends one.
pub(super) fn braces(text: &str) -> String {
    if text.contains(|c: char| matches!(c, ';' | '{' | '}' | '=') || c.is_whitespace()) {
        format!("{{{}}}", text.replace('}', "}}"))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a real shell makes of the words.
    fn through_shell(line: &str) -> Vec<String> {
        let script = format!("printf '%s\\0' {line}");
        let output = std::process::Command::new("sh").arg("-c").arg(script).output().unwrap();
        assert!(output.status.success(), "{line}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.strip_suffix('\0').unwrap_or(&text).split('\0').map(str::to_owned).collect()
    }

    #[test]
    fn words_survive_a_shell() {
        let words =
            ["a", "", "a b", "it's", "$HOME", "`id`", "a\"b", "\\", "!!", "*", "~", "a\nb", "-n", "#x", "é", "a;b"];
        assert_eq!(through_shell(&shell_line(&words)), words);
        assert_eq!(shell_word("host=127.0.0.1 port=1"), "\"host=127.0.0.1 port=1\"");
        assert_eq!(shell_word("127.0.0.1:1"), "127.0.0.1:1");
    }

    #[test]
    fn url_parts_are_encoded_by_byte() {
        assert_eq!(percent("a b/@:é~"), "a%20b%2F%40%3A%C3%A9~");
    }

    #[test]
    fn values_are_quoted_for_their_place() {
        assert_eq!(conninfo("orders"), "orders");
        assert_eq!(conninfo(r"it's \"), r"'it\'s \\'");
        assert_eq!(conninfo(""), "''");
        assert_eq!(pgpass(r"a:b\c"), r"a\:b\\c");
        assert_eq!(braces("a;b}"), "{a;b}}}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn any_word_survives_a_shell(words in proptest::collection::vec("[^\\x00]{0,12}", 1..6)) {
            prop_assert_eq!(through_shell(&shell_line(&words)), words);
        }
    }
}
