//! “Can we go back to that time?”: the rollback points, what would be lost, and how hard it is. Reads nothing.

use std::fmt;

use domain::Timestamp;
use sqlmesh::{Point, PointKind};

/// How hard the way back is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Complexity {
    /// The whole environment goes back.
    Full,
    /// Tables of some models go back.
    Tables,
    /// Models are pointed back at tables that are still there.
    Versions,
}

impl Complexity {
    /// The word for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full_environment",
            Self::Tables => "tables",
            Self::Versions => "versions",
        }
    }
}

/// What can be gone back to at one time.
#[derive(Clone, Debug)]
pub struct Restorable {
    /// The time that was asked about.
    pub at: Timestamp,
    /// The points of that time or before it, newest first.
    pub points: Vec<Point>,
    /// The first point after it, for those who come too early.
    after: Option<Point>,
}

impl Restorable {
    /// Sorts out the points of one target.
    pub fn at(points: Vec<Point>, at: Timestamp) -> Self {
        let (mut before, after): (Vec<_>, Vec<_>) =
            points.into_iter().partition(|point| point.created_ms <= at.timestamp_millis());
        before.sort_by_key(|point| std::cmp::Reverse(point.created_ms));
        let after = after.into_iter().min_by_key(|point| point.created_ms);
        Self { at, points: before, after }
    }

    /// The point to go back to: the newest verified one of the whole environment, else of tables, else of versions.
    pub fn best(&self) -> Option<&Point> {
        self.newest(PointKind::Full)
            .or_else(|| self.newest(PointKind::Tables))
            .or_else(|| self.newest(PointKind::Versions))
    }

    fn newest(&self, kind: PointKind) -> Option<&Point> {
        self.points.iter().find(|point| point.kind == kind && point.is_verified())
    }

    /// Versions that are nearer to the time than the best point.
    fn versions(&self) -> Option<&Point> {
        let best = self.best()?;
        self.newest(PointKind::Versions).filter(|point| point.created_ms > best.created_ms)
    }

    /// How long before the time the point is: what was written in between does not come back. `None` where there is no
    /// point, or none that touches data.
    pub fn data_loss_ms(&self) -> Option<i64> {
        let best = self.best().filter(|best| best.kind != PointKind::Versions)?;
        Some(self.at.timestamp_millis() - best.created_ms)
    }

    /// How hard it is.
    pub fn complexity(&self) -> Option<Complexity> {
        self.best().map(|point| match point.kind {
            PointKind::Full => Complexity::Full,
            PointKind::Tables => Complexity::Tables,
            PointKind::Versions => Complexity::Versions,
        })
    }
}

impl fmt::Display for Restorable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let asked = spell(self.at.timestamp_millis());
        let Some(best) = self.best() else {
            write!(formatter, "No: no verified rollback point is of {asked} or before it.")?;
            if let Some(unverified) = self.points.first() {
                write!(
                    formatter,
                    " {} of {} has not passed its verification.",
                    unverified.id,
                    spell(unverified.created_ms)
                )?;
            }
            if let Some(after) = &self.after {
                let made = spell(after.created_ms);
                write!(formatter, " The first one after it is {} of {made}.", after.id)?;
            }
            return Ok(());
        };
        writeln!(formatter, "Yes: from {} of {}.", best.id, spell(best.created_ms))?;
        if let Some(lost) = self.data_loss_ms().map(length) {
            writeln!(formatter, "  Not in it is what was written in the {lost} before {asked}.")?;
        }
        match best.kind {
            PointKind::Full => writeln!(
                formatter,
                "  It holds the whole environment: restored beside the live one, verified, exchanged (type 4)."
            )?,
            PointKind::Tables => writeln!(
                formatter,
                "  It holds tables of models ({}): columns that a release dropped come back (type 3).",
                best.models.iter().filter(|model| model.kept).count()
            )?,
            PointKind::Versions => writeln!(
                formatter,
                "  It holds the versions of all models and no data: a type 1 leads back to them, as long as SQLMesh's janitor has left their tables."
            )?,
        }
        if let Some(versions) = self.versions() {
            let (id, made) = (&versions.id, spell(versions.created_ms));
            writeln!(
                formatter,
                "  {id} of {made} holds the versions of that time: a type 1 leads back to them without any loss of data, as long as SQLMesh's janitor has left their tables."
            )?;
        }
        let verified = self.points.iter().filter(|point| point.is_verified()).count();
        write!(formatter, "  {verified} of {} points up to then are verified.", self.points.len())
    }
}

/// A moment as an operator reads it.
pub fn spell(milliseconds: i64) -> String {
    Timestamp::from_timestamp_millis(milliseconds)
        .map_or_else(String::new, |at| at.format("%Y-%m-%d %H:%M UTC").to_string())
}

/// A length of time in the two largest units that it has.
pub fn length(milliseconds: i64) -> String {
    let minutes = milliseconds / 60_000;
    match (minutes / 1440, minutes / 60 % 24, minutes % 60) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, 0, _) => format!("{days} d"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use sqlmesh::{Origin, PointModel, Verdict};

    use super::*;

    const HOUR: i64 = 3_600_000;

    fn point(id: &str, kind: PointKind, hour: i64, verified: Option<bool>) -> Point {
        let model =
            PointModel { name: "marts.a".to_owned(), identifier: "1".to_owned(), kept: true };
        Point {
            id: id.to_owned(),
            kind,
            created_ms: hour * HOUR,
            recovered_ms: None,
            reason: String::new(),
            environment: "prod".to_owned(),
            gateway: "local".to_owned(),
            fingerprint: "f".to_owned(),
            project: Origin { path: "/project".into(), commit: None },
            models: vec![model],
            verified: verified.map(|passed| Verdict { at_ms: 0, passed }),
        }
    }

    fn asked(points: Vec<Point>, hour: i64) -> Restorable {
        Restorable::at(points, Timestamp::from_timestamp_millis(hour * HOUR).unwrap())
    }

    #[test]
    fn the_newest_verified_point_of_the_whole_environment_is_best() {
        let points = vec![
            point("pt_late", PointKind::Full, 9, Some(true)),
            point("pt_tables", PointKind::Tables, 7, Some(true)),
            point("pt_bad", PointKind::Full, 6, Some(false)),
            point("pt_good", PointKind::Full, 5, Some(true)),
            point("pt_old", PointKind::Full, 4, Some(true)),
        ];
        let found = asked(points.clone(), 8);
        assert_eq!(found.best().map(|point| point.id.as_str()), Some("pt_good"));
        insta::assert_snapshot!(found, @"
        Yes: from pt_good of 1970-01-01 05:00 UTC.
          Not in it is what was written in the 3 h before 1970-01-01 08:00 UTC.
          It holds the whole environment: restored beside the live one, verified, exchanged (type 4).
          3 of 4 points up to then are verified.
        ");
        insta::assert_snapshot!(asked(points[1..2].to_vec(), 50), @"
        Yes: from pt_tables of 1970-01-01 07:00 UTC.
          Not in it is what was written in the 1 d 19 h before 1970-01-03 02:00 UTC.
          It holds tables of models (1): columns that a release dropped come back (type 3).
          1 of 1 points up to then are verified.
        ");
    }

    #[test]
    fn versions_are_offered_for_what_they_are() {
        let versions = point("pt_versions", PointKind::Versions, 7, Some(true));
        let alone = asked(vec![versions.clone()], 8);
        assert_eq!((alone.data_loss_ms(), alone.complexity()), (None, Some(Complexity::Versions)));
        insta::assert_snapshot!(alone, @"
        Yes: from pt_versions of 1970-01-01 07:00 UTC.
          It holds the versions of all models and no data: a type 1 leads back to them, as long as SQLMesh's janitor has left their tables.
          1 of 1 points up to then are verified.
        ");
        let full = point("pt_full", PointKind::Full, 5, Some(true));
        insta::assert_snapshot!(asked(vec![versions, full], 8), @"
        Yes: from pt_full of 1970-01-01 05:00 UTC.
          Not in it is what was written in the 3 h before 1970-01-01 08:00 UTC.
          It holds the whole environment: restored beside the live one, verified, exchanged (type 4).
          pt_versions of 1970-01-01 07:00 UTC holds the versions of that time: a type 1 leads back to them without any loss of data, as long as SQLMesh's janitor has left their tables.
          2 of 2 points up to then are verified.
        ");
    }

    #[test]
    fn a_no_says_what_there_is_instead() {
        let late = point("pt_late", PointKind::Full, 9, Some(true));
        insta::assert_snapshot!(asked(vec![], 8), @"No: no verified rollback point is of 1970-01-01 08:00 UTC or before it.");
        insta::assert_snapshot!(asked(vec![late.clone()], 8), @"No: no verified rollback point is of 1970-01-01 08:00 UTC or before it. The first one after it is pt_late of 1970-01-01 09:00 UTC.");
        let bad = point("pt_bad", PointKind::Full, 6, None);
        insta::assert_snapshot!(asked(vec![late, bad], 8), @"No: no verified rollback point is of 1970-01-01 08:00 UTC or before it. pt_bad of 1970-01-01 06:00 UTC has not passed its verification. The first one after it is pt_late of 1970-01-01 09:00 UTC.");
    }
}
