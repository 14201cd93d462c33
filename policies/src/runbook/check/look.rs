//! A look that stands in no runbook: what a check or a watched metric asks. It changes nothing, and of the parameters it knows one.

use std::collections::{BTreeMap, BTreeSet};

use domain::plan::Action;

use super::{Checker, work::Role};
use crate::{
    baseline::Baseline,
    place::{At, Place},
    problem::Examined,
    runbook::{
        action::ActionTemplate,
        confirm::Deciders,
        layout::ParameterLayout,
        parameter::{Parameter, ParameterError, ParameterType},
        work::Work,
    },
};

/// The parameter that every look may name: the models that go back.
const MODELS: &str = "models";

/// A look before its parameter is filled in.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    action: ActionTemplate,
    /// Whether it names the models.
    pub(crate) names_models: bool,
    /// What its answer shall be, where that is told by what it was before.
    pub(crate) baseline: Option<Baseline>,
}

impl Look {
    /// The look of a check, itself checked; mistakes are noted.
    pub(crate) fn of_check(
        place: Place,
        work: &Work<'_>,
        timeout_ms: u64,
        file: &mut Examined<'_>,
    ) -> Option<Self> {
        Self::read(place, work, Role::Check { timeout_ms }, file)
    }

    /// The look of a watched metric; mistakes are noted.
    pub(crate) fn of_watch(place: Place, work: &Work<'_>, file: &mut Examined<'_>) -> Option<Self> {
        Self::read(place, work, Role::Watch, file)
    }

    fn read(place: Place, work: &Work<'_>, role: Role, file: &mut Examined<'_>) -> Option<Self> {
        let kind = ParameterType::ModelList;
        let models = ParameterLayout { kind, flag: None, optional: false, _about: None };
        let declared =
            BTreeMap::from([(MODELS.to_owned(), At { value: models, place: Place::START })]);
        let deciders = Deciders { levels: &[], people: None };
        let mut checker = Checker {
            deciders: &deciders,
            declared: &declared,
            used: BTreeSet::new(),
            given: None,
            baseline: None,
            file,
        };
        let action = checker.work(place, work, role)?;
        let names_models = checker.used.contains(MODELS);
        Some(Self { action, names_models, baseline: checker.baseline })
    }

    /// What is asked, with the models filled in. A name that is none, or no models where they are needed, is an error.
    pub(crate) fn fill(&self, models: &[String]) -> Result<Action, ParameterError> {
        let parameter =
            Parameter { kind: ParameterType::ModelList, flag: None, is_optional: false };
        if self.names_models {
            parameter.check(MODELS, models)?;
        }
        Ok(self.action.fill(&BTreeMap::from([(MODELS, (&parameter, models))])))
    }
}
