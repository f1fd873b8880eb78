//! Sign-ins under way in DynamoDB: one item per user, which DynamoDB deletes some time after it has become useless.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::ReturnValue;
use chrono::{DateTime, Utc};
use sync_core::ids::UserId;
use sync_core::ports::StoreError;
use sync_core::sign_in::{SealedSignIn, SignInStore};
use sync_core::timing::{SIGN_IN_ATTEMPTS, SIGN_IN_CODES, SIGN_IN_LIFETIME, SIGN_IN_WINDOW};
use uuid::Uuid;

use crate::attributes::{Item, expiry, instant_of, millis, number, text};
use crate::expression::Expression;
use crate::failure::{AwsFailure, unreadable};
use crate::tables::TableNames;
use crate::writes::{Updated, update, without_retries};

/// How often the two conditions of an attempt are tried in turn, while others count theirs.
const TURNS: u32 = 4;

/// [`SignInStore`] on DynamoDB. Cheap to clone.
#[derive(Clone, Debug)]
pub struct DynamoSignInStore {
    client: Client,
    tables: TableNames,
}

impl DynamoSignInStore {
    /// A store on these tables.
    #[must_use]
    pub fn new(client: &Client, tables: TableNames) -> Self {
        Self { client: without_retries(client), tables }
    }

    async fn update(
        &self,
        operation: &'static str,
        user: &UserId,
        expression: Expression,
    ) -> Result<Updated, StoreError> {
        let key = Item::from([("user_id".into(), text(user.as_str()))]);
        let request = expression
            .into_request(self.client.update_item(), &self.tables.sign_ins, key)
            .return_values(ReturnValue::AllNew);
        update(operation, request, false).await
    }
}

/// When DynamoDB may delete what was written at `now`: nothing here means anything that long after.
fn useless(now: DateTime<Utc>) -> DateTime<Utc> {
    now + SIGN_IN_WINDOW + SIGN_IN_LIFETIME
}

fn forgetting() -> Expression {
    Expression::new().remove("state").remove("session").remove("session_until").remove("tries")
}

impl SignInStore for DynamoSignInStore {
    async fn count_attempt(
        &self,
        user: &UserId,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        const OPERATION: &str = "UpdateItem sign-in attempt";
        for _ in 0..TURNS {
            let first = Expression::new()
                .set("attempts", number(1))
                .set("attempts_until", millis(now + SIGN_IN_WINDOW))
                .set("expires_at", expiry(useless(now)))
                .when_absent_or("attempts_until", "<=", millis(now));
            if let Updated::Yes(_) = self.update(OPERATION, user, first).await? {
                return Ok(None);
            }
            let another = Expression::new()
                .count_up("attempts")
                .set("expires_at", expiry(useless(now)))
                .when("attempts_until", ">", millis(now))
                .when("attempts", "<", number(SIGN_IN_ATTEMPTS));
            let Updated::No(item) = self.update(OPERATION, user, another).await? else {
                return Ok(None);
            };
            let until = item.as_ref().and_then(|item| item.get("attempts_until")).and_then(instant_of);
            if let Some(until) = until.filter(|until| *until > now) {
                return Ok(Some(until));
            }
        }
        let failure = AwsFailure::new(OPERATION, "the item does not hold still");
        Err(StoreError::Unavailable(Box::new(failure)))
    }

    async fn keep(
        &self,
        user: &UserId,
        state: Uuid,
        session: &SealedSignIn,
        expires_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let expression = Expression::new()
            .set("state", text(state.to_string()))
            .set("session", text(session.0.as_str()))
            .set("session_until", millis(expires_at))
            .set("tries", number(0))
            .set("expires_at", expiry(useless(expires_at)));
        self.update("UpdateItem sign-in", user, expression).await.map(drop)
    }

    async fn use_try(
        &self,
        user: &UserId,
        state: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Option<SealedSignIn>, StoreError> {
        let expression = Expression::new()
            .count_up("tries")
            .when("state", "=", text(state.to_string()))
            .when("session_until", ">", millis(now))
            .when("tries", "<", number(SIGN_IN_CODES));
        let Updated::Yes(output) = self.update("UpdateItem sign-in try", user, expression).await? else {
            return Ok(None);
        };
        let session = output.attributes.as_ref().and_then(|item| item.get("session"));
        let session = session.and_then(|session| session.as_s().ok());
        session
            .map(|session| Some(SealedSignIn(session.clone())))
            .ok_or_else(|| unreadable("sign-in", "it has no session"))
    }

    async fn refuse_attempts(&self, user: &UserId, until: DateTime<Utc>) -> Result<(), StoreError> {
        let expression = Expression::new()
            .set("attempts", number(SIGN_IN_ATTEMPTS))
            .set("attempts_until", millis(until))
            .set("expires_at", expiry(useless(until)));
        self.update("UpdateItem sign-in wait", user, expression).await.map(drop)
    }

    async fn forget_any(&self, user: &UserId) -> Result<(), StoreError> {
        self.update("UpdateItem sign-in end", user, forgetting().when_present("state")).await.map(drop)
    }

    async fn forget(&self, user: &UserId, state: Uuid) -> Result<(), StoreError> {
        let expression = forgetting().when("state", "=", text(state.to_string()));
        self.update("UpdateItem sign-in end", user, expression).await.map(drop)
    }
}
