//! What can be typed: first what somebody needs who was woken, then the rest.

use domain::words::Words;
use slack::Answer;

use super::typed::{Mistyped, Verb};

/// The answer to `help`.
pub(super) fn help(command: &str, verb: Option<Verb>) -> Answer {
    match verb {
        None => all(command),
        Some(Verb::Propose) => propose(command),
        Some(verb) => Answer::saying(usage(command, verb)),
    }
}

/// The answer to what was not understood.
pub(super) fn mistyped(command: &str, mistyped: &Mistyped) -> Answer {
    match mistyped {
        Mistyped::NoVerb { typed, meant } => {
            let words = Words::plain("There is no ").code(format!("{command} {typed}"));
            let answer = match meant {
                Some(meant) => Answer::saying(
                    words.text(". Did you mean ").code(format!("{command} {meant}")).text("?"),
                ),
                None => Answer::saying(words.text(".")),
            };
            answer.with_hint(code(command, "help").text(" shows what there is. Nothing was done."))
        }
        Mistyped::NoSense { verb, why } => Answer::saying(Words::marked(why))
            .line(usage(command, *verb))
            .with_hint(Words::plain("Nothing was done.")),
    }
}

fn all(command: &str) -> Answer {
    let line = |usage: &str, what: &str| code(command, usage).text(format!(" {what}"));
    let lines = [
        line("status", "what is open, and what waits for you"),
        line("show INC", "one incident: what would be done, and how far it is"),
        line("approve INC", "shows you what you would sign, then asks"),
        line("reject INC", "asks for the reason"),
        line("escalate INC", "asks the next level now"),
        line("propose", "a rollback that no alert suggests"),
        line("pause INC", "lets nothing further begin; resume and cancel go alike"),
        line("why INC", "why you may or may not decide, and who could"),
    ];
    let rest = Words::plain("Also: ").codes(["list", "timeline", "oncall", "hold", "drill"]);
    lines
        .into_iter()
        .fold(Answer::saying(Words::plain("What you may need now:")), Answer::line)
        .line(rest.text(". More of each, for example: ").code(format!("{command} help propose")))
        .with_hint(Words::plain(
            "INC is the id on the card, or the end of it. Leave it out where only one incident is open. Only you see the answers.",
        ))
}

fn propose(command: &str) -> Answer {
    let example = |text: &str| code(command, text);
    Answer::saying(
        code(command, "propose").text(
            " opens a form: which rollback, where, which models, what you see, and why. It says whom that needs before you send it. Nothing runs before people approve it.",
        ),
    )
    .line(Words::plain("What you type behind it is filled in already:"))
    .line(example("propose type=2 target=prod models=marts.orders,marts.revenue"))
    .line(example("propose type=4 target=prod trigger=data_quality_issues reason=\"all counts are doubled\""))
    .line(example("propose type=1 target=prod when=window"))
    .line(Words::plain("Types: 1 blue-green, 2 model-level, 3 schema, 4 full environment."))
    .with_hint(Words::plain("The targets and triggers are those of your policies; the form lists them."))
}

/// How a verb is used, and what it does.
pub(super) fn usage(command: &str, verb: Verb) -> Words {
    let (arguments, what) = match verb {
        Verb::Help => (" [WORD]", "shows what can be typed, or how one of the words is used"),
        Verb::Status => ("", "shows what is open, what waits for you, and what runs"),
        Verb::List => (" [open|all] [PAGE]", "lists incidents, newest first"),
        Verb::Show => (" [INC]", "shows an incident's card in words, with a link to its thread"),
        Verb::Propose => (
            " [type=N] [target=ENV] [models=A,B] [trigger=ID] [reason=\"…\"] [when=now|window]",
            "opens the form to propose a rollback with",
        ),
        Verb::Approve => (" [INC]", "shows the plan and asks whether you sign it"),
        Verb::Reject => (
            " [INC]",
            "asks for the reason, then rejects; a rollback that is stuck is ended as it stands",
        ),
        Verb::Escalate => (" [INC]", "asks the next level now"),
        Verb::Why => (
            " [INC] [@PERSON]",
            "says whether you, or somebody else, may decide, which rule says so, and who could",
        ),
        Verb::Pause => {
            (" [INC]", "lets nothing further of the rollback begin; the step under way ends")
        }
        Verb::Resume => (" [INC]", "lets a paused rollback go on"),
        Verb::Cancel => (" [INC]", "asks for the reason, then takes back what was done"),
        Verb::Hold => (
            " [list] | hold lift ENV",
            "shows what must not come back after a rollback, or lets it come again",
        ),
        Verb::Timeline => (" [INC] [PAGE]", "shows what happened, in order"),
        Verb::Oncall => ("", "shows who is asked when, level by level"),
        Verb::Drill => ("", "does nothing yet: drills are not there"),
    };
    code(command, &format!("{}{arguments}", verb.name())).text(format!(" {what}."))
}

/// A command as it is typed.
fn code(command: &str, rest: &str) -> Words {
    Words::new().code(format!("{command} {rest}"))
}
