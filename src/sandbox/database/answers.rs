//! What the sandbox's databases answer to SQL: made-up rows, always the same ones for the same question. It is no SQL engine
//! and says so to a question that is beyond it.

/// The most rows of one answer.
const MOST_ROWS: u32 = 100_000;
/// Rows where a question names no number.
const SOME_ROWS: u32 = 20;
/// The columns of every table.
pub(super) const COLUMNS: [&str; 5] = ["id", "customer", "city", "amount", "note"];

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// Nothing was asked.
    Nothing,
    /// One value.
    One(One),
    /// Rows of a table that does not exist.
    Rows {
        /// The table's name, which makes the rows.
        table: String,
        /// How many.
        count: u32,
        /// As a stream for `COPY … TO STDOUT`.
        copy: bool,
    },
    /// Something was done, in PostgreSQL's words.
    Done(&'static str),
    /// Beyond the sandbox.
    Beyond(String),
}

/// One value with its column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct One {
    /// The column, as the client wrote it.
    pub(super) column: String,
    /// The value.
    pub(super) value: String,
    /// A whole number.
    pub(super) is_number: bool,
}

/// Answers a statement. `version` is what the server calls itself.
pub(super) fn answer(sql: &str, version: &str) -> Answer {
    let text = sql.trim().trim_end_matches(';').trim();
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    match words.first().copied().unwrap_or_default() {
        "" => Answer::Nothing,
        "begin" | "start" => Answer::Done("BEGIN"),
        "commit" | "end" => Answer::Done("COMMIT"),
        "rollback" => Answer::Done("ROLLBACK"),
        "set" => Answer::Done("SET"),
        "discard" => Answer::Done("DISCARD ALL"),
        "insert" => Answer::Done("INSERT 0 1"),
        "update" => Answer::Done("UPDATE 1"),
        "delete" => Answer::Done("DELETE 1"),
        "copy" if lower.contains("to stdout") => rows(&lower, &words, true),
        "select" => select(text, &lower, &words, version),
        _ => beyond(text),
    }
}

fn select(text: &str, lower: &str, words: &[&str], version: &str) -> Answer {
    let expression = text.get("select".len()..).unwrap_or_default().trim();
    let one = |value: String, is_number| Answer::One(One { column: expression.to_owned(), value, is_number });
    if let Ok(number) = expression.parse::<i64>() {
        return one(number.to_string(), true);
    }
    if lower.contains("version") && !lower.contains(" from ") {
        return one(version.to_owned(), false);
    }
    if lower.contains("pg_") || lower.contains("information_schema") || lower.contains("sys.") {
        return beyond(text);
    }
    if lower.contains("count(*)") {
        let total = 1000 + seed_of(words.last().copied().unwrap_or_default()) % 900_000;
        return Answer::One(One { column: "count".to_owned(), value: total.to_string(), is_number: true });
    }
    if words.contains(&"from") { rows(lower, words, false) } else { beyond(text) }
}

fn rows(lower: &str, words: &[&str], copy: bool) -> Answer {
    let after = |word: &str| words.iter().skip_while(|other| **other != word).nth(1).copied();
    let bare = |word: &str| word.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_').to_owned();
    let table = after("from").or_else(|| after("copy")).map(bare).unwrap_or_default();
    let count = after("limit").or_else(|| after("top")).and_then(|word| bare(word).parse::<u32>().ok());
    let count = count.unwrap_or(if lower.contains(" where ") { 1 } else { SOME_ROWS });
    Answer::Rows { table, count: count.min(MOST_ROWS), copy }
}

fn beyond(text: &str) -> Answer {
    let start: String = text.chars().take(60).collect();
    Answer::Beyond(format!(
        "this is the sandbox of adit's demo, which makes its rows up and does not understand \"{start}\"; try: select * from orders limit 5"
    ))
}

/// FNV-1a: a number for a name.
fn seed_of(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The values of a row: about 150 bytes, the same for the same table and number.
pub(super) fn row(table: &str, number: u32) -> [String; 5] {
    const CUSTOMERS: [&str; 8] = ["Ada", "Berta", "Cem", "Dana", "Emil", "Fatma", "Greta", "Hugo"];
    const CITIES: [&str; 8] = ["Aachen", "Bergen", "Cork", "Delft", "Evora", "Fulda", "Ghent", "Hilo"];
    let mut state = seed_of(table) ^ (u64::from(number) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut draw = || {
        // xorshift64 (Marsaglia 2003).
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let pick = |list: &[&'static str; 8], at: u64| usize::try_from(at % 8).ok().and_then(|at| list.get(at).copied());
    let customer = pick(&CUSTOMERS, draw()).unwrap_or_default();
    let city = pick(&CITIES, draw()).unwrap_or_default();
    let cents = draw() % 1_000_000;
    let note = format!("{:016x}{:016x}{:016x}{:016x}{:016x}{:016x}", draw(), draw(), draw(), draw(), draw(), draw());
    let amount = format!("{}.{:02}", cents / 100, cents % 100);
    [(number + 1).to_string(), format!("{customer} {:04}", draw() % 10_000), city.to_owned(), amount, note]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(table: &str, count: u32, copy: bool) -> Answer {
        Answer::Rows { table: table.to_owned(), count, copy }
    }

    #[test]
    fn simple_questions_have_answers() {
        assert_eq!(answer(" ; ", "v"), Answer::Nothing);
        assert_eq!(answer("SELECT * FROM orders LIMIT 7;", "v"), rows("orders", 7, false));
        assert_eq!(answer("select top (9) * from \"invoices\"", "v"), rows("invoices", 9, false));
        assert_eq!(answer("select * from t", "v"), rows("t", SOME_ROWS, false));
        assert_eq!(answer("copy (select * from t limit 3) to stdout", "v"), rows("t", 3, true));
        assert_eq!(answer("copy t to stdout", "v"), rows("t", SOME_ROWS, true));
        assert_eq!(answer("select * from t limit 4000000000", "v"), rows("t", MOST_ROWS, false));
        assert_eq!(answer("begin", "v"), Answer::Done("BEGIN"));
        for (sql, value) in [("select 1", "1"), ("select version()", "v"), ("select @@version_comment limit 1", "v")] {
            assert!(matches!(answer(sql, "v"), Answer::One(One { value: v, .. }) if v == value), "{sql}");
        }
    }

    #[test]
    fn other_questions_are_beyond_it() {
        for sql in ["select * from pg_catalog.pg_class", "drop table orders", "select now()", "ä", "copy t from stdin"]
        {
            assert!(matches!(answer(sql, "v"), Answer::Beyond(_)), "{sql}");
        }
    }

    #[test]
    fn rows_repeat_and_differ() {
        assert_eq!(row("orders", 3), row("orders", 3));
        assert_ne!(row("orders", 3), row("orders", 4));
        assert_ne!(row("orders", 3)[4], row("billing", 3)[4]);
    }
}
