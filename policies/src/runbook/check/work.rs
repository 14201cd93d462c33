//! Which kind of work it is, and whether that kind fits where it stands.

use domain::plan::Pause;

use super::Checker;
use crate::{
    duration::DurationText,
    place::Place,
    runbook::{action::ActionTemplate, work::Work},
};

/// Who does the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The step itself.
    Step { timeout_ms: u64 },
    /// Its probe, which must not change anything.
    Probe,
    /// Its undo.
    Undo { timeout_ms: u64 },
    /// What is done in its place in a dry run, and must not change anything.
    DryRun { timeout_ms: u64 },
    /// A check, which must not change anything either.
    Check { timeout_ms: u64 },
    /// A watched metric, which is looked at again and again.
    Watch,
}

impl Role {
    /// Whether it must not change anything.
    pub(super) fn only_looks(self) -> bool {
        matches!(self, Self::Probe | Self::DryRun { .. } | Self::Check { .. } | Self::Watch)
    }

    /// What people call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Step { .. } => "a step",
            Self::Probe => "a probe",
            Self::Undo { .. } => "an undo",
            Self::DryRun { .. } => "a dry run",
            Self::Check { .. } => "a check",
            Self::Watch => "a watched metric",
        }
    }
}

const LOOKS: &str = "`sql`, `http`, `prometheus`, `dns` and `command`";
const KINDS: &str =
    "`command`, `sqlmesh`, `sql`, `http`, `prometheus`, `dns`, `wait` and `confirm`";

impl Checker<'_, '_> {
    /// The one thing that is to be done; mistakes are noted.
    pub(super) fn work(
        &mut self,
        place: Place,
        work: &Work<'_>,
        role: Role,
    ) -> Option<ActionTemplate> {
        let mut kinds: Vec<Place> = [
            work.command.map(|at| at.place),
            work.sqlmesh.map(|at| at.place),
            work.sql.map(|at| at.place),
            work.http.map(|at| at.place),
            work.prometheus.map(|at| at.place),
            work.dns.map(|at| at.place),
            work.wait.map(|at| at.place),
        ]
        .into_iter()
        .flatten()
        .collect();
        kinds.sort_by_key(|place| (place.line, place.column));
        match kinds[..] {
            [] if matches!(role, Role::Check { .. }) => {
                let advice = format!("add one of {LOOKS}");
                self.file.note(place, "nothing is looked at here", advice);
                return None;
            }
            [] => {
                let advice = "add `sqlmesh: [promote, ...]` or `command: [program, argument]`";
                self.file.note(place, "there is nothing to do here", advice);
                return None;
            }
            [_] => {}
            [_, second, ..] if matches!(role, Role::Check { .. }) => {
                let advice =
                    format!("keep one of {LOOKS}, and make two checks of them if both are needed");
                self.file.note(second, "a check looks at one thing", advice);
                return None;
            }
            [_, second, ..] => {
                let advice =
                    format!("keep one of {KINDS}, and make two steps of them if both are needed");
                self.file.note(second, "a step does one thing", advice);
                return None;
            }
        }
        self.refuse_strangers(work);
        if matches!(role, Role::Undo { .. })
            && let Some(place) =
                work.prometheus.map(|at| at.place).or_else(|| work.dns.map(|at| at.place))
        {
            let advice = "say what takes the step back; a question belongs into `probe`";
            self.file.note(place, "a question takes nothing back", advice);
            return None;
        }
        if let Some(at) = work.command {
            return self.command(at, work, role);
        }
        if let Some(at) = work.sqlmesh {
            return self.sqlmesh(at, role);
        }
        if let Some(at) = work.sql {
            return self.sql(at, work.expect, role);
        }
        if let Some(at) = work.http {
            return self.http(at, work.expect, role);
        }
        if let Some(at) = work.prometheus {
            return self.prometheus(at, work.expect, role);
        }
        if let Some(at) = work.dns {
            return self.dns(at, work.expect);
        }
        let duration_ms = DurationText::read(work.wait?, self.file);
        Some(ActionTemplate::Wait(Pause { duration_ms }))
    }

    /// What belongs to another kind of work would be believed to do something.
    fn refuse_strangers(&mut self, work: &Work<'_>) {
        let is_program = work.command.is_some();
        let of_programs = [
            ("env", work.env.map(|at| at.place)),
            ("writes", work.writes.map(|at| at.place)),
            ("limits", work.limits.map(|at| at.place)),
            ("progress", work.progress.map(|at| at.place)),
        ];
        for (key, place) in of_programs {
            if let Some(place) = place.filter(|_| !is_program) {
                let message = format!("`{key}` is for steps with `command`");
                self.file.note(place, message, format!("remove `{key}`"));
            }
        }
        let has_no_answer = is_program || work.sqlmesh.is_some() || work.wait.is_some();
        if let Some(at) = work.expect.filter(|_| has_no_answer) {
            let advice = "remove `expect`: a program says by its exit code whether it did its work";
            self.file.note(at.place, "there is no answer to compare with", advice);
        }
    }
}
