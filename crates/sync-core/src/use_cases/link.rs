//! Linking: from credentials, a code or tokens to a stored link, and the job that waited for it goes on.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use secrecy::SecretString;
use uuid::Uuid;

use super::nudge_or_leave_it_to_the_sweeper;
use crate::ids::{AccountKey, JobKey, UserId};
use crate::job::{Job, PauseReason};
use crate::link::{Link, Tokens};
use crate::ports::{
    Applied, ChunkQueue, Clock, Ids, JobStore, LinkStore, PutLink, StoreError, TokenVault, VaultError,
};
use crate::sign_in::{Credentials, GarminSignIn, SignIn, SignInError, SignInStore, SignInVault};
use crate::timing::{SIGN_IN_LIFETIME, throttle_wait};
use crate::transition;

/// How often the job of another account is looked at again when a worker moved it between the read and its cancel.
const TRIES: u32 = 8;

/// Why nothing was linked.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The user has tried too often.
    #[error("too many attempts to sign in")]
    TooManyAttempts {
        /// When the next one may be made.
        until: DateTime<Utc>,
    },
    /// No such sign-in waits for a code: it has expired, was used, was another user's, or has seen too many wrong codes.
    #[error("no such sign-in waits for a code")]
    NoSuchSignIn,
    /// The user has unlinked while Garmin was asked.
    #[error("the user has unlinked meanwhile")]
    Unlinked,
    /// What was imported before is still being erased.
    #[error("an erasure is unfinished")]
    Erasing,
    /// The job of the account that was linked before moved each time between the read and its cancel.
    #[error("the job of the account before kept moving")]
    KeptMoving,
    /// Garmin said no.
    #[error("the sign-in failed")]
    Garmin(#[from] SignInError),
    /// The key service does not answer.
    #[error("the vault failed")]
    Vault(#[source] VaultError),
    /// A store failed.
    #[error("a store failed")]
    Store(#[from] StoreError),
}

/// How far a sign-in has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoggedIn {
    /// Signed in and linked.
    Linked,
    /// A code is needed, with this name for the sign-in.
    NeedsCode {
        /// Unguessable, and good for its user alone.
        state: Uuid,
    },
}

/// What linking needs.
#[derive(Clone, Debug)]
pub struct Linker<J, L, S, V, G, Q, C, I> {
    /// The jobs: one may wait for a sign-in.
    pub jobs: J,
    /// The links.
    pub links: L,
    /// Sign-ins that wait for their code.
    pub sign_ins: S,
    /// Seals tokens and sign-ins.
    pub vault: V,
    /// Garmin's front door.
    pub garmin: G,
    /// The queue.
    pub queue: Q,
    /// The time.
    pub clock: C,
    /// Where the names of sign-ins come from.
    pub ids: I,
}

impl<J, L, S, V, G, Q, C, I> Linker<J, L, S, V, G, Q, C, I>
where
    J: JobStore,
    L: LinkStore,
    S: SignInStore,
    V: TokenVault + SignInVault,
    G: GarminSignIn,
    Q: ChunkQueue,
    C: Clock,
    I: Ids,
{
    /// Signs in at Garmin and links the account, or keeps the sign-in until its code comes.
    ///
    /// # Errors
    /// [`LinkError`]. The credentials are stored nowhere.
    pub async fn login(
        &self,
        user: &UserId,
        credentials: &Credentials,
        deadline: DateTime<Utc>,
    ) -> Result<LoggedIn, LinkError> {
        self.count_attempt(user).await?;
        let seen = self.seen(user).await?;
        let signed_in = self.garmin.sign_in(credentials, deadline).await;
        match self.heeded(user, signed_in).await? {
            SignIn::Done(tokens) => {
                self.put(user, &tokens, seen, deadline).await?;
                Ok(LoggedIn::Linked)
            }
            SignIn::NeedsCode(pending) => {
                let sealed = self.vault.seal_sign_in(user, &pending).await.map_err(LinkError::Vault)?;
                let state = self.ids.claim_token();
                let expires_at = self.clock.now() + SIGN_IN_LIFETIME;
                self.sign_ins.keep(user, state, &sealed, expires_at).await?;
                tracing::info!("a sign-in waits for its code");
                Ok(LoggedIn::NeedsCode { state })
            }
        }
    }

    /// Ends a sign-in that waited for its code. A wrong code leaves it waiting, as long as it has tries.
    ///
    /// # Errors
    /// [`LinkError`].
    pub async fn resume_login(
        &self,
        user: &UserId,
        state: Uuid,
        code: &SecretString,
        deadline: DateTime<Utc>,
    ) -> Result<(), LinkError> {
        // Looked at before the session is: an unlinking forgets the session first and ends the link then, so that one which
        // comes too late for the session is seen at the link.
        let seen = self.seen(user).await?;
        // The try is used before Garmin is asked, so that no number of requests at once makes more guesses.
        let sealed = self.sign_ins.use_try(user, state, self.clock.now()).await?;
        let sealed = sealed.ok_or(LinkError::NoSuchSignIn)?;
        let pending = match self.vault.open_sign_in(user, &sealed).await {
            Ok(pending) => pending,
            Err(VaultError::Unreadable(error)) => {
                tracing::error!(error = %error, "a sealed sign-in does not open");
                return Err(LinkError::NoSuchSignIn);
            }
            Err(error) => return Err(LinkError::Vault(error)),
        };
        let verified = self.garmin.verify_code(&pending, code, deadline).await;
        match self.heeded(user, verified).await {
            Ok(tokens) => {
                // Garmin's session is used up, whatever becomes of the link.
                self.sign_ins.forget(user, state).await?;
                self.put(user, &tokens, seen, deadline).await
            }
            Err(SignInError::SessionEnded) => {
                self.sign_ins.forget(user, state).await?;
                Err(LinkError::NoSuchSignIn)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Links the account that tokens belong to, after one look at whose they are. A job that waited for a sign-in to this
    /// account goes on; one of another account that was linked before is cancelled, for nothing could be asked for it.
    /// It counts as an attempt to sign in: Garmin is asked whatever the tokens are.
    ///
    /// # Errors
    /// [`LinkError`].
    pub async fn link(
        &self,
        user: &UserId,
        tokens: &Tokens,
        deadline: DateTime<Utc>,
    ) -> Result<(), LinkError> {
        self.count_attempt(user).await?;
        let seen = self.seen(user).await?;
        self.put(user, tokens, seen, deadline).await
    }

    async fn count_attempt(&self, user: &UserId) -> Result<(), LinkError> {
        match self.sign_ins.count_attempt(user, self.clock.now()).await? {
            Some(until) => Err(LinkError::TooManyAttempts { until }),
            None => Ok(()),
        }
    }

    /// The version of the tokens of the user's link, to be looked at before Garmin is asked anything: what has been
    /// unlinked when the answer comes stays so.
    async fn seen(&self, user: &UserId) -> Result<Option<u64>, StoreError> {
        Ok(self.links.link(user).await?.map(|link| link.tokens_version))
    }

    /// An answer of Garmin's. After a throttle it is not asked for this user again until the wait is over.
    async fn heeded<T>(&self, user: &UserId, answer: Result<T, SignInError>) -> Result<T, SignInError> {
        if let Err(SignInError::Throttled { retry_after }) = answer {
            let until = self.clock.now() + throttle_wait(retry_after, 0);
            if let Err(error) = self.sign_ins.refuse_attempts(user, until).await {
                tracing::warn!(error = %error, "the wait that Garmin asked for was not noted");
            }
        }
        answer
    }

    async fn put(
        &self,
        user: &UserId,
        tokens: &Tokens,
        seen: Option<u64>,
        deadline: DateTime<Utc>,
    ) -> Result<(), LinkError> {
        let owner = self.garmin.owner(tokens, deadline).await;
        let owner = self.heeded(user, owner).await?;
        let sealed = self.vault.seal(user, tokens).await.map_err(LinkError::Vault)?;
        self.cancel_job_of_another_account(user, &owner.account).await?;
        let now = self.clock.now();
        let link = Link {
            user_id: user.clone(),
            account: owner.account,
            display_name: owner.display_name,
            time_zone: owner.time_zone.unwrap_or(Tz::UTC),
            tokens: sealed,
            tokens_version: 1,
            token_expires_at: tokens.expires_at,
            is_active: true,
            reauth_required: false,
            last_successful_sync_date: None,
            active_job_id: None,
            linked_at: now,
            updated_at: now,
        };
        match self.links.put_link(&link, seen).await? {
            PutLink::Stored => {}
            PutLink::Erasing => return Err(LinkError::Erasing),
            PutLink::Unlinked => return Err(LinkError::Unlinked),
        }
        tracing::info!("linked");
        if let Err(error) = self.wake_waiting_job(user, &link.account).await {
            tracing::warn!(error = %error, "a job that waits for this sign-in was not woken; the sweeper will do it");
        }
        Ok(())
    }

    async fn holder(&self, user: &UserId) -> Result<Option<Job>, StoreError> {
        match self.links.link(user).await?.and_then(|link| link.active_job_id) {
            Some(job_id) => self.jobs.job(&JobKey { user_id: user.clone(), job_id }).await,
            None => Ok(None),
        }
    }

    async fn cancel_job_of_another_account(
        &self,
        user: &UserId,
        account: &AccountKey,
    ) -> Result<(), LinkError> {
        for _ in 0..TRIES {
            let holder = self.holder(user).await?.filter(|job| job.account != *account);
            let Some(Ok(cancel)) = holder.map(|job| transition::cancel(&job, self.clock.now())) else {
                return Ok(());
            };
            if self.jobs.apply(&cancel, &[]).await? == Applied::Yes {
                tracing::info!(job_id = %cancel.key().job_id, "job of the account linked before cancelled");
                return Ok(());
            }
        }
        Err(LinkError::KeptMoving)
    }

    async fn wake_waiting_job(&self, user: &UserId, account: &AccountKey) -> Result<(), StoreError> {
        let waits =
            |job: &Job| job.account == *account && job.pause_reason == Some(PauseReason::ReauthRequired);
        let Some(job) = self.holder(user).await?.filter(waits) else { return Ok(()) };
        let Ok(wake) = transition::wake(&job, self.clock.now()) else { return Ok(()) };
        if self.jobs.apply(&wake, &[]).await? == Applied::Yes {
            tracing::info!(job_id = %job.key.job_id, "job that waited for the sign-in goes on");
            nudge_or_leave_it_to_the_sweeper(&self.queue, &wake.after, TimeDelta::zero()).await;
        }
        Ok(())
    }
}
