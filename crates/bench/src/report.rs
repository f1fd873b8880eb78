//! Tables for people, the same as JSON for programs, and the promises that a run has kept or broken.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

/// Everything that a run has measured.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// The tables.
    pub tables: Vec<Table>,
    /// The promises.
    pub promises: Vec<Promise>,
}

/// Figures of one kind, a row each.
#[derive(Debug, Serialize)]
pub struct Table {
    /// What they are.
    pub title: String,
    /// What stands in each column.
    pub columns: Vec<&'static str>,
    /// What was measured.
    pub rows: Vec<Row>,
}

/// One thing measured.
#[derive(Debug, Serialize)]
pub struct Row {
    /// What.
    pub name: String,
    /// Its figures, one for each column, in the column's unit.
    pub figures: Vec<f64>,
}

/// Something that has to be so.
#[derive(Debug, Serialize)]
pub struct Promise {
    /// What is promised.
    pub name: String,
    /// What was measured.
    pub measured: f64,
    /// What it may be at most.
    pub at_most: f64,
}

impl Table {
    /// An empty table.
    #[must_use]
    pub fn new(title: impl Into<String>, columns: &[&'static str]) -> Self {
        Self { title: title.into(), columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, name: impl Into<String>, figures: impl Into<Vec<f64>>) {
        self.rows.push(Row { name: name.into(), figures: figures.into() });
    }
}

impl Promise {
    /// Whether it is kept. Nothing measured keeps no promise.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.measured <= self.at_most
    }
}

impl Report {
    /// Adds a promise.
    pub fn promise(&mut self, name: impl Into<String>, measured: f64, at_most: f64) {
        self.promises.push(Promise { name: name.into(), measured, at_most });
    }

    /// Whether every promise is kept.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.promises.iter().all(Promise::is_kept)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for table in &self.tables {
            write!(f, "{:<46}", table.title)?;
            for column in &table.columns {
                write!(f, " {column:>11}")?;
            }
            writeln!(f)?;
            for row in &table.rows {
                write!(f, "  {:<44}", row.name)?;
                for (figure, column) in row.figures.iter().zip(&table.columns) {
                    let shown = if figure.is_nan() { "-".to_owned() } else { rounded(*figure) };
                    write!(f, " {shown:>width$}", width = column.len().max(11))?;
                }
                writeln!(f)?;
            }
            writeln!(f)?;
        }
        for promise in &self.promises {
            let Promise { name, measured, at_most } = promise;
            let verdict = if promise.is_kept() { "kept" } else { "BROKEN" };
            writeln!(f, "{verdict:<7} {name}: {}, at most {}", rounded(*measured), rounded(*at_most))?;
        }
        Ok(())
    }
}

/// Three digits that count, as people read figures.
fn rounded(figure: f64) -> String {
    let decimals = match figure.abs() {
        _ if figure.fract() == 0.0 => 0,
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        _ => 3,
    };
    format!("{figure:.decimals$}")
}

/// How long each of many things took.
#[derive(Clone, Debug, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    /// Of these.
    #[must_use]
    pub fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// These and those.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        Self::of(self.0)
    }

    /// How many.
    #[must_use]
    pub fn count(&self) -> f64 {
        self.0.len() as f64
    }

    /// The time within which this share of them was done, in milliseconds; not a number when there are none.
    #[must_use]
    pub fn within(&self, share: f64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a share of a count is between zero and that count"
        )]
        let place = (self.0.len() as f64 * share).ceil() as usize;
        self.0.get(place.saturating_sub(1)).map_or(f64::NAN, |time| millis(*time))
    }
}

/// As milliseconds.
#[must_use]
pub fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_times_is_the_slowest_of_that_share() {
        let times = Times::of((1..=200).rev().map(Duration::from_millis).collect());
        assert_eq!((times.within(0.5), times.within(0.99), times.within(1.0)), (100.0, 198.0, 200.0));
        assert_eq!(Times::of(vec![Duration::from_millis(3)]).within(0.99), 3.0);
    }

    #[test]
    fn what_was_not_measured_breaks_its_promise() {
        let mut report = Report::default();
        report.promise("a ratio", 1.5, 2.0);
        assert!(report.is_kept());
        report.promise("nothing", Times::default().within(0.99), 2.0);
        assert!(!report.is_kept());
        assert!(report.to_string().contains("BROKEN  nothing: NaN"), "{report}");
    }
}
