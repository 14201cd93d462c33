//! What a value shall be: `< 0.01`, `>= 1`, `= active`, `>= 950 and <= 1050`. It holds, it does not, or nobody can tell.

use std::{cmp::Ordering, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::Outcome;

/// A relation and the value on its right side; between two numbers, two of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Comparison {
    bound: Bound,
    also: Option<Bound>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Bound {
    relation: Relation,
    right: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Less,
    AtMost,
    Equal,
    Unequal,
    AtLeast,
    More,
}

/// Longer signs first, so that `<=` is not read as `<`.
const RELATIONS: [(&str, Relation); 7] = [
    ("<=", Relation::AtMost),
    (">=", Relation::AtLeast),
    ("!=", Relation::Unequal),
    ("==", Relation::Equal),
    ("<", Relation::Less),
    (">", Relation::More),
    ("=", Relation::Equal),
];
/// Stands between two bounds.
const AND: &str = " and ";

/// A text that is no comparison.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComparisonError {
    /// There is no value.
    #[error("there is nothing to compare with")]
    Empty,
    /// Only numbers are larger or smaller.
    #[error("`{0}` is not a number, and only numbers are larger or smaller")]
    NotANumber(String),
}

impl Comparison {
    /// What is to be said of a value.
    pub fn of(&self, left: &str) -> Outcome {
        let left = left.trim();
        let outcomes = [Some(self.bound.of(left)), self.also.as_ref().map(|also| also.of(left))];
        let has = |outcome| outcomes.contains(&Some(outcome));
        if has(Outcome::Fail) {
            Outcome::Fail
        } else if has(Outcome::Inconclusive) {
            Outcome::Inconclusive
        } else {
            Outcome::Pass
        }
    }
}

impl Bound {
    fn of(&self, left: &str) -> Outcome {
        let numbers = (number(left), number(&self.right));
        let order = match numbers {
            // Equal texts are equal whatever they mean; beyond 2^53 numbers would not say so.
            _ if left == self.right => Ordering::Equal,
            (Some(left), Some(right)) => match left.partial_cmp(&right) {
                Some(order) => order,
                None => return Outcome::Inconclusive,
            },
            // A number was wanted, and something else came.
            (None, Some(_)) => return Outcome::Inconclusive,
            (_, None) => left.cmp(&self.right),
        };
        let holds = match self.relation {
            Relation::Less => order.is_lt(),
            Relation::AtMost => order.is_le(),
            Relation::Equal => order.is_eq(),
            Relation::Unequal => order.is_ne(),
            Relation::AtLeast => order.is_ge(),
            Relation::More => order.is_gt(),
        };
        if holds { Outcome::Pass } else { Outcome::Fail }
    }
}

/// A number that can be compared: NaN and the infinities cannot, they mean that there was nothing to count.
fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

impl Relation {
    /// Whether it speaks of larger and smaller.
    fn is_order(self) -> bool {
        !matches!(self, Self::Equal | Self::Unequal)
    }
}

impl FromStr for Comparison {
    type Err = ComparisonError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // A text may have the word in it; only numbers lie between two others.
        if let Some((low, high)) = text.split_once(AND)
            && let (Ok(bound), Ok(also)) = (low.parse::<Bound>(), high.parse::<Bound>())
            && bound.relation.is_order()
            && also.relation.is_order()
        {
            return Ok(Self { bound, also: Some(also) });
        }
        Ok(Self { bound: text.parse()?, also: None })
    }
}

impl FromStr for Bound {
    type Err = ComparisonError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let found = RELATIONS.iter().find_map(|(sign, relation)| {
            text.strip_prefix(sign).map(|right| (*relation, right.trim()))
        });
        let (relation, right) = found.unwrap_or((Relation::Equal, text));
        if right.is_empty() {
            return Err(ComparisonError::Empty);
        }
        if relation.is_order() && number(right).is_none() {
            return Err(ComparisonError::NotANumber(right.to_owned()));
        }
        Ok(Self { relation, right: right.to_owned() })
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.also {
            Some(also) => write!(formatter, "{}{AND}{also}", self.bound),
            None => self.bound.fmt(formatter),
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.relation {
            Relation::Less => "<",
            Relation::AtMost => "<=",
            Relation::Equal => "=",
            Relation::Unequal => "!=",
            Relation::AtLeast => ">=",
            Relation::More => ">",
        };
        write!(formatter, "{sign} {}", self.right)
    }
}

impl TryFrom<String> for Comparison {
    type Error = ComparisonError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Comparison> for String {
    fn from(comparison: Comparison) -> Self {
        comparison.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_holds_does_not_or_cannot_be_told() {
        use Outcome::{Fail, Inconclusive, Pass};
        for (comparison, value, expected) in [
            ("< 0.01", "0.0099", Pass),
            ("< 0.01", "0.01", Fail),
            ("<= 0.01", "0.010", Pass),
            (">= 1", "1", Pass),
            (">=1", "0", Fail),
            ("> -1", "-0.5", Pass),
            ("0", "0.0", Pass),
            ("== 3", "3", Pass),
            ("= 9007199254740993", "9007199254740993", Pass),
            ("!= 0", "2", Pass),
            ("active", "active", Pass),
            ("= active", "standby", Fail),
            ("!= standby", "active", Pass),
            (">= 950 and <= 1050", "1000", Pass),
            (">= 950 and <= 1050", "949.5", Fail),
            (">= 950 and <= 1050", "1051", Fail),
            (">= 950 and <= 1050", "n/a", Inconclusive),
            ("= salt and pepper", "salt and pepper", Pass),
            ("salt and = pepper", "salt and = pepper", Pass),
            // Nothing was counted, or something else came: nobody may read that as good.
            ("< 0.01", "NaN", Inconclusive),
            ("< 0.01", "+Inf", Inconclusive),
            (">= 1", "", Inconclusive),
            ("!= 0", "n/a", Inconclusive),
        ] {
            let parsed: Comparison = comparison.parse().unwrap();
            assert_eq!(parsed.of(value), expected, "{value} {comparison}");
            assert_eq!(parsed.to_string().parse::<Comparison>().unwrap(), parsed);
        }
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        for text in ["", " ", "<", ">= ", "< many", "> NaN", "> 1 and < many"] {
            assert!(text.parse::<Comparison>().is_err(), "{text:?}");
        }
    }
}
