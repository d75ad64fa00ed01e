//! The PDUs of SMPP 3.4 that a sender needs (chapter 4), as bytes. Personal data: nothing here has `Debug`.

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Command ids, 5.1.2.1; a response has the highest bit.
pub(crate) mod id {
    pub(crate) const GENERIC_NACK: u32 = 0x8000_0000;
    pub(crate) const SUBMIT_SM: u32 = 0x0000_0004;
    pub(crate) const DELIVER_SM: u32 = 0x0000_0005;
    pub(crate) const UNBIND: u32 = 0x0000_0006;
    pub(crate) const BIND_TRANSCEIVER: u32 = 0x0000_0009;
    pub(crate) const ENQUIRE_LINK: u32 = 0x0000_0015;
    pub(crate) const RESPONSE: u32 = 0x8000_0000;
}

/// `ESME_RINVCMDID`: a command that is none of ours.
pub(crate) const INVALID_COMMAND: u32 = 0x0000_0003;
/// `ESME_RX_T_APPN`: a receipt that can't be kept now; the SMSC comes again.
pub(crate) const TRY_AGAIN: u32 = 0x0000_0064;

const HEADER: usize = 16;
/// A `deliver_sm` has 64 KiB of optional parameters at most that anybody sends; what says that it is longer is none.
const LONGEST: usize = 64 << 10;

/// A PDU as it goes over the wire.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub id: u32,
    pub status: u32,
    pub sequence: u32,
    pub body: Vec<u8>,
}

/// Who binds.
pub(crate) struct Bind<'a> {
    pub system_id: &'a str,
    pub password: &'a str,
    pub system_type: &'a str,
}

/// A message, or a part of one.
pub(crate) struct Submit<'a> {
    pub source: &'a str,
    /// Digits of an international number, without `+`.
    pub destination: &'a str,
    /// It begins with a user data header.
    pub has_header: bool,
    pub data_coding: u8,
    /// 254 bytes at most.
    pub text: &'a [u8],
}

/// What came from the SMSC for us.
pub(crate) struct Delivered {
    pub esm_class: u8,
    /// `short_message`, or `message_payload`.
    pub text: Vec<u8>,
    /// `receipted_message_id`
    pub receipted: Option<String>,
    /// `message_state`
    pub state: Option<u8>,
}

/// Bytes that are no PDU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a PDU: {0}")]
pub(crate) struct Malformed(pub &'static str);

// === impl Frame ===

impl Frame {
    pub(crate) fn new(id: u32, status: u32, sequence: u32, body: Vec<u8>) -> Self {
        Self { id, status, sequence, body }
    }

    pub(crate) fn is_response(&self) -> bool {
        self.id & id::RESPONSE != 0
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let length = u32::try_from(HEADER + self.body.len()).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(HEADER + self.body.len());
        for number in [length, self.id, self.status, self.sequence] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// Reads one; an error is the end of the connection.
    pub(crate) async fn read(from: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Self> {
        let mut header = [0; HEADER];
        from.read_exact(&mut header).await?;
        let [length, id, status, sequence] = words(&header);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if !(HEADER..=LONGEST).contains(&length) {
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, Malformed("its length")));
        }
        let mut body = vec![0; length - HEADER];
        from.read_exact(&mut body).await?;
        Ok(Self { id, status, sequence, body })
    }
}

fn words(header: &[u8; HEADER]) -> [u32; 4] {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(header.as_chunks::<4>().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    words
}

// === impl Bind ===

impl Bind<'_> {
    /// `bind_transceiver`, 4.1.5.
    pub(crate) fn to_body(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for text in [self.system_id, self.password, self.system_type] {
            c_octets(&mut body, text);
        }
        // interface_version 3.4, addr_ton, addr_npi, address_range
        body.extend_from_slice(&[0x34, 0, 0, 0]);
        body
    }
}

// === impl Submit ===

impl Submit<'_> {
    /// `submit_sm`, 4.4.1.
    pub(crate) fn to_body(&self) -> Vec<u8> {
        let mut body = vec![0];
        let digits = self.source.strip_prefix('+').unwrap_or(self.source);
        let (ton, npi) = match self.source {
            "" => (0, 0),
            _ if !digits.bytes().all(|byte| byte.is_ascii_digit()) => (5, 0),
            source if source.starts_with('+') => (1, 1),
            // A short code, or a number as the SMSC's network has it.
            _ => (0, 1),
        };
        body.extend_from_slice(&[ton, npi]);
        c_octets(&mut body, digits);
        // International, ISDN.
        body.extend_from_slice(&[1, 1]);
        c_octets(&mut body, self.destination);
        let esm_class = if self.has_header { 0x40 } else { 0 };
        // esm_class, protocol_id, priority_flag, schedule_delivery_time, validity_period
        body.extend_from_slice(&[esm_class, 0, 0, 0, 0]);
        // registered_delivery: a receipt for success and failure; replace_if_present_flag
        body.extend_from_slice(&[1, 0, self.data_coding, 0]);
        let length = u8::try_from(self.text.len()).unwrap_or(u8::MAX);
        body.push(length);
        body.extend(self.text.iter().take(length.into()));
        body
    }
}

// === impl Delivered ===

impl Delivered {
    /// `deliver_sm`, 4.6.1.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Malformed> {
        let mut rest = Reader(body);
        rest.c_octets(6, "service_type")?;
        for (octets, most, what) in [(2, 21, "source_addr"), (2, 21, "destination_addr")] {
            rest.take(octets, what)?;
            rest.c_octets(most, what)?;
        }
        let esm_class = rest.octet("esm_class")?;
        rest.take(2, "protocol_id")?;
        rest.c_octets(17, "schedule_delivery_time")?;
        rest.c_octets(17, "validity_period")?;
        rest.take(4, "registered_delivery")?;
        let length = rest.octet("sm_length")?;
        let text = rest.take(length.into(), "short_message")?.to_vec();
        let mut delivered = Self { esm_class, text, receipted: None, state: None };
        while !rest.0.is_empty() {
            let (tag, value) = rest.tlv()?;
            match tag {
                // message_payload, receipted_message_id, message_state
                0x0424 => delivered.text = value.to_vec(),
                0x001e => delivered.receipted = Some(Reader(value).c_octets(65, "receipted_message_id")?),
                0x0427 => delivered.state = value.first().copied(),
                _ => {}
            }
        }
        Ok(delivered)
    }

    /// An SMSC delivery receipt, 5.2.12; else a message of somebody's.
    pub(crate) fn is_receipt(&self) -> bool {
        self.esm_class & 0b0011_1100 == 0b0000_0100
    }
}

/// The `message_id` of a `submit_sm_resp`, 4.4.2.
pub(crate) fn message_id(body: &[u8]) -> Result<String, Malformed> {
    Reader(body).c_octets(65, "message_id")
}

/// The `message_id` that a `deliver_sm_resp` has: none, 4.6.2.
pub(crate) fn no_message_id() -> Vec<u8> {
    vec![0]
}

fn c_octets(body: &mut Vec<u8>, text: &str) {
    body.extend(text.bytes().filter(|byte| *byte != 0));
    body.push(0);
}

/// What is left of a body.
struct Reader<'a>(&'a [u8]);

// === impl Reader ===

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize, what: &'static str) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Malformed(what))?;
        self.0 = rest;
        Ok(taken)
    }

    fn octet(&mut self, what: &'static str) -> Result<u8, Malformed> {
        self.take(1, what)?.first().copied().ok_or(Malformed(what))
    }

    /// A C-octet string of so many octets at most, with its NUL.
    fn c_octets(&mut self, most: usize, what: &'static str) -> Result<String, Malformed> {
        let end = self.0.iter().take(most).position(|octet| *octet == 0).ok_or(Malformed(what))?;
        let text = self.take(end, what)?;
        self.take(1, what)?;
        String::from_utf8(text.to_vec()).map_err(|_| Malformed(what))
    }

    fn tlv(&mut self) -> Result<(u16, &'a [u8]), Malformed> {
        let mut number = || {
            let two = self.take(2, "an optional parameter")?;
            Ok(two.iter().fold(0_u16, |number, octet| number << 8 | u16::from(*octet)))
        };
        let (tag, length) = (number()?, number()?);
        Ok((tag, self.take(length.into(), "an optional parameter")?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[tokio::test]
    async fn a_pdu_is_read_back_and_what_says_it_is_too_long_is_none() {
        let frame = Frame::new(id::SUBMIT_SM, 0, 7, vec![1, 2, 3]);
        let bytes = frame.to_bytes();
        assert_eq!(bytes[..4], [0, 0, 0, 19]);
        assert!(Frame::read(&mut bytes.as_slice()).await.unwrap() == frame);
        for length in [0_u32, 15, 64 * 1024 + 1, u32::MAX] {
            let mut wrong = bytes.clone();
            wrong[..4].copy_from_slice(&length.to_be_bytes());
            let error = Frame::read(&mut wrong.as_slice()).await.err().unwrap();
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidData, "{length}");
        }
        assert!(Frame::read(&mut &bytes[..18]).await.is_err(), "cut off");
    }

    /// A receipt as SMSCs send it, with its optional parameters.
    fn receipt(text: &[u8], more: &[u8]) -> Vec<u8> {
        let head = b"\0\x01\x018613800138123\0\0\x0110690\0\x04\0\0\0\0\0\0\0\0";
        [head.as_slice(), &[u8::try_from(text.len()).unwrap()], text, more].concat()
    }

    #[test]
    fn a_receipt_is_read_with_and_without_optional_parameters() {
        let plain = Delivered::parse(&receipt(b"id:7 stat:DELIVRD", b"")).ok().unwrap();
        assert!(plain.is_receipt() && plain.text == b"id:7 stat:DELIVRD" && plain.receipted.is_none());
        let more = b"\x00\x1e\x00\x02\x37\x00\x04\x27\x00\x01\x02\x15\x00\x00\x01\x09";
        let full = Delivered::parse(&receipt(b"", more)).ok().unwrap();
        assert_eq!((full.receipted.as_deref(), full.state), (Some("7"), Some(2)));
        let whole = receipt(b"id:7", more);
        for cut in [whole.len() - 1, 40, 20, 1, 0] {
            assert!(Delivered::parse(&whole[..cut]).is_err(), "{cut} octets");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Delivered::parse(&body);
            let _ = message_id(&body);
        }
    }
}
