//! What is shown, as text and as JSON: values in, strings out. It prints nothing, asks nobody and reads no clock.

mod compare;
mod explain;
mod import;
mod journal;
mod keys;
mod lists;
mod qr;
mod redact;
mod report;
mod setup;
mod status;
mod table;

pub use compare::report_changes;
pub use explain::{explain_json, explain_text};
pub use import::{offers_json, offers_text};
pub use journal::{journal_json, journal_text};
pub use keys::imported_text;
pub use lists::{
    BastionView, HostKeyView, KeyView, TrustView, TunnelView, bastion_json, bastion_text, bastion_values,
    bastions_json, bastions_text, key_json, key_text, keys_json, keys_text, rotation_json, trials_text, trust_json,
    trust_text, tunnel_json, tunnel_text, tunnel_values, tunnels_json, tunnels_text,
};
pub use qr::{Qr, TooLong};
pub use redact::report_redacted;
pub use report::{finding_text, report_json, report_text, report_verdict};
pub use setup::{packet_json, receipt_json, receipt_text, script_json};
pub use status::{WatchMark, fault_words, status_json, status_text, tunnel_line_json, up_line, watch_line, watch_mark};
pub use table::Table;

/// The version of every JSON document.
pub const JSON_VERSION: u32 = 1;

/// A JSON document: the version first, then the fields given.
#[must_use]
pub fn document(fields: impl IntoIterator<Item = (&'static str, serde_json::Value)>) -> String {
    let fields = fields.into_iter().map(|(name, value)| format!(",\"{name}\":{value}"));
    format!("{{\"version\":{JSON_VERSION}{}}}", fields.collect::<String>())
}

/// A value as JSON. Our own types always are; what could not be is null rather than a panic.
pub(super) fn json<T: serde::Serialize>(value: &T) -> serde_json::Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// A time as people read it.
fn milliseconds(ms: f64) -> String {
    if ms >= 1000.0 {
        format!("{:.1} s", ms / 1000.0)
    } else if ms >= 10.0 {
        format!("{ms:.0} ms")
    } else {
        format!("{ms:.1} ms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_begin_with_their_version() {
        assert_eq!(document([("a", json(&1)), ("b", json(&"x\"y"))]), r#"{"version":1,"a":1,"b":"x\"y"}"#);
        assert_eq!(document([]), r#"{"version":1}"#);
    }
}
