import type { IncidentReport } from '@understudy/db/node'
import { type ExecutorIncident, noopObserver, type ServingObserver } from '@understudy/serving'

/** Incidents that wait to be recorded; beyond it the oldest are forgotten. */
const PENDING_MAX = 1_000

/**
 * Remembers incidents until they are recorded. Each keeps the number that it got, so that recording it again changes nothing.
 *
 * Bounded: a node without a record, or one whose record is away for long, keeps the newest.
 */
export class IncidentLog {
  /** What the data plane tells. */
  readonly observer: ServingObserver = { ...noopObserver, incident: (event) => this.#add(event) }
  #pending: IncidentReport[] = []
  #seq = 0

  /** Everything that is not recorded yet, the oldest first. */
  pending(): readonly IncidentReport[] {
    return [...this.#pending]
  }

  /** These are recorded. */
  recorded(incidents: readonly IncidentReport[]): void {
    const recorded = new Set(incidents.map(({ seq }) => seq))
    this.#pending = this.#pending.filter(({ seq }) => !recorded.has(seq))
  }

  #add({ id, digest, kind, message, confirmedInput, atMs }: ExecutorIncident): void {
    this.#seq += 1
    const { name: model, version: number } = id
    this.#pending.push({ seq: this.#seq, model, number, digest, kind, message, confirmedInput, atMs })
    if (this.#pending.length > PENDING_MAX) this.#pending.shift()
  }
}
