import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import {
  Area,
  Bar,
  CartesianGrid,
  ComposedChart,
  Legend,
  Line,
  ResponsiveContainer,
  Tooltip,
  type TooltipContentProps,
  XAxis,
  YAxis,
} from 'recharts'

import { useFormat } from '@/dates/use-format'

import type { Point, Resolution } from './aggregate'
import type { ChartDefinition } from './definitions'

interface Props {
  chart: ChartDefinition
  points: Point[]
  resolution: Resolution
}

/** Up to this many points each bar stands for itself and each day has its own label: three months of days. */
const FEW_POINTS = 92

/** A chart over time. With the arrow keys its points are gone through one by one. */
export default function SeriesChart({ chart, points, resolution }: Props) {
  const { t } = useTranslation()
  const format = useFormat()
  const [drawnFor, setDrawnFor] = useState(0)
  const axis = { stroke: 'var(--muted-foreground)', fontSize: 12, tickLine: false, axisLine: false } as const
  const isShort = points.length <= FEW_POINTS
  const isByDay = isShort && resolution === 'day'
  return (
    <div className="h-64 text-xs">
      <ResponsiveContainer width="100%" height="100%" debounce={100} onResize={setDrawnFor}>
        <ComposedChart
          // Drawn anew for another width: the axis is as wide as its numbers were while they still shrank with the chart.
          key={drawnFor}
          data={points}
          margin={{ top: 4, right: 8, bottom: 0, left: 0 }}
          title={t(`history.charts.${chart.name}`)}
        >
          <CartesianGrid vertical={false} stroke="var(--border)" />
          <XAxis
            {...axis}
            dataKey="date"
            minTickGap={48}
            {...(isByDay
              ? { tickFormatter: format.dayAndMonth }
              : // Else a month would be written wherever one of its days is.
                { tickFormatter: format.month, ticks: firstsOfMonths(points) })}
          />
          <YAxis
            {...axis}
            width="auto"
            // Bars stand on nought; a line of weights or pulses would be flat there.
            domain={chart.shape === 'bars' ? [0, 'auto'] : ['auto', 'auto']}
            tickFormatter={(value: number) => format.number(value, chart.fractionDigits)}
          />
          <Tooltip
            isAnimationActive={false}
            cursor={{ fill: 'var(--accent)', stroke: 'var(--border)' }}
            content={(props) => <PointTooltip {...props} chart={chart} resolution={resolution} />}
          />
          {chart.series.length > 1 && (
            <Legend formatter={(name: string) => <span className="text-foreground">{name}</span>} itemSorter={null} />
          )}
          {chart.series.map(({ name, color }) => {
            const series = { dataKey: name, name: t(`history.series.${name}`), isAnimationActive: false }
            if (chart.shape === 'bars' && isShort)
              return <Bar key={name} {...series} legendType="square" fill={color} stackId="all" />
            if (chart.shape === 'bars') {
              // Bars without a space between them, as one shape: a year of nights would be 1,464.
              return (
                <Area
                  key={name}
                  {...series}
                  legendType="square"
                  type="step"
                  fill={color}
                  fillOpacity={1}
                  stroke="none"
                  stackId="all"
                />
              )
            }
            return (
              <Line
                key={name}
                {...series}
                stroke={color}
                strokeWidth={1.75}
                dot={false}
                // A scale is not stepped on every day.
                connectNulls={chart.name === 'weight'}
              />
            )
          })}
        </ComposedChart>
      </ResponsiveContainer>
    </div>
  )
}

/** The first point in each month but the first, which may begin anywhere. */
function firstsOfMonths(points: Point[]): string[] {
  const month = (point: Point | undefined) => point?.date.slice(0, 'yyyy-MM'.length)
  return points.filter((point, index) => index > 0 && month(point) !== month(points[index - 1])).map(({ date }) => date)
}

function PointTooltip({ active, label, payload, chart, resolution }: TooltipContentProps & Omit<Props, 'points'>) {
  const { t } = useTranslation()
  const format = useFormat()
  if (!active || typeof label !== 'string') return null
  const unit = t(`history.unit.${chart.unit}`)
  return (
    <div className="grid gap-1 rounded-md border bg-popover px-3 py-2 text-xs text-popover-foreground shadow-md">
      <p className="font-medium">{resolution === 'month' ? format.month(label) : format.day(label)}</p>
      {payload.map(({ name, value, color }) => (
        <p key={String(name)} className="flex items-center gap-2">
          <span aria-hidden className="size-2 rounded-full" style={{ background: color }} />
          {String(name)}
          <span className="ml-auto pl-3 tabular-nums">
            {typeof value === 'number' ? `${format.number(value, chart.fractionDigits)} ${unit}` : '–'}
          </span>
        </p>
      ))}
    </div>
  )
}
