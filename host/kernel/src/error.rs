/// What sort of failure an error is: what its caller can do about it.
///
/// Every error enum of the host has a `kind()`; the edge maps kinds to HTTP statuses in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The input is wrong; sending it again will not help.
    Invalid,
    /// Nobody signed in, or the credentials are not valid.
    Unauthenticated,
    /// Policy or a missing grant refuses.
    Denied,
    /// There is no such thing.
    NotFound,
    /// The state does not allow it now.
    Conflict,
    /// The input is larger than a limit.
    TooLarge,
    /// Too many at once; later may work.
    Overloaded,
    /// It took longer than allowed.
    Timeout,
    /// A guest misbehaved: it trapped, or answered with something that is not a response.
    Guest,
    /// A part that is needed does not answer; later may work.
    Unavailable,
    /// A fault of ours.
    Internal,
}

/// An error with its causes, in one line: the top one alone often says little.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
