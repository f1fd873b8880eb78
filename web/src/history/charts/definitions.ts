import type { HistoryKind, HistoryRows } from '@/api/types'

export type SeriesName =
  | 'steps'
  | 'restingHeartRate'
  | 'deep'
  | 'light'
  | 'rem'
  | 'awake'
  | 'hrv'
  | 'weight'
  | 'acuteLoad'
  | 'chronicLoad'
  | 'activityHours'

/** The kinds of rows of which charts are made. */
export type ChartKind = Exclude<HistoryKind, 'coverage'>

export type ChartRow = HistoryRows[ChartKind]

type NumberField<Row> = { [F in keyof Row]-?: NonNullable<Row[F]> extends number ? F : never }[keyof Row]

interface Series<K extends ChartKind> {
  name: SeriesName
  /** The field of the API that it shows. */
  field: NumberField<HistoryRows[K]>
  /** What the field's value is multiplied with to be in the chart's unit. */
  scale: number
  color: string
}

export type AnySeries = { [K in ChartKind]: Series<K> }[ChartKind]

interface ChartOf<K extends ChartKind> {
  name: 'steps' | 'restingHeartRate' | 'sleep' | 'hrv' | 'weight' | 'trainingLoad' | 'activities'
  kind: K
  shape: 'bars' | 'lines'
  /** What becomes of the days of one week or month. */
  combine: 'mean' | 'sum'
  unit: 'steps' | 'bpm' | 'hours' | 'milliseconds' | 'kilograms' | 'load'
  fractionDigits: number
  series: readonly Series<K>[]
}

export type ChartDefinition = { [K in ChartKind]: ChartOf<K> }[ChartKind]

const PER_HOUR = 1 / 3600
const color = (number: 1 | 2 | 3 | 4 | 5) => `var(--chart-${number})`

export const CHARTS: readonly ChartDefinition[] = [
  {
    name: 'steps',
    kind: 'daily',
    shape: 'bars',
    combine: 'mean',
    unit: 'steps',
    fractionDigits: 0,
    series: [{ name: 'steps', field: 'steps', scale: 1, color: color(1) }],
  },
  {
    name: 'restingHeartRate',
    kind: 'daily',
    shape: 'lines',
    combine: 'mean',
    unit: 'bpm',
    fractionDigits: 0,
    series: [{ name: 'restingHeartRate', field: 'restingHeartRateBpm', scale: 1, color: color(5) }],
  },
  {
    name: 'sleep',
    kind: 'sleep',
    shape: 'bars',
    combine: 'mean',
    unit: 'hours',
    fractionDigits: 1,
    series: [
      { name: 'deep', field: 'deepSleepSeconds', scale: PER_HOUR, color: color(2) },
      { name: 'light', field: 'lightSleepSeconds', scale: PER_HOUR, color: color(3) },
      { name: 'rem', field: 'remSleepSeconds', scale: PER_HOUR, color: color(4) },
      { name: 'awake', field: 'awakeSeconds', scale: PER_HOUR, color: color(5) },
    ],
  },
  {
    name: 'hrv',
    kind: 'daily',
    shape: 'lines',
    combine: 'mean',
    unit: 'milliseconds',
    fractionDigits: 0,
    series: [{ name: 'hrv', field: 'hrvLastNightAverageMilliseconds', scale: 1, color: color(4) }],
  },
  {
    name: 'weight',
    kind: 'daily',
    shape: 'lines',
    combine: 'mean',
    unit: 'kilograms',
    fractionDigits: 1,
    series: [{ name: 'weight', field: 'weightKilograms', scale: 1, color: color(1) }],
  },
  {
    name: 'trainingLoad',
    kind: 'daily',
    shape: 'lines',
    combine: 'mean',
    unit: 'load',
    fractionDigits: 0,
    series: [
      { name: 'acuteLoad', field: 'acuteLoad', scale: 1, color: color(5) },
      { name: 'chronicLoad', field: 'chronicLoad', scale: 1, color: color(2) },
    ],
  },
  {
    name: 'activities',
    kind: 'activities',
    shape: 'bars',
    combine: 'sum',
    unit: 'hours',
    fractionDigits: 1,
    series: [{ name: 'activityHours', field: 'durationSeconds', scale: PER_HOUR, color: color(1) }],
  },
]

/** What is asked for of a kind: all that its charts show at once, so that they share the same pages. */
export function fieldsOf(kind: ChartKind): readonly string[] {
  const shown = CHARTS.filter((chart) => chart.kind === kind).flatMap(({ series }) => series.map(({ field }) => field))
  // Days and nights come with their date, activities with their id.
  return kind === 'activities' ? ['startLocal', ...shown] : shown
}
