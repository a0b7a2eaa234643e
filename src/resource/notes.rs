//! Notes: the smallest thing a resource server keeps, so that a request can have a body that matters.
//!
//! # Simulated
//! Stands for whatever real services let a client write. A server remembers the newest notes of all
//! users; servers behind one name do not share them.

use std::collections::VecDeque;

use super::AccessError;
use crate::wire::Request;
use crate::wire::form::Form;

/// The field of the form that carries a note.
const FIELD: &str = "note";
/// How many notes a server keeps, of all users together; older ones are dropped.
const KEPT: usize = 64;
/// A note may be this long, in octets.
const MAX_NOTE: usize = 256;

/// The newest notes, oldest first, each with the user it belongs to.
#[derive(Debug, Default)]
pub(super) struct Notes {
    kept: VecDeque<(String, String)>,
}

impl Notes {
    /// Keeps the note in the form of a request and gives it back.
    pub(super) fn write(&mut self, user: &str, request: &Request) -> Result<String, AccessError> {
        let form = Form::parse(request.body()).map_err(|_| AccessError::NoteMalformed)?;
        let note = form.required(FIELD).map_err(|_| AccessError::NoteMalformed)?;
        if note.is_empty() || note.len() > MAX_NOTE || note.chars().any(char::is_control) {
            return Err(AccessError::NoteMalformed);
        }
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back((user.to_owned(), note.clone()));
        Ok(note)
    }

    /// The notes of a user, one a line.
    pub(super) fn of(&self, user: &str) -> String {
        let own = self.kept.iter().filter(|(owner, _)| owner == user);
        own.map(|(_, note)| format!("{note}\n")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(text: &str) -> Request {
        Request::new(Form::default().with(FIELD, text).encode().into_bytes())
    }

    #[test]
    fn each_user_reads_her_own_and_the_memory_is_bounded() {
        let mut notes = Notes::default();
        for at in 0..KEPT {
            notes.write("alice", &note(&format!("note {at}"))).unwrap();
        }
        notes.write("bob", &note("his")).unwrap();
        assert_eq!(notes.of("bob"), "his\n");
        assert_eq!(notes.of("alice").lines().count(), KEPT - 1);
        assert!(notes.of("alice").starts_with("note 1\n"));
    }

    #[test]
    fn a_note_is_one_line_of_text() {
        let mut notes = Notes::default();
        let long = "a".repeat(MAX_NOTE + 1);
        let other = Request::new(b"text=a".to_vec());
        for bad in [note(""), note("two\nlines"), note(&long), other] {
            assert_eq!(notes.write("alice", &bad), Err(AccessError::NoteMalformed));
        }
        assert!(notes.of("alice").is_empty());
        assert!(notes.write("alice", &note(&long[1..])).is_ok());
    }
}
