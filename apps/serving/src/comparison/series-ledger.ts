import { randomUUID } from 'node:crypto'
import type { MirrorPlan } from '@understudy/core'
import { type PairExample, PairLedger, type PropertyCounters, type RunSlot } from '@understudy/rollout'

/** Where mirrored live requests come from, in the words of the counters. */
const SOURCE = 'live'
/** They are written whole with every flush: few enough for that, many enough to look at. */
const EXAMPLES_OF_A_KIND = 20

type CounterValues = Pick<PropertyCounters, 'gate' | 'property' | 'nPlus' | 'nZero' | 'nMinus'>

/** What this process has counted for one series and step since it began: absolute values, for the store to upsert. */
export interface EvidenceSnapshot {
  readonly seriesId: string
  readonly source: string
  readonly step: string
  /** Grows with every change. */
  readonly seq: number
  readonly admitted: number
  readonly lost: number
  readonly counters: readonly CounterValues[]
  readonly breaches: readonly {
    readonly kind: string
    readonly detail: string
    readonly requestId: string | null
  }[]
  readonly examples: readonly {
    readonly kind: string
    readonly requestId: string
    readonly body: PairExample
  }[]
}

/** A ledger with what an earlier ledger of the same series and step had counted in this process. */
export class SeriesLedger {
  readonly seriesId: string
  readonly step: string
  readonly #ledger: PairLedger
  readonly #before: EvidenceSnapshot | undefined
  #openRuns = 0
  #storedSeq: number

  constructor({ seriesId, step }: Pick<MirrorPlan, 'seriesId' | 'step'>, before?: EvidenceSnapshot) {
    this.seriesId = seriesId
    this.step = step
    this.#before = before
    this.#storedSeq = before?.seq ?? 0
    this.#ledger = new PairLedger({ source: SOURCE, step, salt: randomUUID(), examples: EXAMPLES_OF_A_KIND })
  }

  /** Runs admitted and neither settled nor lost. */
  get openRuns(): number {
    return this.#openRuns
  }

  admitRun(requestIds: readonly string[], atMs: number): RunSlot {
    const slot = this.#ledger.admitRun(requestIds, atMs)
    this.#openRuns += 1
    let open = true
    const close = (act: () => void) => {
      if (!open) return
      open = false
      this.#openRuns -= 1
      act()
    }
    return {
      unitRow: (requestId, rows) => slot.unitRow(requestId, rows),
      settle: (comparisons) => close(() => slot.settle(comparisons)),
      lose: () => close(() => slot.lose()),
    }
  }

  snapshot(): EvidenceSnapshot {
    const now = this.#ledger.snapshot()
    const before = this.#before
    const found = now.breach
    const breaches = found === null ? [] : [{ ...pick(found.breach), requestId: found.requestId }]
    return {
      seriesId: this.seriesId,
      source: SOURCE,
      step: this.step,
      seq: now.seq + (before?.seq ?? 0),
      admitted: now.loss.admitted + (before?.admitted ?? 0),
      lost: now.loss.lost + (before?.lost ?? 0),
      counters: addCounters(before?.counters ?? [], now.counters),
      breaches: before === undefined || before.breaches.length === 0 ? breaches : before.breaches,
      examples: this.#ledger.examples().map((body) => ({ kind: body.kind, requestId: body.requestId, body })),
    }
  }

  hasUnstored(): boolean {
    return this.#ledger.snapshot().seq + (this.#before?.seq ?? 0) > this.#storedSeq
  }

  stored(seq: number): void {
    this.#storedSeq = Math.max(this.#storedSeq, seq)
  }
}

function pick({ kind, detail }: { readonly kind: string; readonly detail: string }) {
  return { kind, detail }
}

function addCounters(before: readonly CounterValues[], now: readonly CounterValues[]): CounterValues[] {
  const sums = new Map<string, CounterValues>()
  for (const { gate, property, nPlus, nZero, nMinus } of [...before, ...now]) {
    const sum = sums.get(`${gate} ${property}`)
    sums.set(`${gate} ${property}`, {
      gate,
      property,
      nPlus: nPlus + (sum?.nPlus ?? 0),
      nZero: nZero + (sum?.nZero ?? 0),
      nMinus: nMinus + (sum?.nMinus ?? 0),
    })
  }
  return [...sums.values()]
}
