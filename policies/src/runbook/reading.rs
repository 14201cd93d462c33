//! Which actions change nothing, whoever asks for them.

use domain::plan::Action;

/// The sub-commands of the `SQLMesh` helper that only read. A verification notes its verdict beside the point, and
/// nothing else.
pub(super) const READS: [&str; 14] = [
    "inspect",
    "check",
    "probe",
    "verify",
    "measure",
    "probe-point",
    "verify-point",
    "check-schema",
    "probe-schema",
    "verify-schema",
    "probe-beside",
    "verify-beside",
    "probe-swap",
    "verify-live",
];

/// The others.
pub(super) const CHANGES: [&str; 7] =
    ["promote", "save", "restore-schema", "restore-beside", "drop-beside", "swap", "unswap"];

/// Whether doing it changes nothing. What a program does is not known, so it counts as a change.
pub(super) fn only_reads(action: &Action) -> bool {
    match action {
        Action::Sqlmesh(arguments) => {
            arguments.first().is_some_and(|command| READS.contains(&command.as_str()))
        }
        Action::Sql(statement) => statement.read_only,
        Action::Http(request) => request.only_asks(),
        Action::Prometheus(_) | Action::Dns(_) | Action::Wait(_) | Action::Confirm(_) => true,
        Action::Command(_) => false,
    }
}
