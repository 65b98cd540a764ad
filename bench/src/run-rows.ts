import { ROUNDS_DEFAULT } from './bench-args.ts'
import { BenchContext, type BenchOptions } from './bench-context.ts'
import type { Finding } from './report/entry.ts'
import type { Row } from './row.ts'

export interface RunOptions extends BenchOptions {
  readonly say: (text: string) => void
  /** Hears of every finding as soon as it is there. */
  readonly onFindings: (findings: readonly Finding[]) => void
}

const LIMIT_MS = 90_000

/** How long a row may take: what it names, and with more rounds than usual as much more. */
export function limitMsOf({ limitMs = LIMIT_MS }: Pick<Row, 'limitMs'>, rounds: number): number {
  return limitMs * Math.max(1, rounds / ROUNDS_DEFAULT)
}

/** Runs rows one after the other. A row that fails or takes too long gives a reason instead of figures; the next one still runs. */
export class RowRunner {
  readonly #options: RunOptions
  #current: BenchContext | undefined

  constructor(options: RunOptions) {
    this.#options = options
  }

  async run(rows: readonly Row[]): Promise<readonly Finding[]> {
    const findings: Finding[] = []
    for (const row of rows) {
      const found = await this.#runOne(row)
      findings.push(...found)
      this.#options.onFindings(found)
    }
    return findings
  }

  /** Ends what the current row has started. */
  async close(): Promise<void> {
    await this.#current?.close()
  }

  async #runOne(row: Row): Promise<readonly Finding[]> {
    const { say } = this.#options
    const bench = new BenchContext(this.#options)
    this.#current = bench
    const beganMs = performance.now()
    try {
      return await within(limitMsOf(row, bench.rounds), row.run(bench))
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return row.ids.map((id) => ({ id, samples: [], reason: reason.slice(0, 1_500) }))
    } finally {
      const problems = await bench.close()
      const seconds = ((performance.now() - beganMs) / 1_000).toFixed(1)
      say([`${row.ids.join(', ')}: ${seconds} s`, ...problems].join('; '))
    }
  }
}

/** What is too late goes on without effect: all that it uses is closed. */
async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it was not done within ${limitMs / 1_000} s`)), limitMs)
  })
  work.catch(() => undefined)
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
