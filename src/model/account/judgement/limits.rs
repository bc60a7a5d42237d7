//! The limits that a line sets by itself: whence a login may come, and until when. It finds and mends nothing.

use super::Case;
use crate::model::authorized_key::{Admission, KeyLine, admits};

/// The line admits none of our addresses, as far as they are known.
pub(super) fn is_kept_out(case: &Case<'_>, line: &KeyLine) -> bool {
    let Some(list) = &line.options.from else { return false };
    let names = case.facts.settings.is_on("usedns");
    case.expected
        .from
        .iter()
        .any(|address| matches!(admits(list, *address, names), Admission::No | Admission::Invalid(_)))
}

/// The line's time is over, by the bastion's clock and zone.
pub(super) fn is_over(case: &Case<'_>, line: &KeyLine) -> bool {
    let end = line.options.expiry.as_ref().and_then(|expiry| expiry.instant(case.facts.zone));
    end.is_some_and(|end| end < case.now())
}
