//! What a rollback would change, and which types are tried in which order. Pure: it reads what SQLMesh answered.
//!
//! Each type has a file of its own beside this one with a function `choose`, which says what it would change or why
//! it would not help.

use domain::{plan::RollbackType, request::Request};
use policies::Match;
use sqlmesh::{Changed, Inspection};

use super::{blue_green, model_level, schema};

/// What would change, in absolute versions: never "the previous one", which a retry would turn around.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Choice {
    /// The models that go back, by name.
    pub(super) models: Vec<String>,
    /// Their versions then, as `model=identifier`.
    pub(super) to: Vec<String>,
    /// The models that leave the environment, because the release added them.
    pub(super) without: Vec<String>,
    /// The versions that are live now and would not be then, as `model=identifier`: the way back from the rollback.
    pub(super) from: Vec<String>,
    /// The models that are not there now, because the release removed them.
    pub(super) from_without: Vec<String>,
}

impl Choice {
    /// Takes all of `changed` back to the side before.
    pub(super) fn of<'a>(changed: impl IntoIterator<Item = &'a Changed>) -> Self {
        let mut choice = Self::default();
        for Changed { name, current, previous } in changed {
            match previous {
                Some(previous) => {
                    choice.models.push(name.clone());
                    choice.to.push(format!("{name}={previous}"));
                }
                None => choice.without.push(name.clone()),
            }
            match current {
                Some(current) => choice.from.push(format!("{name}={current}")),
                None => choice.from_without.push(name.clone()),
            }
        }
        choice
    }

    /// Whether it would change nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.to.is_empty() && self.without.is_empty()
    }
}

/// What a rollback of this type would change; the error says why it would not help.
pub(super) fn choose(
    rollback_type: RollbackType,
    matched: &Match,
    inspection: &Inspection,
) -> Result<Choice, String> {
    match rollback_type {
        RollbackType::BlueGreen => blue_green::choose(matched, inspection),
        RollbackType::ModelLevel => model_level::choose(matched, inspection),
        RollbackType::Schema => schema::choose(matched, inspection),
        // All of the environment goes back, whatever the last release changed; its models are those of the point.
        RollbackType::FullEnvironment => Ok(Choice::default()),
    }
}

/// The types in the order in which they are tried: the trigger's. But where the alert names a part of the release and
/// taking that part back is enough, the whole release stays for later.
pub(super) fn order(matched: &Match, inspection: &Inspection) -> Vec<RollbackType> {
    let mut order = matched.suggested.clone();
    let place = |order: &[RollbackType], wanted| order.iter().position(|found| *found == wanted);
    if let Some(blue_green) = place(&order, RollbackType::BlueGreen)
        && let Some(model_level) = place(&order, RollbackType::ModelLevel)
        && blue_green < model_level
        && model_level::is_enough(matched, inspection)
    {
        let smaller = order.remove(model_level);
        order.insert(blue_green, smaller);
    }
    order
}

/// The models of the release that the alert is about: all that it changed where the alert names none.
pub(super) fn meant<'a>(
    matched: &'a Match,
    inspection: &'a Inspection,
) -> impl Iterator<Item = &'a Changed> {
    inspection.changed.iter().filter(|changed| is_meant(matched, &changed.name))
}

/// Whether an alert means this model; one that names none means all.
pub(in super::super) fn is_meant(matched: &Match, model: &str) -> bool {
    let is_named = |named: &String| model == named || model.ends_with(&format!(".{named}"));
    matched.models.is_empty() || matched.models.iter().any(is_named)
}

/// Which of the models that a person named would stay as they are, where there are any: they asked for all of them.
pub(super) fn left_out(
    request: &Request,
    choice: &Choice,
    inspection: &Inspection,
) -> Option<String> {
    let goes_back = |named: &&String| {
        let one = Request { models: vec![(*named).clone()], ..request.clone() };
        choice.models.iter().any(|model| one.names(model))
    };
    let stay: Vec<&str> =
        request.models.iter().filter(|named| !goes_back(named)).map(String::as_str).collect();
    (!stay.is_empty()).then(|| {
        format!(
            "{} would stay as {}, because the last release of {} did not change {} from one version to another.",
            stay.join(", "),
            if stay.len() == 1 { "it is" } else { "they are" },
            inspection.environment.name,
            if stay.len() == 1 { "it" } else { "them" },
        )
    })
}

/// Why nothing can go back.
pub(super) fn nothing_changed(matched: &Match, inspection: &Inspection) -> String {
    let environment = &inspection.environment.name;
    let models = matched.models.join(", ");
    if models.is_empty() {
        format!(
            "the last release of {environment} changed no model, so there is nothing to go back to."
        )
    } else {
        format!(
            "the last release of {environment} did not change {models}, so going back would change nothing."
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(name: &str, current: Option<&str>, previous: Option<&str>) -> Changed {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Changed { name: name.to_owned(), current: owned(current), previous: owned(previous) }
    }

    /// A release that changed two models, added one and removed one.
    fn release() -> Inspection {
        let environment = sqlmesh::Environment {
            name: "prod".to_owned(),
            plan_id: "bad".to_owned(),
            finalized_ts: Some(1),
            began_ts: None,
        };
        Inspection {
            sqlmesh_version: "0.236.4".to_owned(),
            environment,
            fingerprint: "f".to_owned(),
            current: vec![],
            changed: vec![
                changed("marts.orders", Some("22"), Some("11")),
                changed("marts.customers", Some("24"), Some("12")),
                changed("marts.extra", Some("30"), None),
                changed("marts.gone", None, Some("13")),
            ],
        }
    }

    fn alert_of(models: &[&str], suggested: &[RollbackType]) -> Match {
        Match {
            trigger: "error_rate_high".to_owned(),
            because: String::new(),
            target: "warehouse".to_owned(),
            rollback_type: suggested[0],
            suggested: suggested.to_vec(),
            alert_names_models: !models.is_empty(),
            models: models.iter().map(|model| (*model).to_owned()).collect(),
            rules: vec![],
        }
    }

    const BOTH: [RollbackType; 2] = [RollbackType::BlueGreen, RollbackType::ModelLevel];

    #[test]
    fn a_release_goes_back_with_what_it_added_and_removed() {
        let choice =
            choose(RollbackType::BlueGreen, &alert_of(&[], &BOTH), &release()).expect("it helps");
        assert_eq!(choice.to, ["marts.orders=11", "marts.customers=12", "marts.gone=13"]);
        assert_eq!(choice.without, ["marts.extra"]);
        assert_eq!(choice.from, ["marts.orders=22", "marts.customers=24", "marts.extra=30"]);
        assert_eq!(choice.from_without, ["marts.gone"]);
        assert_eq!(choice.models, ["marts.orders", "marts.customers", "marts.gone"]);
    }

    #[test]
    fn single_models_go_back_only_where_they_were_there_before_and_are_there_now() {
        let all = alert_of(&[], &BOTH);
        let choice = choose(RollbackType::ModelLevel, &all, &release()).expect("it helps");
        assert_eq!(choice.models, ["marts.orders", "marts.customers"]);
        assert_eq!((choice.without, choice.from_without), (vec![], vec![]));
        let named = alert_of(&["orders"], &BOTH);
        let choice = choose(RollbackType::ModelLevel, &named, &release()).expect("it helps");
        assert_eq!(choice.to, ["marts.orders=11"]);
    }

    #[test]
    fn the_smaller_rollback_comes_first_where_it_is_enough() {
        use RollbackType::{BlueGreen, FullEnvironment, ModelLevel};
        for (models, suggested, expected) in [
            // The trigger's order, where the alert says nothing of models.
            (&[][..], &BOTH[..], &[BlueGreen, ModelLevel][..]),
            (&["marts.orders"], &BOTH, &[ModelLevel, BlueGreen]),
            // One that the release added can only go away with the whole of it, and one that it removed come back.
            (&["marts.extra"], &BOTH, &[BlueGreen, ModelLevel]),
            (&["marts.orders", "marts.gone"], &BOTH, &[BlueGreen, ModelLevel]),
            // Nothing that the release changed.
            (&["marts.other"], &BOTH, &[BlueGreen, ModelLevel]),
            (&["marts.orders"], &[ModelLevel, BlueGreen], &[ModelLevel, BlueGreen]),
            (&["marts.orders"], &[BlueGreen, FullEnvironment], &[BlueGreen, FullEnvironment]),
            (
                &["marts.orders"],
                &[BlueGreen, FullEnvironment, ModelLevel],
                &[ModelLevel, BlueGreen, FullEnvironment],
            ),
        ] {
            assert_eq!(order(&alert_of(models, suggested), &release()), expected, "{models:?}");
        }
    }

    #[test]
    fn whatever_would_change_nothing_says_so() {
        let other = alert_of(&["marts.other"], &BOTH);
        let unchanged = Inspection { changed: vec![], ..release() };
        let only_new =
            Inspection { changed: vec![changed("marts.extra", Some("30"), None)], ..release() };
        let why = |rollback_type, matched: &Match, inspection: &Inspection| {
            choose(rollback_type, matched, inspection).expect_err("nothing helps")
        };
        insta::assert_snapshot!(
            [
                why(RollbackType::BlueGreen, &other, &release()),
                why(RollbackType::ModelLevel, &other, &release()),
                why(RollbackType::BlueGreen, &alert_of(&[], &BOTH), &unchanged),
                why(RollbackType::ModelLevel, &alert_of(&[], &BOTH), &only_new),
                why(RollbackType::ModelLevel, &alert_of(&["marts.gone"], &BOTH), &release()),
            ]
            .join("\n"),
            @r"
            the last release of prod did not change marts.other, so going back would change nothing.
            the last release of prod did not change marts.other, so going back would change nothing.
            the last release of prod changed no model, so there is nothing to go back to.
            marts.extra has no version that can be swapped for another: the last release of prod added or removed it.
            marts.gone has no version that can be swapped for another: the last release of prod added or removed it.
            "
        );
    }
}
