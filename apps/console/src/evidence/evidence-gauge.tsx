import type { GateView } from '@understudy/api/views'
import { cn } from '../components/cn.ts'
import { times } from '../text/numbers.ts'
import { gaugeSentence } from './gate-words.ts'
import { CENTRE, FAIL_AT, PASS_AT, readGauge } from './gauge-position.ts'

type Stroke = 'cand' | 'ok' | 'warn' | 'bad' | 'none'

const STROKE: Readonly<Record<GateView['verdict'], Stroke>> = {
  collecting: 'cand',
  pass: 'ok',
  towardFail: 'warn',
  fail: 'bad',
  noPairs: 'none',
}

const TEXT: Readonly<Record<Stroke, string>> = {
  cand: 'text-cand',
  ok: 'text-ok',
  warn: 'text-warn',
  bad: 'text-bad',
  none: 'text-ink-2',
}

const TICKS = [20, 27, 34, 41, 59, 66, 73, 80]

/** One log axis: the centre is 1×, the right end passes, the left end fails. Shows the larger side, never both. */
export function EvidenceGauge({ gate }: { readonly gate: GateView }) {
  const { side, position, logValue, threshold } = readGauge(gate)
  const stroke = STROKE[gate.verdict]
  const foretold =
    gate.verdict === 'towardFail' ||
    (gate.verdict === 'collecting' && side === 'safe' && gate.pairsToPass !== null)
  const fill = span(CENTRE, position)
  const ahead = span(position, threshold)
  return (
    <div role="img" aria-label={gaugeSentence(gate)} className="relative h-13.5 w-full">
      <div className="absolute inset-x-0 top-5.5 h-2 overflow-hidden rounded-full border bg-sunken">
        <div className="absolute inset-y-0 left-0 bg-bad-soft" style={{ width: `${FAIL_AT}%` }} />
        <div className="absolute inset-y-0 right-0 bg-ok-soft" style={{ width: `${100 - PASS_AT}%` }} />
      </div>
      {side !== 'none' && foretold && (
        <div className={cn('moves absolute top-6 h-1 hatch opacity-80', TEXT[stroke])} style={ahead} />
      )}
      {side !== 'none' && (
        <div className={cn('moves absolute top-6 h-1 bg-current', TEXT[stroke])} style={fill} />
      )}
      {TICKS.map((tick) => (
        <div key={tick} className="absolute top-8 h-1.5 w-px bg-line-strong" style={{ left: `${tick}%` }} />
      ))}
      <Threshold at={FAIL_AT} className="text-bad" label={`fail ${times(gate.logFailAt)}`} />
      <Threshold at={CENTRE} className="text-base" label="1×" thin />
      <Threshold at={PASS_AT} className="text-ok" label={`pass ${times(gate.logPassAt)}`} />
      <Marker position={position} stroke={stroke} hollow={side === 'none'} />
      <span
        className={cn(
          'moves absolute top-0 -translate-x-1/2 whitespace-nowrap font-semibold text-second',
          TEXT[stroke],
        )}
        style={{ left: `clamp(28px, ${position}%, calc(100% - 28px))` }}
      >
        {side === 'none' ? 'no pairs' : times(logValue)}
      </span>
    </div>
  )
}

function span(from: number, to: number) {
  const left = Math.min(from, to)
  return { left: `${left}%`, width: `${Math.abs(to - from)}%` }
}

interface ThresholdProps {
  readonly at: number
  readonly label: string
  readonly className: string
  readonly thin?: boolean
}

function Threshold({ at, label, className, thin = false }: ThresholdProps) {
  return (
    <>
      <div
        className={cn(
          '-translate-x-1/2 absolute top-[19px] h-3.5 bg-current',
          thin ? 'w-px' : 'w-0.5',
          className,
        )}
        style={{ left: `${at}%` }}
      />
      <span
        className="-translate-x-1/2 absolute bottom-0 whitespace-nowrap text-ink-2 text-micro"
        style={{ left: `${at}%` }}
      >
        {label}
      </span>
    </>
  )
}

function Marker({
  position,
  stroke,
  hollow,
}: {
  readonly position: number
  readonly stroke: Stroke
  readonly hollow: boolean
}) {
  return (
    <div
      className={cn(
        'moves -translate-x-1/2 absolute top-[19px] size-3.5 rounded-full border-[3px] border-current bg-surface',
        hollow && 'border-2 border-dashed',
        TEXT[stroke],
      )}
      style={{ left: `${position}%` }}
    />
  )
}

/** The gauge in a line: name, sign, and the filled part of the axis. For lists. */
export function MiniGauge({ gate }: { readonly gate: GateView }) {
  const { side, position } = readGauge(gate)
  const stroke = STROKE[gate.verdict]
  return (
    <div
      role="img"
      aria-label={gaugeSentence(gate)}
      className="relative h-1.5 overflow-hidden rounded-full border bg-sunken"
    >
      {side !== 'none' && (
        <div
          className={cn('moves absolute inset-y-0 bg-current', TEXT[stroke])}
          style={span(CENTRE, position)}
        />
      )}
    </div>
  )
}
