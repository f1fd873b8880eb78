//! Which attributes of an item to send: DynamoDB's projection expressions.

use std::collections::{BTreeSet, HashMap};

use crate::records::BOOKKEEPING;

/// Some attributes of a record and always its key, or all of them. Every name goes by a placeholder, because many are
/// DynamoDB's own words.
pub(crate) struct Projection {
    /// None for everything.
    names: Option<HashMap<String, String>>,
}

/// Stands for the key; the queries of records name it so, too.
const KEY: &str = "#record";

impl Projection {
    /// Of these attributes; of everything when none are named.
    pub(crate) fn of(attributes: Option<&BTreeSet<String>>) -> Self {
        let names = attributes.map(|attributes| {
            // A path that is named twice is refused.
            let named = attributes.iter().filter(|name| !BOOKKEEPING.contains(&name.as_str()));
            let named = named.enumerate().map(|(index, name)| (format!("#p{index}"), name.clone()));
            named.chain([(KEY.to_owned(), "record".to_owned())]).collect()
        });
        Self { names }
    }

    pub(crate) fn expression(&self) -> Option<String> {
        let mut placeholders: Vec<_> = self.names.as_ref()?.keys().map(String::as_str).collect();
        placeholders.sort_unstable();
        Some(placeholders.join(", "))
    }

    pub(crate) fn names(&self) -> Option<HashMap<String, String>> {
        self.names.clone()
    }

    /// The names together with those that another expression of the same request needs.
    pub(crate) fn names_and<const N: usize>(&self, others: [(&str, &str); N]) -> HashMap<String, String> {
        let mut names = self.names.clone().unwrap_or_default();
        names.extend(others.map(|(placeholder, name)| (placeholder.to_owned(), name.to_owned())));
        names
    }
}
