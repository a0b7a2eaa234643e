//! JSON inside a JSON string, written in one pass.
//!
//! Two thirds of a row are JSON text inside text. Writing that text first and quoting it afterwards
//! looks at every octet twice; this formatter writes each quote and each escape as it reads inside
//! the outer string.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{CharEscape, Formatter};

/// Appends the JSON text of `value` as a JSON string.
pub(super) fn append(to: &mut Vec<u8>, value: &impl Serialize) -> io::Result<()> {
    to.push(b'"');
    append_inside(to, value)?;
    to.push(b'"');
    Ok(())
}

/// Appends the JSON text of `value` as a part of a JSON string.
pub(super) fn append_inside(to: &mut Vec<u8>, value: &impl Serialize) -> io::Result<()> {
    Ok(value.serialize(&mut Serializer::with_formatter(to, Embedded))?)
}

struct Embedded;

impl Formatter for Embedded {
    fn begin_string<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        to.write_all(b"\\\"")
    }

    fn end_string<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        to.write_all(b"\\\"")
    }

    fn write_char_escape<W: ?Sized + Write>(
        &mut self,
        to: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        // The inner escape, with its own quotes and backslashes escaped once more.
        match escape {
            CharEscape::Quote => to.write_all(br#"\\\""#),
            CharEscape::ReverseSolidus => to.write_all(br"\\\\"),
            CharEscape::Solidus => to.write_all(br"\\/"),
            CharEscape::Backspace => to.write_all(br"\\b"),
            CharEscape::FormFeed => to.write_all(br"\\f"),
            CharEscape::LineFeed => to.write_all(br"\\n"),
            CharEscape::CarriageReturn => to.write_all(br"\\r"),
            CharEscape::Tab => to.write_all(br"\\t"),
            CharEscape::AsciiControl(octet) => write!(to, r"\\u{octet:04x}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_comes_out_as_quoting_afterwards_would_write_it() {
        let all: String = (0_u32..0x300).filter_map(char::from_u32).chain("€𝄞".chars()).collect();
        for text in [all.as_str(), "", "\\\"", "\"\\\"\n\u{1}"] {
            let value = serde_json::json!({ "text": text, text: [1, true, null, 0.5] });
            let inner = serde_json::to_string(&value).unwrap();
            let mut once = Vec::new();
            append(&mut once, &value).unwrap();
            assert_eq!(String::from_utf8(once).unwrap(), serde_json::to_string(&inner).unwrap());
        }
    }
}
