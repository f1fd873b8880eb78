//! The scales and the cuff.

use std::collections::BTreeMap;

use sync_core::RecordKind;
use sync_core::record::{BloodPressureRecord, DayRecord, WeighInRecord};

use crate::harvest::Harvest;
use crate::reading::{Node, Read};

fn kilograms(grams: Option<f64>) -> Option<f64> {
    grams.map(|grams| grams / 1_000.0)
}

/// `/weight-service/weight/range`: every weigh-in of every day, masses in grams. The last one of a day is the day's.
pub(crate) fn weight(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    let mut last_of_day = BTreeMap::new();
    for day in answer.rows("dailyWeightSummaries")? {
        let summary_date = day.day("summaryDate")?;
        for (index, entry) in day.rows("allWeightMetrics")?.iter().enumerate() {
            let date = entry.day("calendarDate")?.or(summary_date);
            let measured_at = entry.moment("timestampGMT")?;
            let values = WeighInRecord {
                date,
                measured_at,
                weight_kilograms: kilograms(entry.num("weight")?),
                body_mass_index: entry.num("bmi")?,
                body_fat_percent: entry.num("bodyFat")?,
                body_water_percent: entry.num("bodyWater")?,
                bone_mass_kilograms: kilograms(entry.num("boneMass")?),
                muscle_mass_kilograms: kilograms(entry.num("muscleMass")?),
                physique_rating: entry.num("physiqueRating")?,
                visceral_fat_rating: entry.num("visceralFat")?,
                metabolic_age_years: entry.num("metabolicAge")?,
                source_type: entry.text("sourceType")?,
            };
            let Some(date) = date.filter(|_| values.weight_kilograms.is_some()) else {
                continue;
            };
            let id = match (entry.id("samplePk")?, measured_at) {
                (Some(id), _) => id.to_string(),
                (None, Some(moment)) => moment.timestamp_millis().to_string(),
                (None, None) => format!("{date}-{index}"),
            };
            harvest.object(RecordKind::WeighIn, &id, Some(date), &values)?;
            // Whichever way round Garmin lists them.
            let last = last_of_day.entry(date).or_insert((measured_at, values.weight_kilograms));
            if measured_at > last.0 {
                *last = (measured_at, values.weight_kilograms);
            }
        }
    }
    for (date, (_, weight_kilograms)) in last_of_day {
        harvest.day(Some(date), &DayRecord { weight_kilograms, ..DayRecord::default() })?;
    }
    Ok(())
}

/// `/bloodpressure-service/bloodpressure/range`. A measurement is known by its moment.
pub(crate) fn blood_pressure(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    for summary in answer.rows("measurementSummaries")? {
        let summary_date = summary.day("startDate")?.or(summary.day("calendarDate")?);
        for (index, entry) in summary.rows("measurements")?.iter().enumerate() {
            let measured_at = entry.moment("measurementTimestampGMT")?;
            let local = entry.wall_clock("measurementTimestampLocal")?;
            let date = local.map(|local| local.date()).or(summary_date);
            let values = BloodPressureRecord {
                date,
                measured_at,
                systolic_mmhg: entry.num("systolic")?,
                diastolic_mmhg: entry.num("diastolic")?,
                pulse_bpm: entry.num("pulse")?,
                category: entry.text("categoryName")?,
                source_type: entry.text("sourceType")?,
                notes: entry.scalar("notes")?,
            };
            if values.systolic_mmhg.is_none() && values.diastolic_mmhg.is_none() {
                continue;
            }
            let id = match (measured_at, date) {
                (Some(moment), _) => moment.timestamp_millis().to_string(),
                (None, Some(date)) => format!("{date}-{index}"),
                (None, None) => continue,
            };
            harvest.object(RecordKind::BloodPressure, &id, date, &values)?;
        }
    }
    Ok(())
}
