import type { MetricType } from '@/api/types'

/** The kinds of data that an import may be limited to, as a person would look for them. */
export const METRIC_GROUPS = {
  activity: [
    'activities',
    'workouts',
    'steps',
    'total_distance',
    'floors',
    'intensity_minutes',
    'highly_active_seconds',
    'active_seconds',
    'sedentary_seconds',
    'active_calories',
    'bmr_calories',
    'total_calories',
    'daily_summary',
  ],
  heart: ['heart_rates', 'hrv', 'stress', 'body_battery', 'respiration', 'spo2', 'blood_pressure'],
  sleep: ['sleep', 'training_readiness', 'recovery_time'],
  training: [
    'training_status',
    'training_load',
    'acute_load',
    'max_metrics',
    'lactate_threshold',
    'endurance_score',
    'hill_score',
    'race_predictions',
    'fitness_age',
  ],
  body: ['body_composition', 'hydration', 'menstrual_data'],
} as const satisfies Record<string, readonly MetricType[]>

export type MetricGroup = keyof typeof METRIC_GROUPS

export const METRIC_GROUP_NAMES = Object.keys(METRIC_GROUPS) as MetricGroup[]

export const ALL_METRICS: readonly MetricType[] = Object.values(METRIC_GROUPS).flat()
