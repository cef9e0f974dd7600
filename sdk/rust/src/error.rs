use core::fmt;

/// An error of a host function. Edits that fail have no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// There is no such value.
    NotFound,
    /// Pointer and length leave the memory.
    Fault,
    /// Not a valid name, value, status, JSON text, and so on.
    Invalid,
    /// This part cannot be edited in this hook.
    ReadOnly,
    /// A limit is exceeded.
    Limit,
    /// The body was not buffered for this hook.
    Streamed,
    /// No hook is running.
    NoCall,
    /// The key, URL, address or name was not granted.
    Denied,
    /// The store or the network did not answer as it should.
    Unavailable,
    /// The deadline of the hook passed.
    Timeout,
    /// A code that this version of the crate does not know.
    Other(i32),
}

/// What most functions of this crate return.
pub type Result<T> = core::result::Result<T, Error>;

impl Error {
    /// Describes the error.
    pub const fn as_str(self) -> &'static str {
        match self {
            Error::NotFound => "not found",
            Error::Fault => "pointer outside of the memory",
            Error::Invalid => "invalid argument",
            Error::ReadOnly => "cannot be edited in this hook",
            Error::Limit => "limit exceeded",
            Error::Streamed => "body was not buffered",
            Error::NoCall => "no hook is running",
            Error::Denied => "not granted",
            Error::Unavailable => "store or server did not answer",
            Error::Timeout => "the deadline passed",
            Error::Other(_) => "unknown error",
        }
    }

    /// Returns the number of the ABI for the error.
    pub const fn code(self) -> i32 {
        match self {
            Error::NotFound => -1,
            Error::Fault => -2,
            Error::Invalid => -3,
            Error::ReadOnly => -4,
            Error::Limit => -5,
            Error::Streamed => -6,
            Error::NoCall => -7,
            Error::Denied => -8,
            Error::Unavailable => -9,
            Error::Timeout => -10,
            Error::Other(code) => code,
        }
    }

    fn of(code: i32) -> Error {
        match code {
            -1 => Error::NotFound,
            -2 => Error::Fault,
            -3 => Error::Invalid,
            -4 => Error::ReadOnly,
            -5 => Error::Limit,
            -6 => Error::Streamed,
            -7 => Error::NoCall,
            -8 => Error::Denied,
            -9 => Error::Unavailable,
            -10 => Error::Timeout,
            code => Error::Other(code),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl std::error::Error for Error {}

/// Returns the length that a result is, or the error.
pub(crate) fn length(result: i32) -> Result<usize> {
    if result < 0 {
        return Err(Error::of(result));
    }
    Ok(result as usize)
}

/// Returns the error of a result.
pub(crate) fn check(result: i32) -> Result<()> {
    length(result).map(|_| ())
}
