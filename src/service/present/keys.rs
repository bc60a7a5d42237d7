//! What is said of keys that were brought, in sentences for the shell and the screen alike.

use crate::model::Untrusted;
use crate::ssh::keystore::{Brought, Imported, Source};

/// Below this an RSA key is refused by many servers (sshd_config(5), `RequiredRSASize`) and trusted by few people.
const SHORT_RSA: u32 = 2048;

/// What an import did, what was mended on the way, and what stays behind: the news first.
#[must_use]
pub fn imported_text(brought: &Brought, imported: &Imported) -> Vec<String> {
    let info = &imported.info;
    let kept = if info.encrypted { "which keeps its passphrase" } else { "which has no passphrase" };
    let mut lines = vec![format!(
        "imported the {} key {} ({} bits, {}), {kept}",
        info.key_type, info.name, info.bits, info.fingerprint
    )];
    if !brought.mended().is_empty() {
        let list: Vec<&str> = brought.mended().iter().map(|mended| mended.words()).collect();
        lines.push(format!("mended in adit's copy: {}", list.join("; ")));
    }
    if let Source::File(path) = brought.source() {
        let path = Untrusted::new(path.display().to_string()).clean(400);
        lines.push(match brought.open_to_others() {
            Some(mode) => format!(
                "{path} still lies there untouched, and others on this machine may read it (mode {mode:04o}): remove it or \
                 close it with chmod 600, and think about a new key"
            ),
            None => format!("{path} still lies there untouched; remove it if nothing else needs it"),
        });
    }
    if info.key_type == "rsa" && info.bits < SHORT_RSA {
        lines.push(format!(
            "an RSA key of {} bits is weak, and many servers refuse it: adit key new makes a better one",
            info.bits
        ));
    }
    lines.extend(imported.same_as.iter().map(|other| format!("it is the same key as {other}")));
    lines
}
