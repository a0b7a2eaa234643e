//! `tplab`: the command.

fn main() {}
