//! The database: does it answer, is it migrated, and what could not be said to a chat?

use std::path::Path;

use store::{Parked, ParkedKind, Store};

use super::Finding;
use crate::config::Config;

const CHECK: &str = "database";

pub(super) async fn examine(config: &Config) -> Vec<Finding> {
    if let Some(file) = config.database_url.strip_prefix("sqlite://")
        && !Path::new(file).exists()
    {
        let missing = Finding::problem(CHECK, format!("there is no database at {file}"));
        return vec![missing.fix("`countersign migrate` makes it")];
    }
    let store = match Store::open(&config.database_url).await {
        Ok(store) => store,
        Err(error) => {
            let unreachable = Finding::problem(CHECK, told(error));
            return vec![unreachable.fix("Check `database_url`, and that the server runs")];
        }
    };
    let mut found = vec![state(&store).await];
    match store.parked().await {
        Ok(parked) => found.extend(parked.into_iter().map(refused)),
        // Without its tables it has said so already.
        Err(_) if store.ping().await.is_err() => {}
        Err(error) => found.push(Finding::problem("messages", told(error))),
    }
    store.close().await;
    found
}

async fn state(store: &Store) -> Finding {
    let version = match store.version().await {
        Ok(version) => version,
        Err(error) => {
            return Finding::problem(CHECK, told(error)).fix("See the database's own log");
        }
    };
    match store.ping().await {
        Ok(()) => Finding::ok(CHECK, format!("{version}, migrated")),
        Err(error @ store::Error::NotMigrated { .. }) => {
            Finding::problem(CHECK, format!("{version}: {}", told(error))).fix(
                "`countersign migrate` brings it up to date; so does the next start of `serve`",
            )
        }
        Err(error @ store::Error::MigrationChanged { .. }) => {
            Finding::problem(CHECK, format!("{version}: {}", told(error)))
                .fix("Another build of Countersign has migrated it: run that one, or a newer one")
        }
        Err(error) => Finding::problem(CHECK, format!("{version}: {}", told(error)))
            .fix("See the database's own log"),
    }
}

/// What a chat refused: it is kept, and tried again.
fn refused(parked: Parked) -> Finding {
    let Parked { what, place, problem, many, since } = parked;
    let place = place.strip_prefix("chat:").unwrap_or(&place);
    let what = match (what, many) {
        (ParkedKind::Cards, 1) => "1 card is".to_owned(),
        (ParkedKind::Cards, many) => format!("{many} cards are"),
        (ParkedKind::Messages, 1) => "1 message is".to_owned(),
        (ParkedKind::Messages, many) => format!("{many} messages are"),
        (ParkedKind::Letters, 1) => "1 letter is".to_owned(),
        (ParkedKind::Letters, many) => format!("{many} letters are"),
        (ParkedKind::Errands, 1) => "1 home page or note for a timeline is".to_owned(),
        (ParkedKind::Errands, many) => {
            format!("{many} home pages or notes for a timeline are")
        }
    };
    let since = since.format("%Y-%m-%d %H:%M UTC");
    Finding::problem("messages", format!("{what} kept back for {place} since {since}: {problem}"))
        .fix("Mend what it says: what waits is tried again by itself, what was given up when `serve` starts")
}

/// An error with its causes, in one line.
fn told(error: store::Error) -> String {
    format!("{:#}", anyhow::Error::new(error))
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    #[test]
    fn whatever_waits_is_named() {
        let said = |what, many| {
            let since = Timestamp::from_timestamp(1_795_412_780, 0).expect("a moment");
            let (place, problem) = ("chat:slack".to_owned(), "user_not_found".to_owned());
            refused(Parked { what, place, problem, many, since }).what
        };
        let table = [
            (ParkedKind::Cards, 1, "1 card is"),
            (ParkedKind::Messages, 2, "2 messages are"),
            (ParkedKind::Letters, 1, "1 letter is"),
            (ParkedKind::Letters, 3, "3 letters are"),
            (ParkedKind::Errands, 1, "1 home page or note for a timeline is"),
            (ParkedKind::Errands, 2, "2 home pages or notes for a timeline are"),
        ];
        for (what, many, begins) in table {
            let expected =
                format!("{begins} kept back for slack since 2026-11-23 05:46 UTC: user_not_found");
            assert_eq!(said(what, many), expected);
        }
    }
}
