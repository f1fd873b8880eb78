//! Series within the day. Garmin keeps them at hand for about 180 days.

use chrono::NaiveDate;
use sync_core::record::series::{BODY_BATTERY, HEART_RATE, STRESS, Series};
use sync_core::{RecordKey, RecordKind};

use crate::harvest::Harvest;
use crate::reading::{Node, Read, rounded, unreadable};

/// Where the moment and the reading stand in each row of a series, by Garmin's own description of its columns.
fn column(
    described: &[Node<'_>],
    index: &'static str,
    key: &'static str,
    name: &str,
    usual: usize,
) -> Read<usize> {
    for descriptor in described {
        if descriptor.text(key)?.is_some_and(|text| text.eq_ignore_ascii_case(name)) {
            let position = descriptor.id(index)?.and_then(|position| usize::try_from(position).ok());
            return position.ok_or_else(|| unreadable(index));
        }
    }
    Ok(usual)
}

fn series(answer: &Node<'_>, rows: &'static str, reading: usize) -> Read<Series> {
    let mut readings = Vec::new();
    for row in answer.rows(rows)? {
        let Some(at) = row.item(0)? else { continue };
        let value = row.item(reading)?.map(|value| value.number()).transpose()?;
        readings.push((at.exact()?, value.map(rounded)));
    }
    readings.sort_by_key(|(at, _)| *at);
    Ok(Series { readings })
}

fn store(harvest: &mut Harvest, date: Option<NaiveDate>, name: &str, series: &Series) -> Read<()> {
    let Some(date) = date.filter(|date| harvest.wants(*date)) else {
        return Ok(());
    };
    if series.readings.iter().any(|(_, value)| value.is_some()) {
        let bytes = series.pack().map_err(|_| unreadable("(series)"))?;
        harvest.series(RecordKey::dated(RecordKind::Intraday, date), Some(date), name, bytes);
    }
    Ok(())
}

/// `/wellness-service/wellness/dailyHeartRate/{dn}`.
pub(crate) fn heart_rate(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    let described = answer.rows("heartRateValueDescriptors")?;
    let reading = column(&described, "index", "key", "heartrate", 1)?;
    let series = series(answer, "heartRateValues", reading)?;
    store(harvest, answer.day("calendarDate")?, HEART_RATE, &series)
}

/// `/wellness-service/wellness/dailyStress/{date}`: stress, and body battery beside it.
pub(crate) fn stress(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    let date = answer.day("calendarDate")?;
    let described = answer.rows("stressValueDescriptorsDTOList")?;
    let reading = column(&described, "index", "key", "stressLevel", 1)?;
    store(harvest, date, STRESS, &series(answer, "stressValuesArray", reading)?)?;

    let described = answer.rows("bodyBatteryValueDescriptorsDTOList")?;
    let (index, key) = ("bodyBatteryValueDescriptorIndex", "bodyBatteryValueDescriptorKey");
    let reading = column(&described, index, key, "bodyBatteryLevel", 2)?;
    let series = series(answer, "bodyBatteryValuesArray", reading)?;
    store(harvest, date, BODY_BATTERY, &series)
}
