//! `expect:` as a runbook writes it. What fits depends on the step: a comparison for `prometheus`, a list of values for
//! `dns`, `rows` or `value` for `sql`, `status` and `json` for `http`.

use std::{collections::BTreeMap, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

use crate::place::At;

/// What a step's answer shall be.
#[derive(Debug)]
pub(crate) enum Expect {
    /// `"< 0.01"`.
    Comparison(Scalar),
    /// `[192.0.2.10]`.
    Values(Vec<At<Scalar>>),
    /// `{ rows: 0 }`.
    Fields(Box<Fields>),
}

/// The fields of an answer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fields {
    /// `sql`: how many rows come back, or are changed where none can come back.
    pub(crate) rows: Option<At<Scalar>>,
    /// `sql`: the first column of the first row, such as `">= 1"` or `"= active"`.
    pub(crate) value: Option<At<Scalar>>,
    /// `http`: the statuses that are good.
    pub(crate) status: Option<At<Vec<At<u16>>>>,
    /// `http`: by JSON pointer, the values that the answer must hold.
    pub(crate) json: Option<BTreeMap<String, At<serde_json::Value>>>,
}

/// A number, a word or a comparison, kept as text.
#[derive(Clone, Debug)]
pub(crate) struct Scalar(pub(crate) String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value or a comparison, such as `0` or `\">= 1\"`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar(text.to_owned()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }
}

impl<'de> Deserialize<'de> for Expect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ExpectVisitor;

        impl<'de> Visitor<'de> for ExpectVisitor {
            type Value = Expect;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a comparison, a list of values, or fields such as `rows`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Expect, E> {
                ScalarVisitor.visit_str(text).map(Expect::Comparison)
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Expect, E> {
                ScalarVisitor.visit_bool(value).map(Expect::Comparison)
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Expect, E> {
                ScalarVisitor.visit_i64(value).map(Expect::Comparison)
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Expect, E> {
                ScalarVisitor.visit_u64(value).map(Expect::Comparison)
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Expect, E> {
                ScalarVisitor.visit_f64(value).map(Expect::Comparison)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Expect, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = list.next_element()? {
                    values.push(value);
                }
                Ok(Expect::Values(values))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Expect, A::Error> {
                let fields = Fields::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Expect::Fields(Box::new(fields)))
            }
        }

        deserializer.deserialize_any(ExpectVisitor)
    }
}

impl JsonSchema for Scalar {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Scalar".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "number", "boolean"],
            "description": "A value or a comparison, such as `0`, `\">= 1\"` or `\"= active\"`.",
        })
    }
}

impl JsonSchema for Expect {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Expect".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let scalar = generator.subschema_for::<Scalar>();
        let fields = generator.subschema_for::<Fields>();
        json_schema!({ "anyOf": [scalar, { "type": "array", "items": scalar }, fields] })
    }
}
