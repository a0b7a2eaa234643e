//! `tplab`: the command. It reads arguments and files, prints, and leaves the rest to the library.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
