//! Starting a job: the job and both locks in one transaction, so that fifty simultaneous starts make one job.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason, ReturnValuesOnConditionCheckFailure};
use sync_core::job::Job;
use sync_core::ports::{RememberedAnswer, StartOutcome, StoreError};

use super::answers;
use super::item::write_job;
use crate::attributes::{account_key, link_key, text};
use crate::expression::Expression;
use crate::failure::{AwsFailure, unreadable};
use crate::tables::TableNames;
use crate::writes::{Transacted, refused, transact};

/// Where each item stands in the transaction.
const JOB: usize = 0;
const LINK: usize = 1;
const ACCOUNT: usize = 2;
const ANSWER: usize = 3;

pub(super) async fn start(
    client: &Client,
    tables: &TableNames,
    job: &Job,
    remember: Option<&RememberedAnswer>,
) -> Result<StartOutcome, StoreError> {
    let user = &job.key.user_id;
    let id = text(job.key.job_id.to_string());
    let mut items = vec![
        Expression::new().when_absent("job_id").into_put(&tables.jobs, write_job(job)?),
        Expression::new()
            .set("active_job_id", id.clone())
            .when("is_active", "=", AttributeValue::Bool(true))
            // Another account may have been linked since the job was made for this one.
            .when("external_user_id", "=", text(job.account.as_str()))
            .when_absent("active_job_id")
            .into_update(&tables.links, link_key(user), ReturnValuesOnConditionCheckFailure::AllOld),
        Expression::new()
            .set("active_job_id", id)
            .set("active_user", text(user.as_str()))
            .when_absent("active_job_id")
            .into_update(
                &tables.accounts,
                account_key(&job.account),
                ReturnValuesOnConditionCheckFailure::None,
            ),
    ];
    if let Some(answer) = remember {
        items.push(answers::unless_used(job.created_at).into_put(&tables.jobs, answers::write(user, answer)));
    }
    match transact(client, "TransactWriteItems start", items).await? {
        Transacted::Yes => Ok(StartOutcome::Started),
        Transacted::No(reasons) => why_not(&reasons),
    }
}

/// Several conditions may have failed at once; the one that says most comes first.
fn why_not(reasons: &[CancellationReason]) -> Result<StartOutcome, StoreError> {
    if refused(reasons.get(ANSWER)) {
        return Ok(StartOutcome::Repeated);
    }
    if refused(reasons.get(LINK)) {
        let link = reasons.get(LINK).and_then(CancellationReason::item);
        let holder = link
            .filter(|link| link.get("is_active") == Some(&AttributeValue::Bool(true)))
            .and_then(|link| link.get("active_job_id"));
        return match holder.map(AttributeValue::as_s) {
            None => Ok(StartOutcome::NotLinked),
            Some(Ok(id)) => {
                id.parse().map(StartOutcome::UserBusy).map_err(|source| unreadable("lock", source))
            }
            Some(Err(_)) => Err(unreadable("lock", "it is no text")),
        };
    }
    if refused(reasons.get(ACCOUNT)) {
        return Ok(StartOutcome::AccountBusy);
    }
    let what = if refused(reasons.get(JOB)) {
        "the id is taken by a job that has ended"
    } else {
        "cancelled for no reason that is known"
    };
    Err(StoreError::Unavailable(Box::new(AwsFailure::new("TransactWriteItems start", what))))
}
