import { open, readFile, rename, stat } from 'node:fs/promises'
import path from 'node:path'
import { parseSignedOverride, type SignedOverride } from '@understudy/core'
import type { PlanOverride, PlanOverrides } from '@understudy/serving'
import type { Logger } from '@understudy/telemetry'

/** An override that this node carried out. */
export interface KeptOverride {
  readonly signed: SignedOverride
  readonly acceptedAtMs: number
  /** The control plane has it. */
  readonly reported: boolean
}

const FILE_BYTES_MAX = 16 * 1024 * 1024

/**
 * The overrides of this node, on disk before they count: a restart finds every one that was answered with success.
 *
 * Of each model the newest one counts, and only while the plan is at its generation. What the control plane has not heard of is kept until
 * it has.
 */
export class OverrideStore implements PlanOverrides {
  readonly #file: string
  readonly #listeners = new Set<(model: string) => void>()
  #kept: readonly KeptOverride[]
  #writing: Promise<void> = Promise.resolve()

  private constructor(file: string, kept: readonly KeptOverride[]) {
    this.#file = file
    this.#kept = kept
  }

  /**
   * Reads what the last run left. A file that cannot be read as ours is moved aside, and told of: the node starts without it, as the plan
   * says.
   */
  static async open(file: string, logger: Pick<Logger, 'error'>): Promise<OverrideStore> {
    try {
      return new OverrideStore(file, await readKept(file))
    } catch (error) {
      await rename(file, `${file}.damaged`).catch(() => undefined)
      logger.error({ err: error }, 'overrides of this node cannot be read: what is live follows the plan')
      return new OverrideStore(file, [])
    }
  }

  of(model: string, generation: number): PlanOverride | undefined {
    const document = this.standing(model, generation)?.signed.document
    return document && { id: document.id, live: document.to }
  }

  /** The whole record of {@link of}. */
  standing(model: string, generation: number): KeptOverride | undefined {
    const newest = this.#kept.findLast(({ signed }) => signed.document.model === model)
    return newest?.signed.document.generation === generation ? newest : undefined
  }

  onChange(listener: (model: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Keeps an override, then lets it count. Rejects when it could not be kept: then it counts not. */
  async add(signed: SignedOverride, acceptedAtMs: number): Promise<void> {
    await this.#change((kept) => [...kept, { signed, acceptedAtMs, reported: false }])
    for (const listener of this.#listeners) listener(signed.document.model)
  }

  /** What the control plane has not heard of, oldest first. */
  unreported(): readonly KeptOverride[] {
    return this.#kept.filter(({ reported }) => !reported)
  }

  /** The control plane has these. */
  async reported(ids: readonly string[]): Promise<void> {
    await this.#change((kept) =>
      kept.map((one) => (ids.includes(one.signed.document.id) ? { ...one, reported: true } : one)),
    )
  }

  #change(change: (kept: readonly KeptOverride[]) => readonly KeptOverride[]): Promise<void> {
    const done = this.#writing.then(async () => {
      const kept = stillNeeded(change(this.#kept))
      await replaceFile(this.#file, JSON.stringify(kept))
      this.#kept = kept
    })
    this.#writing = done.catch(() => undefined)
    return done
  }
}

/** The newest of each model, and what is still to be reported. */
function stillNeeded(kept: readonly KeptOverride[]): readonly KeptOverride[] {
  const newest = new Map(kept.map((one) => [one.signed.document.model, one]))
  return kept.filter((one) => !one.reported || newest.get(one.signed.document.model) === one)
}

async function readKept(file: string): Promise<readonly KeptOverride[]> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (found === undefined) return []
  if (found.size > FILE_BYTES_MAX) throw new Error(`${file} has ${found.size} bytes: too many`)
  const value: unknown = JSON.parse(await readFile(file, 'utf8'))
  if (!Array.isArray(value)) throw new Error(`${file} holds no list of overrides`)
  return value.map((one: unknown) => keptOf(one, file))
}

function keptOf(value: unknown, file: string): KeptOverride {
  const fields: Readonly<Record<string, unknown>> =
    typeof value === 'object' && value !== null ? { ...value } : {}
  const signed = parseSignedOverride(fields.signed)
  const { acceptedAtMs, reported } = fields
  if (signed === undefined || typeof acceptedAtMs !== 'number' || typeof reported !== 'boolean') {
    throw new Error(`${file} holds something that is no override`)
  }
  return { signed, acceptedAtMs, reported }
}

/** All or nothing, and on the disk when it resolves. */
async function replaceFile(file: string, text: string): Promise<void> {
  const draft = `${file}.draft`
  const handle = await open(draft, 'w', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(draft, file)
  const folder = await open(path.dirname(file), 'r')
  // Some file systems cannot: there the rename is as durable as it gets.
  await folder.sync().catch(() => undefined)
  await folder.close()
}
