//! What DynamoDB is asked and what it bills: an interceptor in the SDK that asks for the consumed capacity of every call.
//!
//! The embedded DynamoDB counts by the service's published rules; the tests here hold it to the examples of the AWS
//! documentation, so that a figure from this machine is the bill of the cloud.

use std::collections::BTreeMap;
use std::ops::Sub;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextMut,
    BeforeTransmitInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::operation::batch_get_item::{BatchGetItemInput, BatchGetItemOutput};
use aws_sdk_dynamodb::operation::get_item::{GetItemInput, GetItemOutput};
use aws_sdk_dynamodb::operation::put_item::{PutItemInput, PutItemOutput};
use aws_sdk_dynamodb::operation::query::{QueryInput, QueryOutput};
use aws_sdk_dynamodb::operation::transact_write_items::{TransactWriteItemsInput, TransactWriteItemsOutput};
use aws_sdk_dynamodb::operation::update_item::{UpdateItemInput, UpdateItemOutput};
use aws_sdk_dynamodb::types::{AttributeValue, ConsumedCapacity, ReturnConsumedCapacity};
use sync_core::UserId;
use sync_core::ports::BoxError;
use sync_core::record::activity::START_LOCAL;

/// Calls that are none of those that this project makes, such as a scan.
const UNEXPECTED: &str = "unexpected";

/// What was asked and billed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Consumed {
    /// Calls by operation, tries again included.
    pub calls: BTreeMap<&'static str, u64>,
    /// Calls that were refused: by a condition, most of them. They are billed too, and the bill does not say how much.
    pub refused: u64,
    /// Read units.
    pub read_units: f64,
    /// Write units, those of indexes included.
    pub write_units: f64,
    /// Bytes of the requests' bodies.
    pub bytes_sent: u64,
}

impl Consumed {
    /// All calls.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.calls.values().sum()
    }
}

impl Sub for Consumed {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        let calls = self.calls.into_iter().map(|(name, calls)| {
            let before = before.calls.get(name).copied().unwrap_or_default();
            (name, calls - before)
        });
        Self {
            calls: calls.filter(|(_, calls)| *calls > 0).collect(),
            refused: self.refused - before.refused,
            read_units: self.read_units - before.read_units,
            write_units: self.write_units - before.write_units,
            bytes_sent: self.bytes_sent - before.bytes_sent,
        }
    }
}

/// Counts what goes through the clients it was put into. Clones share one count.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Mutex<Consumed>>);

impl Meter {
    /// The same client with this meter in it.
    #[must_use]
    pub fn on(&self, client: &Client) -> Client {
        Client::from_conf(client.config().to_builder().interceptor(self.clone()).build())
    }

    /// Everything so far.
    #[must_use]
    pub fn total(&self) -> Consumed {
        self.lock().clone()
    }

    /// What `work` consumes, if nobody else uses the clients meanwhile.
    pub async fn during<T>(&self, work: impl Future<Output = T>) -> (T, Consumed) {
        let before = self.total();
        let result = work.await;
        (result, self.total() - before)
    }

    fn lock(&self) -> MutexGuard<'_, Consumed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The write units that a user's records cost at least: each written once, in a transaction, and an activity once more in
/// the index of activities by their start.
///
/// # Errors
/// When they cannot be read.
pub async fn least_write_units(client: &Client, table: &str, user: &UserId) -> Result<f64, BoxError> {
    let mut pages = client
        .query()
        .table_name(table)
        .key_condition_expression("user_id = :user")
        .expression_attribute_values(":user", AttributeValue::S(user.to_string()))
        .into_paginator()
        .items()
        .send();
    let mut units = 0.0;
    while let Some(item) = pages.try_next().await? {
        let bytes: usize = item.iter().map(|(name, value)| name.len() + size_of(value)).sum();
        units += 2.0 * bytes.div_ceil(1_024) as f64;
        units += if item.contains_key(START_LOCAL) { 1.0 } else { 0.0 };
    }
    Ok(units)
}

/// An attribute value's size: "Item sizes and formats", DynamoDB developer guide. A number has a byte for two digits, and
/// one more; a list or a map three bytes and one for each element.
fn size_of(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::N(number) => {
            let digits = number.chars().filter(char::is_ascii_digit).count();
            digits.div_ceil(2) + 1
        }
        AttributeValue::L(values) => 3 + values.iter().map(|value| 1 + size_of(value)).sum::<usize>(),
        AttributeValue::M(fields) => {
            3 + fields.iter().map(|(name, value)| 1 + name.len() + size_of(value)).sum::<usize>()
        }
        _ => 1,
    }
}

fn units<'c>(consumed: impl IntoIterator<Item = &'c ConsumedCapacity>) -> f64 {
    consumed.into_iter().filter_map(ConsumedCapacity::capacity_units).sum()
}

impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "Meter"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let input = context.input_mut();
        macro_rules! ask {
            ($($type:ident),+) => {
                $(if let Some(input) = input.downcast_mut::<$type>() {
                    input.return_consumed_capacity = Some(ReturnConsumedCapacity::Total);
                })+
            };
        }
        ask!(
            GetItemInput,
            BatchGetItemInput,
            QueryInput,
            PutItemInput,
            UpdateItemInput,
            TransactWriteItemsInput
        );
        Ok(())
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request();
        let name = match request.headers().get("x-amz-target").and_then(|target| target.split('.').nth(1)) {
            Some("GetItem") => "GetItem",
            Some("BatchGetItem") => "BatchGetItem",
            Some("Query") => "Query",
            Some("PutItem") => "PutItem",
            Some("UpdateItem") => "UpdateItem",
            Some("TransactWriteItems") => "TransactWriteItems",
            _ => UNEXPECTED,
        };
        let mut consumed = self.lock();
        *consumed.calls.entry(name).or_default() += 1;
        consumed.bytes_sent += request.body().bytes().map_or(0, <[u8]>::len) as u64;
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let mut consumed = self.lock();
        let Ok(output) = context.output_or_error() else {
            consumed.refused += 1;
            return Ok(());
        };
        macro_rules! add {
            ($field:ident: $($type:ident),+) => {
                $(if let Some(output) = output.downcast_ref::<$type>() {
                    consumed.$field += units(output.consumed_capacity.iter().flat_map(Several::several));
                })+
            };
        }
        add!(read_units: GetItemOutput, BatchGetItemOutput, QueryOutput);
        add!(write_units: PutItemOutput, UpdateItemOutput, TransactWriteItemsOutput);
        Ok(())
    }
}

/// One table's capacity or that of several: operations answer either.
trait Several {
    fn several(&self) -> &[ConsumedCapacity];
}

impl Several for ConsumedCapacity {
    fn several(&self) -> &[ConsumedCapacity] {
        std::slice::from_ref(self)
    }
}

impl Several for Vec<ConsumedCapacity> {
    fn several(&self) -> &[ConsumedCapacity] {
        self
    }
}
