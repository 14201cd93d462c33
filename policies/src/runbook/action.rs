//! An action before its parameters are filled in.

use std::collections::BTreeMap;

use domain::plan::{Action, Lookup, MetricQuery, Pause, Program, Question, Request, Statement};

use super::{
    argument::{self, Argument},
    template::{Template, Values},
};

/// An action with places for parameters. Where a text has such places, it stands beside the data it belongs to.
#[derive(Clone, Debug)]
pub(crate) enum ActionTemplate {
    Command { argv: Vec<Argument>, env: BTreeMap<String, Template>, program: Program },
    Sqlmesh(Vec<Argument>),
    Sql { text: Template, statement: Statement },
    Http { texts: Box<RequestTexts>, request: Request },
    Prometheus { query: Template, headers: BTreeMap<String, Template>, question: MetricQuery },
    Dns { name: Template, expect: Vec<Template>, question: Lookup },
    Wait(Pause),
    Confirm(Question),
}

/// The texts of a request.
#[derive(Clone, Debug)]
pub(crate) struct RequestTexts {
    pub(crate) url: Template,
    pub(crate) headers: BTreeMap<String, Template>,
    pub(crate) body: Option<Template>,
}

impl ActionTemplate {
    /// The action with values filled in. Parameters without a value were refused before.
    pub(crate) fn fill(&self, values: &Values<'_>) -> Action {
        let each = |texts: &BTreeMap<String, Template>| {
            texts.iter().map(|(name, text)| (name.clone(), text.fill(values))).collect()
        };
        match self {
            Self::Command { argv, env, program } => Action::Command(Program {
                argv: argument::expand(argv, values),
                env: each(env),
                ..program.clone()
            }),
            Self::Sqlmesh(arguments) => Action::Sqlmesh(argument::expand(arguments, values)),
            Self::Sql { text, statement } => {
                Action::Sql(Statement { text: text.fill(values), ..statement.clone() })
            }
            Self::Http { texts, request } => Action::Http(Request {
                url: texts.url.fill(values),
                headers: each(&texts.headers),
                body: texts.body.as_ref().map(|body| body.fill(values)),
                ..request.clone()
            }),
            Self::Prometheus { query, headers, question } => Action::Prometheus(MetricQuery {
                query: query.fill(values),
                headers: each(headers),
                ..question.clone()
            }),
            Self::Dns { name, expect, question } => Action::Dns(Lookup {
                name: name.fill(values),
                expect: expect.iter().map(|value| value.fill(values)).collect(),
                ..question.clone()
            }),
            Self::Wait(pause) => Action::Wait(*pause),
            Self::Confirm(question) => Action::Confirm(question.clone()),
        }
    }
}
