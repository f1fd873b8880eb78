//! Links and accounts in DynamoDB.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::Deserialize;
use sync_core::ids::{AccountKey, JobId, UserId};
use sync_core::link::{Account, Link, SealedTokens};
use sync_core::ports::{Applied, LinkStore, PutLink, StoreError};

use crate::attributes::{Item, account_key, instant_of, link_key, millis, number, text, timestamp};
use crate::erasures;
use crate::expression::Expression;
use crate::failure::{AwsFailure, unavailable, unreadable};
use crate::jobs::write_watermark;
use crate::tables::TableNames;
use crate::writes::{Transacted, Updated, refused, transact, update, without_retries};

/// How often two alternative conditions of one item are tried in turn. Both fail only when somebody else moves the item
/// from one to the other in between.
const TURNS: u32 = 4;

/// [`LinkStore`] on DynamoDB. Cheap to clone.
#[derive(Clone, Debug)]
pub struct DynamoLinkStore {
    reads: Client,
    writes: Client,
    tables: TableNames,
}

#[derive(Deserialize)]
struct LinkItem {
    user_id: UserId,
    external_user_id: AccountKey,
    #[serde(default)]
    display_name: String,
    time_zone: Tz,
    #[serde(default)]
    tokens: SealedTokens,
    tokens_version: u64,
    token_expires_at: DateTime<Utc>,
    is_active: bool,
    #[serde(default)]
    reauth_required: bool,
    last_successful_sync_date: Option<NaiveDate>,
    active_job_id: Option<JobId>,
    linked_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<LinkItem> for Link {
    fn from(item: LinkItem) -> Self {
        Self {
            user_id: item.user_id,
            account: item.external_user_id,
            display_name: item.display_name,
            time_zone: item.time_zone,
            tokens: item.tokens,
            tokens_version: item.tokens_version,
            token_expires_at: item.token_expires_at,
            is_active: item.is_active,
            reauth_required: item.reauth_required,
            last_successful_sync_date: item.last_successful_sync_date,
            active_job_id: item.active_job_id,
            linked_at: item.linked_at,
            updated_at: item.updated_at,
        }
    }
}

#[derive(Deserialize)]
struct AccountItem {
    #[serde(default)]
    consecutive_throttles: u32,
    active_job_id: Option<JobId>,
}

impl DynamoLinkStore {
    /// A store on these tables.
    #[must_use]
    pub fn new(client: Client, tables: TableNames) -> Self {
        Self { writes: without_retries(&client), reads: client, tables }
    }

    async fn update_link(
        &self,
        operation: &'static str,
        user: &UserId,
        expression: Expression,
    ) -> Result<Applied, StoreError> {
        let request = expression.into_request(self.writes.update_item(), &self.tables.links, link_key(user));
        match update(operation, request, false).await? {
            Updated::Yes(_) => Ok(Applied::Yes),
            Updated::No(_) => Ok(Applied::Lost),
        }
    }

    async fn update_account(
        &self,
        operation: &'static str,
        account: &AccountKey,
        expression: Expression,
    ) -> Result<Option<Item>, StoreError> {
        let request = expression
            .into_request(self.writes.update_item(), &self.tables.accounts, account_key(account))
            .return_values(ReturnValue::AllNew);
        match update(operation, request, false).await? {
            Updated::Yes(output) => Ok(Some(output.attributes.unwrap_or_default())),
            Updated::No(_) => Ok(None),
        }
    }
}

fn always_in_motion(operation: &'static str) -> StoreError {
    StoreError::Unavailable(Box::new(AwsFailure::new(operation, "the item does not hold still")))
}

fn read_not_before(item: &Item) -> Result<Option<DateTime<Utc>>, StoreError> {
    item.get("not_before")
        .map(|value| instant_of(value).ok_or_else(|| unreadable("account", "not_before is no instant")))
        .transpose()
}

impl LinkStore for DynamoLinkStore {
    async fn link(&self, user: &UserId) -> Result<Option<Link>, StoreError> {
        let found = self
            .reads
            .get_item()
            .table_name(&self.tables.links)
            .set_key(Some(link_key(user)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| unavailable("GetItem link", error))?;
        found
            .item
            .map(|item| serde_dynamo::from_item::<_, LinkItem>(item).map(Link::from))
            .transpose()
            .map_err(|source| unreadable("link", source))
    }

    async fn put_link(&self, link: &Link, seen: Option<u64>) -> Result<PutLink, StoreError> {
        // No link has the version 0.
        let seen = seen.unwrap_or_default();
        let account = text(link.account.as_str());
        let linked = || {
            Expression::new()
                .set("external_user_id", account.clone())
                .set("display_name", text(link.display_name.as_str()))
                .set("time_zone", text(link.time_zone.name()))
                .set("tokens", text(link.tokens.0.as_str()))
                .count_up("tokens_version")
                .set("token_expires_at", timestamp(link.token_expires_at))
                .set("is_active", AttributeValue::Bool(true))
                .set("reauth_required", AttributeValue::Bool(false))
                .set("linked_at", timestamp(link.linked_at))
                .set("updated_at", timestamp(link.updated_at))
                .when_absent_or_either(
                    ("is_active", AttributeValue::Bool(true)),
                    ("tokens_version", number(seen)),
                )
        };
        // A watermark speaks of one account's history. The lock stays whatever the account: the job that holds it gives
        // it back.
        let write = |expression: Expression| {
            let on_failure = ReturnValuesOnConditionCheckFailure::AllOld;
            expression.into_update(&self.tables.links, link_key(&link.user_id), on_failure)
        };
        let has_ended = |reason: &CancellationReason| {
            let item = reason.item();
            item.is_some_and(|item| {
                item.get("is_active") == Some(&AttributeValue::Bool(false))
                    && item.get("tokens_version") != Some(&number(seen))
            })
        };
        let same_account = || write(linked().when("external_user_id", "=", account.clone()));
        let other_account = || {
            let linked = linked().remove("last_successful_sync_date");
            write(linked.when_absent_or("external_user_id", "<>", account.clone()))
        };
        let no_watermark = || write_watermark(&self.tables, &link.user_id, None, link.updated_at);
        let put = async |items: Vec<TransactWriteItem>| {
            let nothing_is_erased = erasures::unless_unfinished(&self.tables, &link.user_id);
            let items = [vec![nothing_is_erased], items].concat();
            transact(&self.writes, "TransactWriteItems link", items).await
        };
        for _ in 0..TURNS {
            for items in [vec![same_account()], vec![other_account(), no_watermark()]] {
                match put(items).await? {
                    Transacted::Yes => return Ok(PutLink::Stored),
                    Transacted::No(reasons) if refused(reasons.first()) => return Ok(PutLink::Erasing),
                    Transacted::No(reasons) if reasons.get(1).is_some_and(has_ended) => {
                        return Ok(PutLink::Unlinked);
                    }
                    Transacted::No(_) => {}
                }
            }
        }
        Err(always_in_motion("TransactWriteItems link"))
    }

    async fn replace_tokens(
        &self,
        user: &UserId,
        version: u64,
        tokens: &SealedTokens,
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Applied, StoreError> {
        let expression = Expression::new()
            .set("tokens", text(tokens.0.as_str()))
            .set("tokens_version", number(version + 1))
            .set("token_expires_at", timestamp(expires_at))
            .set("reauth_required", AttributeValue::Bool(false))
            .set("updated_at", timestamp(now))
            .when("is_active", "=", AttributeValue::Bool(true))
            .when("tokens_version", "=", number(version));
        self.update_link("UpdateItem tokens", user, expression).await
    }

    async fn require_reauth(
        &self,
        user: &UserId,
        version: u64,
        now: DateTime<Utc>,
    ) -> Result<Applied, StoreError> {
        let expression = Expression::new()
            .set("reauth_required", AttributeValue::Bool(true))
            .set("updated_at", timestamp(now))
            .when("is_active", "=", AttributeValue::Bool(true))
            .when("tokens_version", "=", number(version));
        self.update_link("UpdateItem reauth", user, expression).await
    }

    async fn account(&self, account: &AccountKey) -> Result<Account, StoreError> {
        let found = self
            .reads
            .get_item()
            .table_name(&self.tables.accounts)
            .set_key(Some(account_key(account)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| unavailable("GetItem account", error))?;
        let Some(item) = found.item else {
            return Ok(Account::default());
        };
        let not_before = read_not_before(&item)?;
        let item: AccountItem =
            serde_dynamo::from_item(item).map_err(|source| unreadable("account", source))?;
        Ok(Account {
            not_before,
            consecutive_throttles: item.consecutive_throttles,
            active_job_id: item.active_job_id,
        })
    }

    async fn throttle(
        &self,
        account: &AccountKey,
        not_before: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, StoreError> {
        // DynamoDB has no maximum: either ours is later and replaces theirs, or theirs is and stays.
        for _ in 0..TURNS {
            let later = Expression::new()
                .set("not_before", millis(not_before))
                .count_up("consecutive_throttles")
                .when_absent_or("not_before", "<", millis(not_before));
            let not_later = Expression::new().count_up("consecutive_throttles").when(
                "not_before",
                ">=",
                millis(not_before),
            );
            for expression in [later, not_later] {
                if let Some(item) = self.update_account("UpdateItem throttle", account, expression).await? {
                    return Ok(read_not_before(&item)?.unwrap_or(not_before));
                }
            }
        }
        Err(always_in_motion("UpdateItem throttle"))
    }

    async fn clear_throttles(&self, account: &AccountKey) -> Result<(), StoreError> {
        let expression =
            Expression::new().remove("consecutive_throttles").when_present("consecutive_throttles");
        self.update_account("UpdateItem clear throttles", account, expression).await.map(|_| ())
    }
}
