use crate::{Exchange, Result};

/// What a hook decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The request goes on.
    Continue = 0,
    /// The request ends with the reply that the hook has set.
    Respond = 1,
}

/// What a handler may return: a [`Verdict`], or a [`Result`] with one.
pub trait Outcome {
    /// Returns the verdict, or ends the hook.
    #[doc(hidden)]
    fn verdict(self, x: &Exchange) -> Verdict;
}

impl Outcome for Verdict {
    fn verdict(self, _: &Exchange) -> Verdict {
        self
    }
}

impl Outcome for Result<Verdict> {
    fn verdict(self, x: &Exchange) -> Verdict {
        match self {
            Ok(v) => v,
            Err(e) => x.fail(e.as_str()),
        }
    }
}
