//! The domain of garmin-sync: what a job is, how it moves, and what the system promises about it.
//!
//! This crate knows no AWS, no HTTP and no async runtime. It holds
//!
//! * the vocabulary: [ids](ids), [dates and chunks](dates), [metric types](metric), [jobs](job), [links](link),
//!   [windows](window), [records](record) and [erasures](erasure);
//! * the decisions: [`transition`], pure functions from a job and an event to the one conditional write that follows, and
//!   [`unlink`], the same for the end of a link;
//! * the [ports](ports) those decisions need from the outside world;
//! * the [use cases](use_cases): what each HTTP route, the queue and the schedule do with them.
//!
//! One idea carries it all: **the job record is the truth, a message is only a nudge, and the sweeper guarantees
//! that something happens.**

pub mod coverage;
pub mod dates;
pub mod erasure;
pub mod ids;
pub mod job;
pub mod link;
pub mod metric;
pub mod ports;
pub mod record;
pub mod sign_in;
pub mod timing;
pub mod transition;
pub mod unlink;
pub mod use_cases;
pub mod window;

pub use dates::{Chunk, ChunkPlan, DateRange};
pub use erasure::Erasure;
pub use ids::{AccountKey, JobId, JobKey, UserId};
pub use job::{FailedChunk, Gap, GapReason, Job, JobStatus, PauseReason, SyncType};
pub use link::{Account, Link, Tokens};
pub use metric::{MetricSet, MetricType};
pub use ports::{
    ChunkQueue, Clock, ErasureQueue, ErasureStore, GarminSource, Ids, JobStore, LinkStore, RecordStore,
    StoreError, TokenVault,
};
pub use record::{RecordKey, RecordKind, RecordUpsert};
pub use transition::Transition;
pub use unlink::Unlink;
pub use window::{Window, WindowScope};
