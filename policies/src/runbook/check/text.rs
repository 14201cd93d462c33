//! Texts with parameters: whether each is declared, has a value for certain, and may stand where it stands.

use super::Checker;
use crate::{
    place::Place,
    runbook::{
        argument::{Argument, Part},
        parameter::ParameterType,
        template::{Form, Language, Scanner, Spot, Template, Within},
    },
};

impl Checker<'_, '_> {
    pub(super) fn uses(&mut self, place: Place, name: &str) -> Option<ParameterType> {
        if let Some(at) = self.declared.get(name) {
            self.used.insert(name.to_owned());
            return Some(at.value.kind);
        }
        let known: Vec<&str> = self.declared.keys().map(String::as_str).collect();
        self.file.unknown(place, "parameter", name, &known);
        None
    }

    /// A text whose parameters are written as `form` says, which is asked with the index of the part and the type.
    pub(super) fn text(
        &mut self,
        place: Place,
        text: &str,
        mut form: impl FnMut(usize, ParameterType) -> Result<Form, &'static str>,
    ) -> Option<Template> {
        let argument = match Argument::parse(text) {
            Ok(argument) => argument,
            Err(rest) => {
                let rest: String = rest.chars().take(40).collect();
                self.file.note(place, format!("`{rest}` is not finished"), "close it with `}`");
                return None;
            }
        };
        let mut forms = Vec::new();
        let mut is_good = true;
        for (index, part) in argument.parts().iter().enumerate() {
            let Part::Parameter(name) = part else {
                forms.push(Form::Plain);
                continue;
            };
            let Some(kind) = self.uses(place, name) else {
                is_good = false;
                forms.push(Form::Plain);
                continue;
            };
            let may_be_missing = self.given.as_deref() != Some(name);
            if may_be_missing && self.declared.get(name).is_some_and(|at| at.value.optional) {
                let message =
                    format!("the parameter `{name}` may have no value, and would leave a gap");
                self.file.note(place, message, "remove `optional: true`, do without it here, or leave the step out with `only_with`");
            }
            match form(index, kind) {
                Ok(form) => forms.push(form),
                Err(advice) => {
                    is_good = false;
                    let message = format!(
                        "the parameter `{name}` ({}) cannot stand here: its letters could mean something else",
                        kind.name()
                    );
                    self.file.note(
                        place,
                        message,
                        advice.replace("${name}", &format!("${{{name}}}")),
                    );
                    forms.push(Form::Plain);
                }
            }
        }
        is_good.then(|| Template::of(argument.parts(), |index, _| forms[index]))
    }

    /// A text in a language whose places are known.
    pub(super) fn text_in(
        &mut self,
        language: Language,
        place: Place,
        text: &str,
    ) -> Option<Template> {
        let parts = Argument::parse(text).map(|argument| argument.parts().to_vec());
        let spots = spots(language, parts.as_deref().unwrap_or_default());
        let parts = parts.unwrap_or_default();
        self.text(place, text, |index, kind| {
            let letters = |index: Option<usize>| match index.and_then(|index| parts.get(index)) {
                Some(Part::Letters(letters)) => letters.as_str(),
                _ => "",
            };
            let spot = Spot {
                within: spots[index],
                before: letters(index.checked_sub(1)),
                behind: letters(Some(index + 1)),
            };
            spot.form(language, kind)
        })
    }

    /// A reference to a variable that cannot be one.
    pub(super) fn refuse_unnamed(&mut self, place: Place, value: &str) {
        if let Some(name) = value.strip_prefix("env:")
            && (name.is_empty()
                || !name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_'))
        {
            let message = format!("`{name}` is not the name of a variable");
            let advice =
                "write `env:NAME` and nothing else; `inherit` of the configuration names it too";
            self.file.note(place, message, advice);
        }
    }
}

/// Where each part begins.
fn spots(language: Language, parts: &[Part]) -> Vec<Within> {
    let mut scanner = Scanner::new(language);
    parts
        .iter()
        .map(|part| {
            let within = scanner.within();
            match part {
                Part::Letters(letters) => letters.chars().for_each(|letter| scanner.read(letter)),
                Part::Parameter(_) => scanner.pass_value(),
            }
            within
        })
        .collect()
}
