//! The edge towards other servers, behind features that only add items.
//!
//! What lives here opens sockets and waits, which no room does. The rooms know traits alone and are
//! handed what is made here.

pub mod redis_window;
