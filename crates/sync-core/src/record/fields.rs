//! The names of a record's attributes, taken from its type: a list beside the type could come apart from it.

use serde::de::value::Error;
use serde::de::{Deserialize, Deserializer, Error as _, Visitor};

/// The fields of a struct that derives `Deserialize`, in the order in which it declares them; none of any other type.
#[must_use]
pub fn names<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    // Nothing is read: the derived code names its fields before it asks for the first value, and is refused that.
    drop(T::deserialize(Names(&mut names)));
    names
}

struct Names<'n>(&'n mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Names<'_> {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        Err(Error::custom("only the names are wanted"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("only structs have names"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::record::{ActivityRecord, DayRecord, SleepRecord};

    #[test]
    fn a_type_names_exactly_what_it_stores() {
        fn check<T: for<'de> Deserialize<'de> + serde::Serialize + Default>() {
            let Value::Object(stored) = serde_json::to_value(T::default()).unwrap() else {
                panic!("a record is an object");
            };
            let stored: BTreeSet<_> = stored.keys().map(String::as_str).collect();
            assert_eq!(names::<T>().iter().copied().collect::<BTreeSet<_>>(), stored);
        }
        check::<DayRecord>();
        check::<SleepRecord>();
        check::<ActivityRecord>();
        assert_eq!(names::<DayRecord>()[..2], ["steps", "step_goal"]);
        assert_eq!(names::<u32>(), [""; 0]);
    }
}
