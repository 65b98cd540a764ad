import { randomUUID } from 'node:crypto'
import type { MirrorPlan } from '@understudy/core'
import { RecentIds } from '@understudy/rollout'
import type { PairSource } from '@understudy/serving'
import type { EvidenceSnapshot } from './evidence-snapshot.ts'
import { type SeriesIds, SeriesLedger } from './series-ledger.ts'

/** Sums of ended ledgers that are remembered, should their series return in this process. */
const ENDED_MAX = 1_000
/** Request ids of one series that are remembered, so that each counts once. */
const IDS_MAX = 200_000

/**
 * The ledgers of a process, one per series, source and step. What they tell is absolute and only grows, also over a series that leaves the
 * plan and returns, and over a flush that was refused.
 */
export class SeriesLedgers {
  readonly #inputKey: string | undefined
  readonly #ledgers = new Map<string, SeriesLedger>()
  readonly #ids = new Map<string, SeriesIds>()
  readonly #ended = new Map<string, EvidenceSnapshot>()
  #planned: ReadonlySet<string> | undefined

  constructor(inputKey: string | undefined) {
    this.#inputKey = inputKey
  }

  all(): readonly SeriesLedger[] {
    return [...this.#ledgers.values()]
  }

  of(mirror: MirrorPlan, source: PairSource): SeriesLedger {
    const key = keyOf({ seriesId: mirror.seriesId, source, step: mirror.step })
    const known = this.#ledgers.get(key)
    if (known !== undefined) return known
    const before = this.#ended.get(key)
    const ids = this.#idsOf(mirror.seriesId)
    const ledger = new SeriesLedger({ mirror, source, ids, before, inputKey: this.#inputKey })
    this.#ended.delete(key)
    this.#ledgers.set(key, ledger)
    return ledger
  }

  /** Series that the plan mirrors from now on. Ledgers of others are dropped as soon as everything of them is stored. */
  setPlanned(seriesIds: ReadonlySet<string>): void {
    this.#planned = seriesIds
    this.#dropEnded()
  }

  stored(snapshots: readonly EvidenceSnapshot[]): void {
    for (const snapshot of snapshots) this.#ledgers.get(keyOf(snapshot))?.stored(snapshot)
    this.#dropEnded()
  }

  /** What these hold beyond what is stored never counts: the ledgers begin again from there, and what is open in them is void. */
  refused(snapshots: readonly EvidenceSnapshot[]): void {
    for (const snapshot of snapshots) {
      const ledger = this.#ledgers.get(keyOf(snapshot))
      if (ledger !== undefined) this.#end(keyOf(snapshot), ledger)
    }
  }

  #idsOf(seriesId: string): SeriesIds {
    const known = this.#ids.get(seriesId)
    if (known !== undefined) return known
    const ids = { salt: randomUUID(), seen: new RecentIds(IDS_MAX) }
    this.#ids.set(seriesId, ids)
    return ids
  }

  #dropEnded(): void {
    for (const [key, ledger] of this.#ledgers) {
      if (this.#planned?.has(ledger.seriesId) !== false) continue
      if (ledger.open === 0 && !ledger.hasUnstored()) this.#end(key, ledger)
    }
    const counting = new Set(this.all().map(({ seriesId }) => seriesId))
    for (const seriesId of this.#ids.keys()) {
      if (this.#planned?.has(seriesId) === false && !counting.has(seriesId)) this.#ids.delete(seriesId)
    }
  }

  #end(key: string, ledger: SeriesLedger): void {
    this.#ledgers.delete(key)
    const { lastStored } = ledger
    if (lastStored !== undefined) this.#ended.set(key, { ...lastStored, examples: [], replayed: [] })
    for (const oldest of this.#ended.keys()) {
      if (this.#ended.size <= ENDED_MAX) return
      this.#ended.delete(oldest)
    }
  }
}

function keyOf({ seriesId, source, step }: Pick<EvidenceSnapshot, 'seriesId' | 'source' | 'step'>): string {
  return `${seriesId} ${source} ${step}`
}
