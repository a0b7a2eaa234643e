//! Files and standard input, bounded and as UTF-8, with or without a byte order mark.

use std::fs::File;
use std::io::Read;

use super::failure::Failure;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// Reads a whole file of at most `most` octets as text.
pub(crate) fn read_file(path: &str, most: usize) -> Result<String, Failure> {
    let refuse = |why: String| Failure::File { path: path.to_owned(), why };
    let file = File::open(path).map_err(|error| refuse(in_words(&error)))?;
    if file.metadata().is_ok_and(|facts| facts.is_dir()) {
        return Err(refuse("is a directory, and a file is wanted".to_owned()));
    }
    read(file, most).map_err(refuse)
}

/// Reads standard input to its end, at most `most` octets, as text.
pub(crate) fn read_stdin(most: usize) -> Result<String, Failure> {
    read(std::io::stdin().lock(), most).map_err(Failure::Input)
}

fn read(from: impl Read, most: usize) -> Result<String, String> {
    let mut octets = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    from.take(limit).read_to_end(&mut octets).map_err(|error| in_words(&error))?;
    if octets.len() > most {
        return Err(format!("longer than {most} octets"));
    }
    let mut text = String::from_utf8(octets).map_err(|error| {
        format!("not UTF-8 text, from octet {} on", error.utf8_error().valid_up_to() + 1)
    })?;
    // Windows PowerShell puts a byte order mark before every file it writes as UTF-8.
    if text.starts_with(BYTE_ORDER_MARK) {
        text.drain(..BYTE_ORDER_MARK.len_utf8());
    }
    Ok(text)
}

/// The system's words, without its error number.
pub(crate) fn in_words(error: &std::io::Error) -> String {
    let words = error.to_string();
    let end = words.find(" (os error").unwrap_or(words.len());
    words.get(..end).unwrap_or_default().to_lowercase()
}
