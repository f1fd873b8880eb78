//! Series within a day or an activity, stored as bytes: columns of deltas in JSON, compressed. A day of heart rate is
//! about 1 KB, a track of 500 points about 8 KB, far below DynamoDB's 400 KB an item.

use std::io::{Read, Write};

use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

/// The attribute of an intraday record that holds the heart rate, beats per minute.
pub const HEART_RATE: &str = "heart_rate_bpm";
/// The attribute of an intraday record that holds the stress level, 0 to 100; below 0 where it could not be judged.
pub const STRESS: &str = "stress_level";
/// The attribute of an intraday record that holds the body battery, 0 to 100.
pub const BODY_BATTERY: &str = "body_battery";

/// More than this is no series of ours.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Why bytes are no series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a stored series")]
pub struct UnreadableSeries;

/// Readings at moments, first to last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Series {
    /// Epoch milliseconds and the reading; none where the sensor had nothing.
    pub readings: Vec<(i64, Option<i64>)>,
}

#[derive(Serialize, Deserialize)]
struct PackedSeries {
    /// Epoch milliseconds of the first reading.
    t0: i64,
    /// Milliseconds since the reading before; 0 for the first.
    dt: Vec<i64>,
    /// The readings.
    v: Vec<Option<i64>>,
}

impl Series {
    /// The moment of a reading.
    #[must_use]
    pub fn moment(epoch_milliseconds: i64) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_millis(epoch_milliseconds)
    }

    /// The series as it is stored.
    ///
    /// # Errors
    /// [`UnreadableSeries`] when it cannot be packed.
    pub fn pack(&self) -> Result<Vec<u8>, UnreadableSeries> {
        let t0 = self.readings.first().map_or(0, |(at, _)| *at);
        let mut before = t0;
        let dt = self.readings.iter().map(|(at, _)| {
            let step = at.wrapping_sub(before);
            before = *at;
            step
        });
        compress(&PackedSeries {
            t0,
            dt: dt.collect(),
            v: self.readings.iter().map(|(_, value)| *value).collect(),
        })
    }

    /// The series that [`Self::pack`] packed.
    ///
    /// # Errors
    /// [`UnreadableSeries`] for any other bytes.
    pub fn unpack(bytes: &[u8]) -> Result<Self, UnreadableSeries> {
        let packed: PackedSeries = decompress(bytes)?;
        if packed.dt.len() != packed.v.len() {
            return Err(UnreadableSeries);
        }
        let mut at = packed.t0;
        let readings = packed.dt.iter().zip(packed.v).map(|(step, value)| {
            at = at.wrapping_add(*step);
            (at, value)
        });
        Ok(Self { readings: readings.collect() })
    }
}

/// An activity's samples, first to last, as columns of one length; a column is empty when nothing recorded it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(rename_all = "camelCase"))]
pub struct Track {
    /// Epoch milliseconds (`directTimestamp`).
    pub at_epoch_milliseconds: Vec<Option<i64>>,
    /// Degrees north, to about a metre (`directLatitude`).
    pub latitude_degrees: Vec<Option<f64>>,
    /// Degrees east (`directLongitude`).
    pub longitude_degrees: Vec<Option<f64>>,
    /// Metres covered so far (`sumDistance`).
    pub distance_meters: Vec<Option<f64>>,
    /// Metres above the sea (`directElevation`).
    pub elevation_meters: Vec<Option<f64>>,
    /// Metres per second (`directSpeed`).
    pub speed_meters_per_second: Vec<Option<f64>>,
    /// Beats per minute (`directHeartRate`).
    pub heart_rate_bpm: Vec<Option<f64>>,
    /// Steps per minute of both feet (`directDoubleCadence`, else twice `directRunCadence`), else pedal revolutions (`directBikeCadence`).
    pub cadence_per_minute: Vec<Option<f64>>,
    /// Watts (`directPower`).
    pub power_watts: Vec<Option<f64>>,
    /// Degrees Celsius (`directAirTemperature`).
    pub temperature_celsius: Vec<Option<f64>>,
}

impl Track {
    /// The track as it is stored.
    ///
    /// # Errors
    /// [`UnreadableSeries`] when it cannot be packed.
    pub fn pack(&self) -> Result<Vec<u8>, UnreadableSeries> {
        compress(self)
    }

    /// The track that [`Self::pack`] packed.
    ///
    /// # Errors
    /// [`UnreadableSeries`] for any other bytes.
    pub fn unpack(bytes: &[u8]) -> Result<Self, UnreadableSeries> {
        decompress(bytes)
    }
}

fn compress(value: &impl Serialize) -> Result<Vec<u8>, UnreadableSeries> {
    let json = serde_json::to_vec(value).map_err(|_| UnreadableSeries)?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&json).map_err(|_| UnreadableSeries)?;
    encoder.finish().map_err(|_| UnreadableSeries)
}

fn decompress<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, UnreadableSeries> {
    let mut json = Vec::new();
    GzDecoder::new(bytes).take(LARGEST).read_to_end(&mut json).map_err(|_| UnreadableSeries)?;
    serde_json::from_slice(&json).map_err(|_| UnreadableSeries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_readings_packs_small_and_unpacks_to_itself() {
        let readings = (0..720)
            .map(|index| {
                let value = 50 + (index * 7 % 90);
                (1_769_457_600_000 + index * 120_000, (index % 31 != 0).then_some(value))
            })
            .collect();
        let series = Series { readings };
        let bytes = series.pack().unwrap();
        assert!(bytes.len() < 4_000, "{} bytes", bytes.len());
        assert_eq!(Series::unpack(&bytes), Ok(series));
    }

    #[test]
    fn a_track_unpacks_to_itself() {
        let track = Track {
            at_epoch_milliseconds: vec![Some(1), None],
            latitude_degrees: vec![Some(54.5), None],
            ..Track::default()
        };
        assert_eq!(Track::unpack(&track.pack().unwrap()), Ok(track));
    }

    #[test]
    fn other_bytes_are_refused() {
        for bytes in [&b""[..], b"{}", &[31, 139, 8, 0, 0]] {
            assert_eq!(Series::unpack(bytes), Err(UnreadableSeries));
            assert_eq!(Track::unpack(bytes), Err(UnreadableSeries));
        }
        assert_eq!(
            Series::unpack(&compress(&serde_json::json!({"t0": 1, "dt": [0], "v": []})).unwrap()),
            Err(UnreadableSeries)
        );
    }
}
