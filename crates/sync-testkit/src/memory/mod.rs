//! Fakes of the ports. All of a [`MemoryStore`]'s ports share one state, so that what is one transaction in DynamoDB is
//! one here; what a write does is what the domain's own functions say.

mod faults;
mod queue;
mod store;
mod vault;

pub use faults::{Fault, Operation};
pub use queue::{MemoryQueue, Message};
pub use store::{MemoryStore, Snapshot};
pub use vault::MemoryVault;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Gives way once. Every operation of a fake does so before and after its effect, so that a test can drop it there: a
/// crash before the write, or one after it.
pub(crate) async fn give_way() {
    GiveWay { given: false }.await;
}

struct GiveWay {
    given: bool,
}

impl Future for GiveWay {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.given {
            return Poll::Ready(());
        }
        self.given = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
