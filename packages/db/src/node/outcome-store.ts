import { type OutcomeStatus, PlatformError, type ReportedOutcome } from '@understudy/core'
import pg from 'pg'
import { findKnownModels, type OutcomeRow, writeOutcomes } from './outcome-rows.ts'
import { surviveBreaks } from './survive-breaks.ts'

export interface OutcomeStoreOptions {
  readonly databaseUrl: string
  /** Of the node: names its connections. */
  readonly name: string
  /** Outcomes that are written or wait for it; a report beyond that is refused. @defaultValue 10000 */
  readonly maxWaiting?: number
  /** How long is waited for a connection, and for a statement. @defaultValue 5000 */
  readonly timeoutMs?: number
}

/** Who reports. */
export interface OutcomeSource {
  /** Id of the API key; null for somebody without one. */
  readonly keyId: string | null
  /** A model that this is false for does not exist for the reporter. */
  mayUse(model: string): boolean
}

/** What became of a report: of each outcome its status, in their order; or the first model that there is not, and nothing was recorded. */
export type OutcomeReport =
  | { readonly statuses: readonly OutcomeStatus[] }
  | { readonly unknownModel: string }

interface WaitingReport {
  readonly outcomes: readonly ReportedOutcome[]
  readonly source: OutcomeSource
  readonly resolve: (report: OutcomeReport) => void
  readonly reject: (error: unknown) => void
}

/** Classes of SQL states that say that a statement is wrong; all others pass by themselves. */
const WRONG_STATEMENT = /^(?:0A|22|23|42|XX)/
const CONNECTIONS_MAX = 2
/** Outcomes of one transaction; a report that is larger has one for itself. */
const GROUP_MAX = 1_000

/**
 * Records outcomes over connections of its own: no plan, lease or evidence of the node waits for them. Reports that wait are written together,
 * in one transaction.
 *
 * What it gives is committed. A report whose answer was lost may be sent again: it is a duplicate then.
 */
export class OutcomeStore {
  readonly #pool: pg.Pool
  readonly #maxWaiting: number
  readonly #waiting: WaitingReport[] = []
  /** Outcomes, also those that are being written. */
  #held = 0
  #writers = 0

  constructor({ databaseUrl, name, maxWaiting = 10_000, timeoutMs = 5_000 }: OutcomeStoreOptions) {
    this.#maxWaiting = maxWaiting
    this.#pool = new pg.Pool({
      connectionString: databaseUrl,
      max: CONNECTIONS_MAX,
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
      statement_timeout: timeoutMs,
      application_name: `understudy-outcomes ${name}`,
    })
    surviveBreaks(this.#pool)
  }

  /** Records all of them or none. @throws PlatformError `outcomes.too_many`, `outcomes.unavailable` */
  async report(outcomes: readonly ReportedOutcome[], source: OutcomeSource): Promise<OutcomeReport> {
    if (this.#held + outcomes.length > this.#maxWaiting) {
      throw new PlatformError(
        'outcomes.too_many',
        `This node has ${this.#held} outcomes to record, and may hold ${this.#maxWaiting}. Nothing of this report was recorded: send it again in a moment.`,
      )
    }
    this.#held += outcomes.length
    try {
      return await new Promise<OutcomeReport>((resolve, reject) => {
        this.#waiting.push({ outcomes, source, resolve, reject })
        if (this.#writers < CONNECTIONS_MAX) void this.#writeWaiting()
      })
    } finally {
      this.#held -= outcomes.length
    }
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }

  async #writeWaiting(): Promise<void> {
    this.#writers += 1
    for (let group = this.#takeGroup(); group.length > 0; group = this.#takeGroup()) {
      try {
        const reports = await this.#record(group)
        for (const [index, report] of reports.entries()) group[index]?.resolve(report)
      } catch (error) {
        const cause = refusalOf(error)
        // What waits would wait for the same.
        const failed = cause === error ? group : [...group, ...this.#waiting.splice(0)]
        for (const { reject } of failed) reject(cause)
      }
    }
    this.#writers -= 1
  }

  #takeGroup(): readonly WaitingReport[] {
    let taken = 0
    let outcomes = 0
    for (const waiting of this.#waiting) {
      outcomes += waiting.outcomes.length
      if (taken > 0 && outcomes > GROUP_MAX) break
      taken += 1
    }
    return this.#waiting.splice(0, taken)
  }

  async #record(group: readonly WaitingReport[]): Promise<readonly OutcomeReport[]> {
    const client = await this.#pool.connect()
    let isSound = false
    try {
      await client.query('BEGIN')
      const reports = await writeGroup(client, group)
      await client.query('COMMIT')
      isSound = true
      return reports
    } finally {
      // Nobody knows what is still under way on one that failed.
      client.release(!isSound)
    }
  }
}

async function writeGroup(
  client: pg.PoolClient,
  group: readonly WaitingReport[],
): Promise<readonly OutcomeReport[]> {
  const models = new Set(group.flatMap(({ outcomes }) => outcomes.map((one) => one.model)))
  // Asked in any case: a model that is not for the reporter takes as long as one that is not there.
  const known = await findKnownModels(client, [...models])
  const unknownOf = ({ outcomes, source }: WaitingReport) =>
    outcomes.find(({ model }) => !known.has(model) || !source.mayUse(model))?.model
  const unknown = group.map(unknownOf)
  const rows = group.flatMap(({ outcomes, source }, index): readonly OutcomeRow[] => {
    if (unknown[index] !== undefined) return []
    return outcomes.map((one) => ({ ...one, reportedBy: source.keyId ?? 'anonymous' }))
  })
  const statuses = rows.length === 0 ? [] : await writeOutcomes(client, rows)
  let from = 0
  return group.map(({ outcomes }, index) => {
    const unknownModel = unknown[index]
    if (unknownModel !== undefined) return { unknownModel }
    from += outcomes.length
    return { statuses: statuses.slice(from - outcomes.length, from) }
  })
}

/** The same error where our statement is wrong; else that the record is away. */
function refusalOf(error: unknown): unknown {
  if (error instanceof pg.DatabaseError && WRONG_STATEMENT.test(error.code ?? '')) return error
  return new PlatformError(
    'outcomes.unavailable',
    'The record does not answer, so outcomes cannot be kept now. Report them again in a moment: what was recorded already counts once.',
    { cause: error },
  )
}
