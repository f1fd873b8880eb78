//! Activities: the list with its summaries, and what one call more each has to say.

use sync_core::record::ActivityRecord;
use sync_core::record::activity::{ExerciseSet, Lap, SplitSummary, TRACK};
use sync_core::record::series::Track;
use sync_core::window::WindowScope;
use sync_core::{RecordKey, RecordKind, Window};

use super::table;
use crate::harvest::Harvest;
use crate::reading::{Node, Read, unreadable};

/// A track keeps at most this many samples: enough to draw it, and a few kilobytes compressed.
pub(crate) const TRACK_SAMPLES: usize = 500;

/// `/activitylist-service/activities/search/activities`: a page. Each activity leads to its laps, and to its sets when
/// it is strength training, else to its track: two calls at most.
pub(crate) fn list(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    for row in answer.items()? {
        let Some(id) = row.id("activityId")? else { continue };
        let values = summary(&row)?;
        let date =
            values.start_local.map(|local| local.date()).or(values.start.map(|start| start.date_naive()));
        if date.is_some_and(|date| !harvest.wants(date)) {
            continue;
        }
        harvest.object(RecordKind::Activity, &id.to_string(), date, &values)?;
        if values.is_manual == Some(true) {
            continue;
        }
        let is_strength = values.activity_type.as_deref() == Some("strength_training");
        let samples = if is_strength { table::ACTIVITY_SETS } else { table::ACTIVITY_TRACK };
        for source in [table::ACTIVITY_LAPS, samples] {
            harvest.leads_to(Window { source, scope: WindowScope::Object(id.to_string()) });
        }
    }
    Ok(())
}

fn key_of(row: &Node<'_>, name: &'static str, key: &'static str) -> Read<Option<String>> {
    row.get(name)?.map_or(Ok(None), |kind| kind.text(key))
}

fn summary(row: &Node<'_>) -> Read<ActivityRecord> {
    let (start, start_local) = (row.moment("startTimeGMT")?, row.wall_clock("startTimeLocal")?);
    let offset = start_local.zip(start).map(|(local, utc)| (local - utc.naive_utc()).num_minutes());
    let splits = row.rows("splitSummaries")?.iter().map(split_summary).collect::<Read<Vec<_>>>()?;
    Ok(ActivityRecord {
        name: row.scalar("activityName")?,
        activity_type: key_of(row, "activityType", "typeKey")?,
        event_type: key_of(row, "eventType", "typeKey")?,
        start,
        start_local,
        end: row.moment("endTimeGMT")?,
        utc_offset_minutes: offset,
        duration_seconds: row.num("duration")?,
        elapsed_seconds: row.num("elapsedDuration")?,
        moving_seconds: row.num("movingDuration")?,
        distance_meters: row.num("distance")?,
        elevation_gain_meters: row.num("elevationGain")?,
        elevation_loss_meters: row.num("elevationLoss")?,
        minimum_elevation_meters: row.num("minElevation")?,
        maximum_elevation_meters: row.num("maxElevation")?,
        average_elevation_meters: row.num("avgElevation")?,
        average_speed_meters_per_second: row.num("averageSpeed")?,
        maximum_speed_meters_per_second: row.num("maxSpeed")?,
        average_grade_adjusted_speed_meters_per_second: row.num("avgGradeAdjustedSpeed")?,
        maximum_vertical_speed_meters_per_second: row.num("maxVerticalSpeed")?,
        kilocalories: row.num("calories")?,
        bmr_kilocalories: row.num("bmrCalories")?,
        average_heart_rate_bpm: row.num("averageHR")?,
        maximum_heart_rate_bpm: row.num("maxHR")?,
        heart_rate_zone_seconds: row.numbered("hrTimeInZone_")?,
        power_zone_seconds: row.numbered("powerTimeInZone_")?,
        best_average_power_watts: row.numbered("maxAvgPower_")?,
        fastest_split_seconds: row.numbered("fastestSplit_")?,
        steps: row.whole("steps")?,
        average_running_cadence_steps_per_minute: row.num("averageRunningCadenceInStepsPerMinute")?,
        maximum_running_cadence_steps_per_minute: row.num("maxRunningCadenceInStepsPerMinute")?,
        average_cycling_cadence_revolutions_per_minute: row.num("averageBikingCadenceInRevPerMinute")?,
        maximum_cycling_cadence_revolutions_per_minute: row.num("maxBikingCadenceInRevPerMinute")?,
        average_swimming_cadence_strokes_per_minute: row.num("averageSwimCadenceInStrokesPerMinute")?,
        maximum_swimming_cadence_strokes_per_minute: row.num("maxSwimCadenceInStrokesPerMinute")?,
        strokes: row.num("strokes")?,
        average_strokes_per_length: row.num("avgStrokes")?,
        average_stroke_distance_meters: row.num("avgStrokeDistance")?,
        average_swolf: row.num("averageSwolf")?,
        active_lengths: row.whole("activeLengths")?,
        pool_length_meters: row.num("poolLength")?.map(|centimeters| centimeters / 100.0),
        average_power_watts: row.num("avgPower")?,
        maximum_power_watts: row.num("maxPower")?,
        normalized_power_watts: row.num("normPower")?,
        best_twenty_minute_power_watts: row.num("max20MinPower")?,
        intensity_factor: row.num("intensityFactor")?,
        training_stress_score: row.num("trainingStressScore")?,
        average_vertical_oscillation_centimeters: row.num("avgVerticalOscillation")?,
        average_ground_contact_milliseconds: row.num("avgGroundContactTime")?,
        average_stride_centimeters: row.num("avgStrideLength")?,
        average_vertical_ratio_percent: row.num("avgVerticalRatio")?,
        average_respiration_breaths_per_minute: row.num("avgRespirationRate")?,
        minimum_respiration_breaths_per_minute: row.num("minRespirationRate")?,
        maximum_respiration_breaths_per_minute: row.num("maxRespirationRate")?,
        minimum_temperature_celsius: row.num("minTemperature")?,
        maximum_temperature_celsius: row.num("maxTemperature")?,
        aerobic_training_effect: row.num("aerobicTrainingEffect")?,
        anaerobic_training_effect: row.num("anaerobicTrainingEffect")?,
        training_effect_label: row.text("trainingEffectLabel")?,
        aerobic_training_effect_message: row.text("aerobicTrainingEffectMessage")?,
        anaerobic_training_effect_message: row.text("anaerobicTrainingEffectMessage")?,
        training_load: row.num("activityTrainingLoad")?,
        vo2_max_milliliters_per_kilogram_minute: row.num("vO2MaxValue")?,
        moderate_intensity_minutes: row.whole("moderateIntensityMinutes")?,
        vigorous_intensity_minutes: row.whole("vigorousIntensityMinutes")?,
        body_battery_change: row.whole("differenceBodyBattery")?,
        water_estimated_milliliters: row.num("waterEstimated")?,
        start_latitude_degrees: row.num("startLatitude")?,
        start_longitude_degrees: row.num("startLongitude")?,
        end_latitude_degrees: row.num("endLatitude")?,
        end_longitude_degrees: row.num("endLongitude")?,
        location_name: row.scalar("locationName")?,
        lap_count: row.whole("lapCount")?,
        shortest_lap_seconds: row.num("minActivityLapDuration")?,
        workout_id: row.id("workoutId")?,
        device_id: row.id("deviceId")?,
        manufacturer: row.text("manufacturer")?,
        parent_activity_id: row.id("parentId")?,
        is_manual: row.flag("manualActivity")?,
        is_favorite: row.flag("favorite")?,
        is_personal_record: row.flag("pr")?,
        has_route: row.flag("hasPolyline")?,
        split_summaries: Some(splits).filter(|splits| !splits.is_empty()),
        laps: None,
        exercise_sets: None,
    })
}

fn split_summary(row: &Node<'_>) -> Read<SplitSummary> {
    Ok(SplitSummary {
        kind: row.text("splitType")?,
        count: row.whole("noOfSplits")?,
        duration_seconds: row.num("duration")?,
        distance_meters: row.num("distance")?,
        average_speed_meters_per_second: row.num("averageSpeed")?,
        elevation_gain_meters: row.num("totalAscent")?,
        elevation_loss_meters: row.num("elevationLoss")?,
    })
}

/// Whose details an answer holds: it says so itself.
fn activity_id(answer: &Node<'_>) -> Read<String> {
    let id = answer.id("activityId")?.ok_or_else(|| unreadable("activityId"))?;
    Ok(id.to_string())
}

/// `/activity-service/activity/{id}/splits`.
pub(crate) fn laps(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    let laps = answer.rows("lapDTOs")?.iter().map(lap).collect::<Read<Vec<_>>>()?;
    let values =
        ActivityRecord { laps: Some(laps).filter(|laps| !laps.is_empty()), ..ActivityRecord::default() };
    harvest.object(RecordKind::Activity, &activity_id(answer)?, None, &values)
}

fn lap(row: &Node<'_>) -> Read<Lap> {
    Ok(Lap {
        start: row.moment("startTimeGMT")?,
        duration_seconds: row.num("duration")?,
        moving_seconds: row.num("movingDuration")?,
        distance_meters: row.num("distance")?,
        average_speed_meters_per_second: row.num("averageSpeed")?,
        maximum_speed_meters_per_second: row.num("maxSpeed")?,
        elevation_gain_meters: row.num("elevationGain")?,
        elevation_loss_meters: row.num("elevationLoss")?,
        average_heart_rate_bpm: row.num("averageHR")?,
        maximum_heart_rate_bpm: row.num("maxHR")?,
        kilocalories: row.num("calories")?,
        average_running_cadence_steps_per_minute: row.num("averageRunCadence")?,
        average_cycling_cadence_revolutions_per_minute: row.num("averageBikeCadence")?,
        average_power_watts: row.num("averagePower")?,
        normalized_power_watts: row.num("normalizedPower")?,
        intensity: row.text("intensityType")?,
        active_lengths: row.whole("numberOfActiveLengths")?,
        strokes: row.whole("totalNumberOfStrokes")?,
    })
}

/// `/activity-service/activity/{id}/exerciseSets`; null for what has none.
pub(crate) fn exercise_sets(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    let sets = answer.rows("exerciseSets")?.iter().map(exercise_set).collect::<Read<Vec<_>>>()?;
    let values = ActivityRecord {
        exercise_sets: Some(sets).filter(|sets| !sets.is_empty()),
        ..ActivityRecord::default()
    };
    harvest.object(RecordKind::Activity, &activity_id(answer)?, None, &values)
}

fn exercise_set(row: &Node<'_>) -> Read<ExerciseSet> {
    let exercises = row.rows("exercises")?;
    let likeliest = exercises.first();
    let of = |name| likeliest.map_or(Ok(None), |exercise| exercise.text(name));
    Ok(ExerciseSet {
        start: row.moment("startTime")?,
        kind: row.text("setType")?,
        exercise_category: of("category")?,
        exercise_name: of("name")?,
        duration_seconds: row.num("duration")?,
        repetitions: row.whole("repetitionCount")?,
        // Garmin's -1 stands for "no weight".
        weight_kilograms: row.num("weight")?.filter(|grams| *grams >= 0.0).map(|grams| grams / 1_000.0),
    })
}

/// The samples that are kept, evenly spread, first and last among them.
fn spread(count: usize) -> Vec<usize> {
    if count <= TRACK_SAMPLES {
        return (0..count).collect();
    }
    (0..TRACK_SAMPLES).map(|index| index * (count - 1) / (TRACK_SAMPLES - 1)).collect()
}

/// `/activity-service/activity/{id}/details`: rows of numbers whose columns the answer itself names.
pub(crate) fn track(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    let id = activity_id(answer)?;
    let mut columns = std::collections::BTreeMap::new();
    for descriptor in answer.rows("metricDescriptors")? {
        if let (Some(key), Some(index)) = (descriptor.text("key")?, descriptor.id("metricsIndex")?) {
            let index = usize::try_from(index).map_err(|_| unreadable("metricDescriptors"))?;
            columns.insert(key, index);
        }
    }
    let rows = answer.rows("activityDetailMetrics")?;
    let mut samples = Vec::new();
    for index in spread(rows.len()) {
        if let Some(metrics) = rows.get(index).map_or(Ok(None), |row| row.get("metrics"))? {
            samples.push(metrics);
        }
    }
    let column = |name: &str, scale: f64| -> Read<Vec<Option<f64>>> {
        let Some(index) = columns.get(name) else {
            return Ok(Vec::new());
        };
        let mut values = Vec::with_capacity(samples.len());
        for sample in &samples {
            let value = sample.item(*index)?.map(|value| value.number()).transpose()?;
            values.push(value.map(|value| (value * scale).round() / scale));
        }
        let any = values.iter().any(Option::is_some);
        Ok(if any { values } else { Vec::new() })
    };
    // Garmin counts the steps of one foot under the one name, of both under the other.
    let mut cadence = column("directDoubleCadence", 1.0)?;
    if cadence.is_empty() {
        let of_one_foot = column("directRunCadence", 1.0)?;
        cadence = of_one_foot.into_iter().map(|steps| steps.map(|steps| steps * 2.0)).collect();
    }
    if cadence.is_empty() {
        cadence = column("directBikeCadence", 1.0)?;
    }
    let at = column("directTimestamp", 1.0)?;
    let mut track = Track {
        at_epoch_milliseconds: at.iter().map(|at| at.map(|at| at as i64)).collect(),
        latitude_degrees: column("directLatitude", 1e5)?,
        longitude_degrees: column("directLongitude", 1e5)?,
        distance_meters: column("sumDistance", 10.0)?,
        elevation_meters: column("directElevation", 10.0)?,
        speed_meters_per_second: column("directSpeed", 1e3)?,
        heart_rate_bpm: column("directHeartRate", 1.0)?,
        cadence_per_minute: cadence,
        power_watts: column("directPower", 1.0)?,
        temperature_celsius: column("directAirTemperature", 10.0)?,
    };
    if track.latitude_degrees.is_empty() {
        place_on_polyline(answer, &mut track)?;
    }
    if track != Track::default() {
        let bytes = track.pack().map_err(|_| unreadable("(track)"))?;
        harvest.series(RecordKey::object(RecordKind::Activity, id), None, TRACK, bytes);
    }
    Ok(())
}

/// Some devices give the places only as a line with times of its own: each sample gets the line's next point.
fn place_on_polyline(answer: &Node<'_>, track: &mut Track) -> Read<()> {
    let Some(line) = answer.get("geoPolylineDTO")? else {
        return Ok(());
    };
    let mut points = Vec::new();
    for point in line.rows("polyline")? {
        let place = (point.num("lat")?, point.num("lon")?);
        if let (Some(at), (Some(latitude), Some(longitude))) = (point.id("time")?, place) {
            points.push((at, latitude, longitude));
        }
    }
    points.sort_by_key(|(at, ..)| *at);
    let place = |at: &Option<i64>| {
        let next = points.partition_point(|(time, ..)| at.is_some_and(|at| *time < at));
        points.get(next).or(points.last()).filter(|_| at.is_some())
    };
    if !points.is_empty() {
        let places: Vec<_> = track.at_epoch_milliseconds.iter().map(place).collect();
        track.latitude_degrees = places.iter().map(|place| place.map(|(_, latitude, _)| *latitude)).collect();
        track.longitude_degrees =
            places.iter().map(|place| place.map(|(.., longitude)| *longitude)).collect();
    }
    Ok(())
}
