//! The one module that talks to people: results go to standard output, everything else to standard error.

use std::io::IsTerminal as _;

/// Prints a result.
pub fn result(line: impl std::fmt::Display) {
    use std::io::Write as _;
    // A reader that has gone, as `head` does, is no error of ours.
    drop(writeln!(std::io::stdout().lock(), "{line}"));
}

/// Prints a part of a result that brings its own line ends.
pub fn text(part: &str) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    drop(out.write_all(part.as_bytes()).and_then(|()| out.flush()));
}

/// Prints what is going on.
pub fn note(line: impl std::fmt::Display) {
    use std::io::Write as _;
    drop(writeln!(std::io::stderr().lock(), "{line}"));
}

/// Whether somebody watches: only then is a bar drawn.
#[must_use]
pub fn somebody_watches() -> bool {
    std::io::stderr().is_terminal()
}

/// Whether results go to a terminal, and not into a file or another program.
#[must_use]
pub fn somebody_reads() -> bool {
    std::io::stdout().is_terminal()
}

/// Asks a question; the answer comes on the same line.
pub fn ask(question: &str) {
    use std::io::Write as _;
    let mut stderr = std::io::stderr().lock();
    drop(write!(stderr, "{question}").and_then(|()| stderr.flush()));
}
