//! The check sum that POSIX `cksum` prints: it guards against accidents, not against anybody.

/// CRC-32 with the polynomial 0x04C11DB7 over the bytes and then over their number, inverted (POSIX, `cksum`, DESCRIPTION).
pub(super) fn cksum(bytes: &[u8]) -> u32 {
    let mut crc = bytes.iter().fold(0, |crc, byte| add(crc, *byte));
    let mut length = bytes.len();
    while length > 0 {
        crc = add(crc, u8::try_from(length & 0xff).unwrap_or_default());
        length >>= 8;
    }
    !crc
}

fn add(crc: u32, byte: u8) -> u32 {
    (0..8).fold(crc ^ u32::from(byte) << 24, |crc, _| if crc >> 31 == 1 { crc << 1 ^ 0x04C1_1DB7 } else { crc << 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_the_tool_prints() {
        // As `printf %s … | cksum` prints them.
        assert_eq!(cksum(b""), 4_294_967_295);
        assert_eq!(cksum(b"123456789"), 930_766_865);
        assert_eq!(cksum(&[b'a'; 300]), 1_664_553_091);
    }
}
