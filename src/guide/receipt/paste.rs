//! Finds the block of a receipt in a paste, and takes its writing apart. It knows nothing of what the facts mean.

use super::ReceiptError;
use crate::guide::sum::cksum;

/// More than anybody pastes by intent.
pub const LONGEST_PASTE: usize = 1 << 20;

const BEGIN: &str = "adit-receipt-1-begin";
const END: &str = "adit-receipt-1-end";
const SUM: &str = "cksum=";

/// The block without its sum, if exactly one is there and unaltered.
pub(super) fn find(text: &str) -> Result<String, ReceiptError> {
    if text.len() > LONGEST_PASTE {
        return Err(ReceiptError::TooLong);
    }
    let solid = solid(text);
    if solid.is_empty() {
        return Err(ReceiptError::Empty);
    }
    let mut found: Vec<String> = Vec::new();
    let mut altered = false;
    for piece in solid.split(BEGIN).skip(1) {
        let Some((inside, _)) = piece.split_once(END) else { continue };
        match summed(inside) {
            Some(block) if !found.iter().any(|known| known == block) => found.push(block.to_owned()),
            Some(_) => {}
            None => altered = true,
        }
    }
    match found.len() {
        1 => Ok(found.swap_remove(0)),
        0 if altered => Err(ReceiptError::Altered),
        0 if solid.contains(BEGIN) => Err(ReceiptError::Half { missing: "end" }),
        0 if solid.contains(END) => Err(ReceiptError::Half { missing: "beginning" }),
        0 if is_other_version(&solid) => Err(ReceiptError::Version),
        0 => Err(ReceiptError::Absent),
        count => Err(ReceiptError::Several { count }),
    }
}

/// The text without white space, without what cannot be seen, and without the marks that quote a line.
fn solid(text: &str) -> String {
    let unseen =
        |c: char| c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' | '\0');
    let mut out = String::with_capacity(text.len().min(8192));
    for line in text.split(['\n', '\r']) {
        let line = line.trim_start_matches(|c: char| unseen(c) || c == '>' || c == '|');
        out.extend(line.chars().filter(|c| !unseen(*c)));
    }
    out
}

/// What stands before the sum, if the sum fits.
fn summed(inside: &str) -> Option<&str> {
    let (block, number) = inside.rsplit_once(SUM)?;
    let number: u32 = number.strip_suffix(';')?.parse().ok()?;
    (cksum(block.as_bytes()) == number).then_some(block)
}

fn is_other_version(solid: &str) -> bool {
    solid.split("adit-receipt-").skip(1).any(|rest| {
        let digits = rest.chars().take_while(char::is_ascii_digit).count();
        digits > 0 && rest.get(digits..).is_some_and(|rest| rest.starts_with("-begin"))
    })
}

/// A value as it was before it was written down: `+` is a blank, `%41` a byte. A line's end in it becomes visible.
pub(super) fn decode(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some(c) = rest.chars().next() {
        let (byte, length) = match c {
            '+' => (Some(b' '), 1),
            '%' => match rest.get(1..3).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
                Some(byte) => (Some(byte), 3),
                None => (Some(b'%'), 1),
            },
            _ => (None, c.len_utf8()),
        };
        let (taken, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
        match byte {
            Some(b'\n' | b'\r') => bytes.push(b'?'),
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(taken.as_bytes()),
        }
        rest = behind;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `d750+ 0 1001 p /home` as the look writes it: `drwxr-x---+ 0 1001 p /home`.
pub(super) fn place(value: &str) -> Option<String> {
    let (bits, rest) = value.split_once(' ')?;
    let mut chars = bits.chars();
    let mut out = String::from(chars.next()?);
    for _ in 0..3 {
        let digit = chars.next()?.to_digit(8)?;
        for (bit, letter) in [(4, 'r'), (2, 'w'), (1, 'x')] {
            out.push(if digit & bit == 0 { '-' } else { letter });
        }
    }
    out.push_str(chars.as_str());
    Some(format!("{out} {rest}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn receipt(block: &str) -> String {
        format!("{BEGIN}\n{block}{SUM}{};\n{END}\n", cksum(block.as_bytes()))
    }

    #[test]
    fn what_mail_and_chat_do_to_it_does_no_harm() {
        let block = "bastion=prod;user=adit;key=SHA256:abc%2B;sight=root;p=d755+0+0+-+/;";
        let plain = receipt(block);
        let folded: String =
            plain.chars().collect::<Vec<_>>().chunks(17).map(|part| part.iter().collect::<String>() + "\n").collect();
        for text in [
            plain.clone(),
            plain.replace('\n', "\r\n"),
            plain.replace('\n', " \t \u{a0}\n"),
            format!("Hello,\n\nhere it is:\n```\n{plain}```\nBye\n"),
            plain.lines().map(|line| format!("> > {line}\n")).collect(),
            plain.lines().map(|line| format!(">>{line}\n")).collect(),
            folded.lines().map(|line| format!("  > {line}  \n")).collect(),
            folded,
            plain.replace('\n', ""),
            plain.replace("user", "us\u{200b}er"),
            format!("\u{feff}{plain}"),
            format!("{plain}\n> {}", plain.replace('\n', "\n> ")),
        ] {
            assert_eq!(find(&text).as_deref(), Ok(block), "{text}");
        }
    }

    #[test]
    fn what_is_no_receipt_is_named() {
        let (one, two) = (receipt("bastion=a;"), receipt("bastion=b;"));
        assert_eq!(find(""), Err(ReceiptError::Empty));
        assert_eq!(find(" \n\u{a0}"), Err(ReceiptError::Empty));
        assert_eq!(find("hello"), Err(ReceiptError::Absent));
        assert_eq!(find(&"x".repeat(LONGEST_PASTE + 1)), Err(ReceiptError::TooLong));
        assert_eq!(find(&one.replace(END, "")), Err(ReceiptError::Half { missing: "end" }));
        assert_eq!(find(&one.replace(BEGIN, "")), Err(ReceiptError::Half { missing: "beginning" }));
        assert_eq!(find(&one.replace("=a", "=c")), Err(ReceiptError::Altered));
        assert_eq!(find(&one.replace("a;", "a;!")), Err(ReceiptError::Altered));
        assert_eq!(find(&one.replace(SUM, "sum=")), Err(ReceiptError::Altered));
        assert_eq!(find(&one.replace("receipt-1", "receipt-22")), Err(ReceiptError::Version));
        assert_eq!(find(&format!("{one}{two}")), Err(ReceiptError::Several { count: 2 }));
        // The half of an older one before the whole one.
        assert_eq!(find(&format!("{}{two}", one.replace(END, ""))).as_deref(), Ok("bastion=b;"));
    }

    #[test]
    fn values_come_back_as_they_were() {
        assert_eq!(decode("a+b%2Bc%20%C3%A9%zz%"), "a b+c \u{e9}%zz%");
        assert_eq!(decode("a%0Ab%0d"), "a?b?");
        assert_eq!(place("d750+ 0 1001 p /a b").as_deref(), Some("drwxr-x---+ 0 1001 p /a b"));
        assert_eq!(place("-604 0 0 - /a").as_deref(), Some("-rw----r-- 0 0 - /a"));
        for bad in ["", "d75", "d75 0", "d798 0 0 - /", "d"] {
            assert_eq!(place(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,200}") {
            let _ = find(&text);
            let _ = find(&format!("{BEGIN}{text}{END}"));
            let _ = decode(&text);
            let _ = place(&text);
        }

        #[test]
        fn every_wrapping_is_read(width in 1_usize..120, mark in "[> |]{0,4}") {
            let plain = receipt("bastion=prod;user=adit;key=SHA256:abc%2Bdef;sight=root;p=d755+0+0+-+/;");
            let chars: Vec<char> = plain.chars().filter(|c| *c != '\n').collect();
            let text: String = chars.chunks(width).map(|part| format!("{mark}{} \n", part.iter().collect::<String>())).collect();
            prop_assert!(find(&text).is_ok(), "{}", text);
        }
    }
}
