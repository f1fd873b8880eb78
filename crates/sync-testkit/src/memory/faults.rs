//! Failing on cue.

use std::collections::BTreeMap;
use std::fmt;

use sync_core::StoreError;

/// What a fake is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// [`JobStore::start`](sync_core::JobStore::start)
    Start,
    /// [`JobStore::claim`](sync_core::JobStore::claim)
    Claim,
    /// [`JobStore::apply`](sync_core::JobStore::apply)
    Apply,
    /// [`JobStore::unlink`](sync_core::JobStore::unlink)
    Unlink,
    /// Any operation of a [`SignInStore`](sync_core::sign_in::SignInStore)
    SignIn,
    /// [`ErasureStore::erase`](sync_core::ErasureStore::erase)
    Erase,
    /// [`ErasureStore::postpone_erasure`](sync_core::ErasureStore::postpone_erasure)
    PostponeErasure,
    /// [`JobStore::postpone`](sync_core::JobStore::postpone)
    Postpone,
    /// [`JobStore::remember`](sync_core::JobStore::remember)
    Remember,
    /// [`LinkStore::put_link`](sync_core::LinkStore::put_link)
    PutLink,
    /// [`LinkStore::replace_tokens`](sync_core::LinkStore::replace_tokens)
    ReplaceTokens,
    /// [`LinkStore::require_reauth`](sync_core::LinkStore::require_reauth)
    RequireReauth,
    /// [`LinkStore::throttle`](sync_core::LinkStore::throttle)
    Throttle,
    /// [`LinkStore::clear_throttles`](sync_core::LinkStore::clear_throttles)
    ClearThrottles,
    /// [`ChunkQueue::nudge`](sync_core::ChunkQueue::nudge)
    Nudge,
    /// Any read of a job, a list, the index, a link, an account or a record.
    Read,
}

impl Operation {
    /// Whether it writes.
    #[must_use]
    pub fn is_write(self) -> bool {
        self != Self::Read
    }
}

/// How an operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing happens, and that is known: [`StoreError::Unavailable`].
    Unavailable,
    /// Nothing happens, but the answer is [`StoreError::OutcomeUnknown`].
    UnknownNotApplied,
    /// It is done, but the answer is [`StoreError::OutcomeUnknown`].
    UnknownApplied,
    /// Of an apply, the records that go ahead are written and the transition is not; of anything else, nothing is done.
    /// The answer is [`StoreError::OutcomeUnknown`].
    RecordsOnly,
}

impl Fault {
    pub(crate) fn error(self) -> StoreError {
        match self {
            Self::Unavailable => StoreError::Unavailable("a planned fault".into()),
            Self::UnknownNotApplied | Self::UnknownApplied | Self::RecordsOnly => {
                StoreError::OutcomeUnknown("a planned fault".into())
            }
        }
    }

    pub(crate) fn applies(self) -> bool {
        self == Self::UnknownApplied
    }
}

type Hook = Box<dyn FnMut(Operation) -> Option<Fault> + Send>;

/// The faults that a fake shall have.
#[derive(Default)]
pub(crate) struct Faults {
    writes: u64,
    planned: BTreeMap<u64, Fault>,
    hook: Option<Hook>,
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults")
            .field("writes", &self.writes)
            .field("planned", &self.planned)
            .finish_non_exhaustive()
    }
}

impl Faults {
    pub(crate) fn plan(&mut self, nth_write: u64, fault: Fault) {
        self.planned.insert(self.writes + nth_write, fault);
    }

    pub(crate) fn hook(&mut self, hook: Option<Hook>) {
        self.hook = hook;
    }

    pub(crate) fn writes(&self) -> u64 {
        self.writes
    }

    pub(crate) fn next(&mut self, operation: Operation) -> Option<Fault> {
        if operation.is_write() {
            self.writes += 1;
            if let Some(fault) = self.planned.remove(&self.writes) {
                return Some(fault);
            }
        }
        self.hook.as_mut().and_then(|hook| hook(operation))
    }
}
