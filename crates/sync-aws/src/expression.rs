//! Update and condition expressions, built so that every name and value goes through a placeholder.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
    Update,
};

use crate::attributes::Item;

/// What to change in one item, and when.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expression {
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
    sets: Vec<String>,
    removes: Vec<String>,
    conditions: Vec<String>,
}

impl Expression {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    fn name(&mut self, attribute: &str) -> String {
        // Attribute names are few per item; a scan is cheaper than a second map.
        if let Some((placeholder, _)) = self.names.iter().find(|(_, name)| *name == attribute) {
            return placeholder.clone();
        }
        let placeholder = format!("#{}", self.names.len());
        self.names.insert(placeholder.clone(), attribute.to_owned());
        placeholder
    }

    fn value(&mut self, value: AttributeValue) -> String {
        let placeholder = format!(":{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }

    /// Sets an attribute.
    pub(crate) fn set(mut self, attribute: &str, value: AttributeValue) -> Self {
        let (name, value) = (self.name(attribute), self.value(value));
        self.sets.push(format!("{name} = {value}"));
        self
    }

    /// Sets an attribute that is not there yet.
    pub(crate) fn set_if_absent(mut self, attribute: &str, value: AttributeValue) -> Self {
        let (name, value) = (self.name(attribute), self.value(value));
        self.sets.push(format!("{name} = if_not_exists({name}, {value})"));
        self
    }

    /// Adds one to a counter, which is zero while absent.
    pub(crate) fn count_up(mut self, attribute: &str) -> Self {
        let name = self.name(attribute);
        let zero = self.value(AttributeValue::N("0".into()));
        let one = self.value(AttributeValue::N("1".into()));
        self.sets.push(format!("{name} = if_not_exists({name}, {zero}) + {one}"));
        self
    }

    /// Removes an attribute, if it is there.
    pub(crate) fn remove(mut self, attribute: &str) -> Self {
        let name = self.name(attribute);
        self.removes.push(name);
        self
    }

    /// Only if the attribute compares so with the value; an absent one compares with nothing.
    pub(crate) fn when(mut self, attribute: &str, operator: &str, value: AttributeValue) -> Self {
        let (name, value) = (self.name(attribute), self.value(value));
        self.conditions.push(format!("{name} {operator} {value}"));
        self
    }

    /// Only if the attribute is absent or compares so with the value.
    pub(crate) fn when_absent_or(mut self, attribute: &str, operator: &str, value: AttributeValue) -> Self {
        let (name, value) = (self.name(attribute), self.value(value));
        self.conditions.push(format!("(attribute_not_exists({name}) OR {name} {operator} {value})"));
        self
    }

    /// Only if the first attribute is absent or has its value, or the second has its own.
    pub(crate) fn when_absent_or_either(
        mut self,
        (one, is_one): (&str, AttributeValue),
        (other, is_other): (&str, AttributeValue),
    ) -> Self {
        let (one, is_one) = (self.name(one), self.value(is_one));
        let (other, is_other) = (self.name(other), self.value(is_other));
        self.conditions
            .push(format!("(attribute_not_exists({one}) OR {one} = {is_one} OR {other} = {is_other})"));
        self
    }

    /// Only if the attribute is one of the values.
    pub(crate) fn when_one_of(
        mut self,
        attribute: &str,
        values: impl IntoIterator<Item = AttributeValue>,
    ) -> Self {
        let name = self.name(attribute);
        let values: Vec<_> = values.into_iter().map(|value| self.value(value)).collect();
        self.conditions.push(format!("{name} IN ({})", values.join(", ")));
        self
    }

    /// Only if the attribute is absent; of a key attribute: only if the item is.
    pub(crate) fn when_absent(mut self, attribute: &str) -> Self {
        let name = self.name(attribute);
        self.conditions.push(format!("attribute_not_exists({name})"));
        self
    }

    /// Only if the attribute is there; of a key attribute: only if the item is.
    pub(crate) fn when_present(mut self, attribute: &str) -> Self {
        let name = self.name(attribute);
        self.conditions.push(format!("attribute_exists({name})"));
        self
    }

    fn update_text(&self) -> String {
        let mut clauses = Vec::new();
        if !self.sets.is_empty() {
            clauses.push(format!("SET {}", self.sets.join(", ")));
        }
        if !self.removes.is_empty() {
            clauses.push(format!("REMOVE {}", self.removes.join(", ")));
        }
        clauses.join(" ")
    }

    fn condition_text(&self) -> Option<String> {
        (!self.conditions.is_empty()).then(|| self.conditions.join(" AND "))
    }

    fn values(self) -> Option<HashMap<String, AttributeValue>> {
        (!self.values.is_empty()).then_some(self.values)
    }

    /// As a single update that shows the item when its condition fails.
    pub(crate) fn into_request(
        self,
        request: UpdateItemFluentBuilder,
        table: &str,
        key: Item,
    ) -> UpdateItemFluentBuilder {
        request
            .table_name(table)
            .set_key(Some(key))
            .update_expression(self.update_text())
            .set_condition_expression(self.condition_text())
            .set_expression_attribute_names(Some(self.names.clone()))
            .set_expression_attribute_values(self.values())
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }

    /// As an update within a transaction. `on_failure` says whether the refused item is shown.
    pub(crate) fn into_update(
        self,
        table: &str,
        key: Item,
        on_failure: ReturnValuesOnConditionCheckFailure,
    ) -> TransactWriteItem {
        let mut update = Update::builder()
            .table_name(table)
            .update_expression(self.update_text())
            .set_condition_expression(self.condition_text())
            .set_expression_attribute_names(Some(self.names.clone()))
            .return_values_on_condition_check_failure(on_failure);
        for (name, value) in key {
            update = update.key(name, value);
        }
        let update = update.set_expression_attribute_values(self.values());
        wrap(update.build(), |item, update| item.update(update))
    }

    /// As the condition alone, within a transaction.
    pub(crate) fn into_check(self, table: &str, key: Item) -> TransactWriteItem {
        let check = ConditionCheck::builder()
            .table_name(table)
            .set_key(Some(key))
            .condition_expression(self.condition_text().unwrap_or_default())
            .set_expression_attribute_names(Some(self.names.clone()))
            .set_expression_attribute_values(self.values());
        wrap(check.build(), |item, check| item.condition_check(check))
    }

    /// As the condition under which an item is deleted, within a transaction.
    pub(crate) fn into_delete(self, table: &str, key: Item) -> TransactWriteItem {
        let delete = Delete::builder()
            .table_name(table)
            .set_key(Some(key))
            .set_condition_expression(self.condition_text())
            .set_expression_attribute_names(Some(self.names.clone()))
            .set_expression_attribute_values(self.values());
        wrap(delete.build(), |item, delete| item.delete(delete))
    }

    /// As the condition under which `item` is put, within a transaction.
    pub(crate) fn into_put(self, table: &str, item: Item) -> TransactWriteItem {
        let put = Put::builder()
            .table_name(table)
            .set_item(Some(item))
            .set_condition_expression(self.condition_text())
            .set_expression_attribute_names(Some(self.names.clone()))
            .set_expression_attribute_values(self.values());
        wrap(put.build(), |item, put| item.put(put))
    }
}

/// The builders fail only on a missing table, key or expression, all of which are given above. An empty item, which
/// DynamoDB refuses as a whole, stands for that which cannot happen.
fn wrap<T, E>(
    built: Result<T, E>,
    place: impl FnOnce(
        aws_sdk_dynamodb::types::builders::TransactWriteItemBuilder,
        T,
    ) -> aws_sdk_dynamodb::types::builders::TransactWriteItemBuilder,
) -> TransactWriteItem {
    let item = TransactWriteItem::builder();
    match built {
        Ok(built) => place(item, built).build(),
        Err(_) => item.build(),
    }
}
