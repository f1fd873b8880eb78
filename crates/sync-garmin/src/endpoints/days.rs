//! The aggregates of a day: the summary that holds nearly all of them, and the ranges that hold a few each.

use sync_core::ports::FetchError;
use sync_core::record::DayRecord;

use crate::harvest::Harvest;
use crate::reading::{Node, Read, unreadable};

/// Garmin's intensity minutes: vigorous ones count twice.
fn intensity(moderate: Option<i64>, vigorous: Option<i64>) -> Option<i64> {
    Some(moderate?.saturating_add(vigorous?.saturating_mul(2)))
}

/// `/usersummary-service/usersummary/daily/{dn}`: one object. Without data it still has goals and nulls.
pub(crate) fn daily_summary(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    if answer.flag("privacyProtected")? == Some(true) {
        // A wrong display name, or authorisation lost: nulls that must not count as "nothing there".
        return Err(FetchError::Refused);
    }
    let a = answer;
    let (moderate, vigorous) = (a.whole("moderateIntensityMinutes")?, a.whole("vigorousIntensityMinutes")?);
    let measured = DayRecord {
        steps: a.whole("totalSteps")?,
        distance_meters: a.num("totalDistanceMeters")?,
        floors_ascended: a.num("floorsAscended")?,
        floors_descended: a.num("floorsDescended")?,
        total_kilocalories: a.num("totalKilocalories")?,
        active_kilocalories: a.num("activeKilocalories")?,
        bmr_kilocalories: a.num("bmrKilocalories")?,
        highly_active_seconds: a.whole("highlyActiveSeconds")?,
        active_seconds: a.whole("activeSeconds")?,
        sedentary_seconds: a.whole("sedentarySeconds")?,
        sleeping_seconds: a.whole("sleepingSeconds")?,
        moderate_intensity_minutes: moderate,
        vigorous_intensity_minutes: vigorous,
        intensity_minutes: intensity(moderate, vigorous),
        resting_heart_rate_bpm: a.num("restingHeartRate")?,
        resting_heart_rate_seven_day_average_bpm: a.num("lastSevenDaysAvgRestingHeartRate")?,
        minimum_heart_rate_bpm: a.num("minHeartRate")?,
        maximum_heart_rate_bpm: a.num("maxHeartRate")?,
        minimum_average_heart_rate_bpm: a.num("minAvgHeartRate")?,
        maximum_average_heart_rate_bpm: a.num("maxAvgHeartRate")?,
        stress_average: level(a.whole("averageStressLevel")?),
        stress_maximum: level(a.whole("maxStressLevel")?),
        stress_rest_seconds: a.whole("restStressDuration")?,
        stress_low_seconds: a.whole("lowStressDuration")?,
        stress_medium_seconds: a.whole("mediumStressDuration")?,
        stress_high_seconds: a.whole("highStressDuration")?,
        stress_activity_seconds: a.whole("activityStressDuration")?,
        stress_uncategorized_seconds: a.whole("uncategorizedStressDuration")?,
        body_battery_highest: a.whole("bodyBatteryHighestValue")?,
        body_battery_lowest: a.whole("bodyBatteryLowestValue")?,
        body_battery_charged: a.whole("bodyBatteryChargedValue")?,
        body_battery_drained: a.whole("bodyBatteryDrainedValue")?,
        body_battery_at_wake: a.whole("bodyBatteryAtWakeTime")?,
        body_battery_during_sleep: a.whole("bodyBatteryDuringSleep")?,
        body_battery_last: a.whole("bodyBatteryMostRecentValue")?,
        spo2_average_percent: a.num("averageSpo2")?,
        spo2_lowest_percent: a.num("lowestSpo2")?,
        respiration_waking_average_breaths_per_minute: a.num("avgWakingRespirationValue")?,
        respiration_highest_breaths_per_minute: a.num("highestRespirationValue")?,
        respiration_lowest_breaths_per_minute: a.num("lowestRespirationValue")?,
        ..DayRecord::default()
    };
    if measured == DayRecord::default() {
        return Ok(());
    }
    let values = DayRecord {
        step_goal: a.whole("dailyStepGoal")?,
        floors_ascended_goal: a.whole("userFloorsAscendedGoal")?,
        intensity_minutes_weekly_goal: a.whole("intensityMinutesGoal")?,
        ..measured
    };
    harvest.day(a.day("calendarDate")?, &values)
}

/// Garmin's -1 and -2 mean that a level could not be judged.
fn level(value: Option<i64>) -> Option<i64> {
    value.filter(|level| *level >= 0)
}

/// `stats/steps/daily`: a day without a watch is a row of nulls with a goal.
pub(crate) fn steps(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    for row in answer.items()? {
        let (steps, distance_meters) = (row.whole("totalSteps")?, row.num("totalDistance")?);
        if steps.is_none() && distance_meters.is_none() {
            continue;
        }
        let values =
            DayRecord { steps, distance_meters, step_goal: row.whole("stepGoal")?, ..DayRecord::default() };
        harvest.day(row.day("calendarDate")?, &values)?;
    }
    Ok(())
}

/// Rows of `{calendarDate, values: {…}}`, or with the values beside the date.
fn each_row(
    rows: &[Node<'_>],
    harvest: &mut Harvest,
    values: impl Fn(&Node<'_>) -> Read<DayRecord>,
) -> Read<()> {
    for row in rows {
        let day = values(row.get("values")?.as_ref().unwrap_or(row))?;
        harvest.day(row.day("calendarDate")?, &day)?;
    }
    Ok(())
}

/// `stats/floors/daily`.
pub(crate) fn floors(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    each_row(&answer.items()?, harvest, |row| {
        Ok(DayRecord {
            floors_ascended: row.num("wellnessFloorsAscended")?,
            floors_descended: row.num("wellnessFloorsDescended")?,
            ..DayRecord::default()
        })
    })
}

/// `stats/heartRate/daily`.
pub(crate) fn heart_rate(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    each_row(&answer.items()?, harvest, |row| {
        Ok(DayRecord {
            resting_heart_rate_bpm: row.num("restingHR")?,
            maximum_average_heart_rate_bpm: row.num("wellnessMaxAvgHR")?,
            minimum_average_heart_rate_bpm: row.num("wellnessMinAvgHR")?,
            ..DayRecord::default()
        })
    })
}

/// `stats/stress/daily`.
pub(crate) fn stress(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    each_row(&answer.items()?, harvest, |row| {
        Ok(DayRecord {
            stress_average: level(row.whole("overallStressLevel")?),
            stress_rest_seconds: row.whole("restStressDuration")?,
            stress_low_seconds: row.whole("lowStressDuration")?,
            stress_medium_seconds: row.whole("mediumStressDuration")?,
            stress_high_seconds: row.whole("highStressDuration")?,
            ..DayRecord::default()
        })
    })
}

/// `stats/bodybattery/daily`.
pub(crate) fn body_battery(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    each_row(&answer.items()?, harvest, |row| {
        Ok(DayRecord {
            body_battery_highest: row.whole("highBodyBattery")?,
            body_battery_lowest: row.whole("lowBodyBattery")?,
            ..DayRecord::default()
        })
    })
}

/// `bodyBattery/reports/daily`: only what was charged and drained; its values are too few to be a series.
pub(crate) fn body_battery_report(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    for row in answer.items()? {
        let values = DayRecord {
            body_battery_charged: row.whole("charged")?,
            body_battery_drained: row.whole("drained")?,
            ..DayRecord::default()
        };
        harvest.day(row.day("date")?, &values)?;
    }
    Ok(())
}

/// `stats/im/daily`.
pub(crate) fn intensity_minutes(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    for row in answer.items()? {
        let (moderate, vigorous) = (row.whole("moderateValue")?, row.whole("vigorousValue")?);
        if moderate.is_none() && vigorous.is_none() {
            continue;
        }
        let values = DayRecord {
            moderate_intensity_minutes: moderate,
            vigorous_intensity_minutes: vigorous,
            intensity_minutes: intensity(moderate, vigorous),
            intensity_minutes_weekly_goal: row.whole("weeklyGoal")?,
            ..DayRecord::default()
        };
        harvest.day(row.day("calendarDate")?, &values)?;
    }
    Ok(())
}

/// `stats/hydration/daily`.
pub(crate) fn hydration(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    for row in answer.items()? {
        let Some(drunk) = row.num("valueInML")? else {
            continue;
        };
        let values = DayRecord {
            hydration_milliliters: Some(drunk),
            hydration_goal_milliliters: row.num("goalInML")?,
            ..DayRecord::default()
        };
        harvest.day(row.day("calendarDate")?, &values)?;
    }
    Ok(())
}

/// `stats/daily?statsType=CALORIES`.
pub(crate) fn calories(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    each_row(&answer.rows("values")?, harvest, |row| {
        let either = |name, other| -> Read<Option<f64>> { Ok(row.num(name)?.or(row.num(other)?)) };
        Ok(DayRecord {
            total_kilocalories: either("totalCalories", "totalKilocalories")?,
            active_kilocalories: either("activeCalories", "activeKilocalories")?,
            bmr_kilocalories: either("restingCalories", "bmrKilocalories")?,
            ..DayRecord::default()
        })
    })
}

/// `stats/respiration/daily`.
pub(crate) fn respiration(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    each_row(&answer.items()?, harvest, |row| {
        Ok(DayRecord {
            respiration_waking_average_breaths_per_minute: row.num("avgWakingRespiration")?,
            respiration_sleep_average_breaths_per_minute: row.num("avgSleepRespiration")?,
            ..DayRecord::default()
        })
    })
}

/// `stats/daily/acclimation`: pairs of date and percent.
pub(crate) fn spo2(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    for pair in answer.rows("spo2DailyAverageArray")? {
        let date = pair.item(0)?.ok_or_else(|| unreadable("spo2DailyAverageArray"))?;
        let values = DayRecord {
            spo2_average_percent: pair.item(1)?.map(|value| value.number()).transpose()?,
            ..DayRecord::default()
        };
        harvest.day(Some(date.calendar_date()?), &values)?;
    }
    Ok(())
}

/// `menstrualcycle/calendar`: cycles, each marked on its first day, and logged symptoms.
pub(crate) fn menstrual_calendar(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    for cycle in answer.rows("cycleSummaries")? {
        // A forecast moves, and what is stored stays: a day would keep a start that never was.
        if cycle.flag("predictedCycle")? == Some(true) {
            continue;
        }
        let length = cycle.whole("cycleLength")?.or(cycle.whole("predictedCycleLength")?);
        let values = DayRecord {
            menstrual_cycle_starts: Some(true),
            menstrual_period_days: cycle.whole("periodLength")?,
            menstrual_cycle_days: length,
            ..DayRecord::default()
        };
        harvest.day(cycle.day("startDate")?, &values)?;
    }
    for logged in answer.rows("loggedSymptomDays")? {
        let symptoms: Vec<String> = logged
            .rows("symptoms")?
            .iter()
            .map(|symptom| match symptom.string() {
                Ok(name) => Ok(Some(name.to_owned())),
                Err(_) => symptom.text("symptom"),
            })
            .filter_map(Result::transpose)
            .collect::<Read<_>>()?;
        let values = DayRecord {
            menstrual_symptoms: Some(symptoms).filter(|symptoms| !symptoms.is_empty()),
            ..DayRecord::default()
        };
        harvest.day(logged.day("calendarDate")?, &values)?;
    }
    Ok(())
}
