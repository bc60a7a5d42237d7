//! Elasticsearch and OpenSearch: asks for the front page, which names product and version or demands a login. It sends no
//! password and follows no redirect.

use super::cursor::find;
use super::{Heard, Reply, Tls, Turn, clean, http, version};
use crate::model::fault::Code;

fn speaks(product: &str, version: Option<String>, note: Option<&str>) -> Heard {
    let note = note.map(str::to_owned);
    Heard::know(Reply::Speaks { product: product.to_owned(), version, tls: Tls::No, note })
}

pub(super) fn read(turn: Turn<'_>) -> Heard {
    let answer = match http::read(turn.said) {
        http::Heard::More => return Heard::More,
        http::Heard::Foreign => return Heard::Foreign,
        http::Heard::Head(answer) => answer,
    };
    let is_elastic = answer.has_header("x-elastic-product");
    let says = |words: &[u8]| find(answer.body, words).is_some();
    let is_open = says(b"opensearch") || says(b"OpenSearch");
    let product = match (is_elastic, is_open) {
        (true, _) => "Elasticsearch",
        (false, true) => "OpenSearch",
        (false, false) if says(b"You Know, for Search") || says(b"lucene_version") => "Elasticsearch",
        (false, false) => "",
    };
    if answer.wants_tls() {
        return Heard::Settle(Reply::Refused { code: Code::TlsRequired, text: clean(answer.body) });
    }
    match answer.status {
        200 => match answer.json_text("number").and_then(version) {
            // The name stands before the version in one product and after it in the other.
            Some(version) if !product.is_empty() || answer.is_whole() => {
                let product = if product.is_empty() { "Elasticsearch" } else { product };
                speaks(product, Some(version), None)
            }
            None if is_elastic && answer.is_whole() => speaks(product, None, None),
            None if answer.is_whole() => Heard::Foreign,
            Some(_) | None => Heard::More,
        },
        401 | 403 => {
            let realm = answer.header("www-authenticate").unwrap_or_default();
            let product = if is_elastic || find(realm, b"realm=\"security\"").is_some() {
                "Elasticsearch"
            } else if find(realm, b"OpenSearch").is_some() || find(realm, b"Open Distro").is_some() {
                "OpenSearch"
            } else {
                "a web server that could be Elasticsearch or OpenSearch"
            };
            speaks(product, None, Some("it asks for a login"))
        }
        429 => Heard::Settle(Reply::Refused { code: Code::TooManyConnections, text: clean(answer.body) }),
        503 if !product.is_empty() || says(b"not initialized") => {
            Heard::Settle(Reply::Refused { code: Code::StartingUp, text: clean(answer.body) })
        }
        503 if !answer.is_whole() => Heard::More,
        _ if is_elastic => speaks(product, None, Some("it did not show its front page")),
        _ if answer.is_whole() && !product.is_empty() => speaks(product, None, Some("it did not show its front page")),
        _ => Heard::Foreign,
    }
}
