import type { PlatformError } from '@understudy/core'
import type { Loader, ServableId } from '../servable.ts'
import { Gate } from './gate.ts'

/** How the loaders of one version behave, attempt after attempt. */
export interface FakeScript {
  readonly memoryBytes?: number
  /** Error of each attempt in turn; undefined and beyond the list: it loads. */
  readonly loadErrors?: readonly (PlatformError | undefined)[]
  readonly warmUpError?: PlatformError
  readonly unloadError?: PlatformError
  /** Holds the load until it is opened; ignores the abort when `deaf`. */
  readonly gate?: Gate
  readonly deaf?: boolean
}

/** What a fake loader gives: alive until its loader has unloaded it. */
export interface FakeServable {
  readonly id: ServableId
  readonly attempt: number
  alive: boolean
}

/** Makes loaders that keep to the contract of {@link Loader} and fail the test when their user does not. */
export class FakeLoaders {
  readonly calls: string[] = []
  readonly violations: string[] = []
  readonly #scripts = new Map<string, FakeScript>()
  readonly #attempts = new Map<string, number>()
  loading = 0
  loadingMax = 0
  alive = 0

  script(id: ServableId, script: FakeScript): void {
    this.#scripts.set(keyOf(id), script)
  }

  factory(id: ServableId): () => Loader<FakeServable> {
    return () => this.#create(id)
  }

  attemptsOf(id: ServableId): number {
    return this.#attempts.get(keyOf(id)) ?? 0
  }

  #create(id: ServableId): Loader<FakeServable> {
    const script = this.#scripts.get(keyOf(id)) ?? {}
    const attempt = this.attemptsOf(id) + 1
    this.#attempts.set(keyOf(id), attempt)
    const bracket = { loaded: 0, unloaded: 0 }
    const servable: FakeServable = { id, attempt, alive: false }
    const name = keyOf(id)
    return {
      estimateResources: async () => ({ memoryBytes: script.memoryBytes ?? 1, executors: 1 }),
      load: async ({ signal }) => {
        bracket.loaded += 1
        if (bracket.loaded > 1) this.violations.push(`${name} was loaded twice by one loader`)
        this.calls.push(`load ${name}`)
        this.loading += 1
        this.loadingMax = Math.max(this.loadingMax, this.loading)
        try {
          await this.#pass(script, signal)
          const error = script.loadErrors?.[attempt - 1]
          if (error !== undefined) throw error
        } finally {
          this.loading -= 1
        }
        servable.alive = true
        this.alive += 1
        return servable
      },
      warmUp: async () => {
        this.calls.push(`warm ${name}`)
        if (script.warmUpError !== undefined) throw script.warmUpError
        return { runs: 1, tookMs: 0 }
      },
      unload: async () => {
        bracket.unloaded += 1
        if (bracket.unloaded > 1 || bracket.loaded === 0) this.violations.push(`${name} was unloaded wrongly`)
        this.calls.push(`unload ${name}`)
        if (servable.alive) this.alive -= 1
        servable.alive = false
        if (script.unloadError !== undefined) throw script.unloadError
      },
    }
  }

  async #pass({ gate, deaf }: FakeScript, signal: AbortSignal): Promise<void> {
    if (gate === undefined) return
    const aborted = new Gate()
    if (!deaf) signal.addEventListener('abort', () => aborted.break(signal.reason), { once: true })
    await Promise.race([gate.passed, aborted.passed])
  }
}

function keyOf(id: ServableId): string {
  return `${id.name}@${id.version}`
}
