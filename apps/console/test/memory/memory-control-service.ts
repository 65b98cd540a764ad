import type { ActResult, ControlService } from '@understudy/api/control'
import type {
  AuditEntryView,
  ModelRow,
  ModelView,
  NeedsYouItem,
  PlatformView,
  RolloutView,
  SeenRollout,
} from '@understudy/api/views'
import { PlatformError } from '@understudy/core'
import { churnModel, digestOf, digitsModel, firstEntries, irisModel, versionOf } from './story.ts'

const HEARTBEAT_MS = 2_000
const OPEN = new Set(['progressing', 'paused'])

/** A control plane in memory that tells one story: for the console's own tests. Acts change it as the real one would. */
export class MemoryControlService implements ControlService {
  readonly #actor: string
  readonly #models = new Map<string, ModelView>()
  readonly #past = new Map<string, RolloutView>()
  readonly #audit: AuditEntryView[] = []
  readonly #waiting = new Set<() => void>()
  #seq = 0
  #silent = false

  constructor(actor: string, story: 'full' | 'empty') {
    this.#actor = actor
    if (story === 'empty') return
    for (const model of [churnModel(), digitsModel(214), irisModel()]) this.#models.set(model.name, model)
    for (const entry of firstEntries()) this.#record(entry)
  }

  platform(): Promise<PlatformView> {
    return Promise.resolve({
      environment: 'production',
      actor: this.#actor,
      nodes: { ready: 1, total: 1 },
      repository: {
        url: '/srv/understudy/models.git',
        branch: 'main',
        cloneCommand: 'git clone /srv/understudy/models.git my-models',
        commit: this.#models.size === 0 ? null : digestOf('tip').slice(0, 40),
        syncedAt: new Date(Date.now() - 9_000).toISOString(),
        problem: null,
        stalled: false,
      },
      servingUrl: 'http://127.0.0.1:8501',
      needsYouCount: this.#needsYou().length,
      openRolloutCount: [...this.#models.values()].filter((model) => isOpen(model.rollout)).length,
    })
  }

  async overview() {
    const models = [...this.#models.values()].map(rowOf)
    return { needsYou: this.#needsYou(), models, recent: this.#audit.slice(-6).reverse() }
  }

  async model(name: string) {
    return this.#model(name)
  }

  async rollout(id: string) {
    const open = [...this.#models.values()].find((model) => model.rollout?.id === id)?.rollout
    const found = open ?? this.#past.get(id)
    if (found === undefined) throw new PlatformError('rollout.not_found', `There is no rollout ${id}.`)
    return found
  }

  async audit(query: Parameters<ControlService['audit']>[0]) {
    const all = this.#audit.filter((entry) => query.model === undefined || entry.model === query.model)
    const below = all.filter((entry) => query.before === undefined || entry.seq < query.before).reverse()
    const entries = below.slice(0, query.limit)
    return {
      entries,
      total: all.length,
      next: below.length > query.limit ? (entries.at(-1)?.seq ?? null) : null,
    }
  }

  async liveAt(at: Date) {
    const models = [...this.#models.values()].flatMap((model) => {
      const last = model.promotions.find((promotion) => new Date(promotion.at) <= at)
      if (last === undefined) return []
      const { to: number, at: since, actor, kind } = last
      return [{ model: model.name, number, digest: digestOf(`${model.name}@${number}`), since, actor, kind }]
    })
    return { at: at.toISOString(), models }
  }

  async status() {
    return { models: [], nodes: [] }
  }

  async why(name: string) {
    return this.#model(name).why
  }

  async verifyAudit() {
    return { ok: true as const, entries: this.#audit.length, head: this.#audit.at(-1)?.hash ?? '' }
  }

  async samples() {
    return []
  }

  async approve(act: Parameters<ControlService['approve']>[0]): Promise<ActResult> {
    const rollout = this.#decidable(act.model, act.version, act.seen)
    if (rollout === null)
      return { changed: false, sentence: `v${act.version} is live. Your approval was not needed.` }
    this.#end(act.model, { ...rollout, state: 'succeeded', approvedBy: [act.actor] })
    this.#promote(act.model, act.version, act.comment ?? null)
    return { changed: true, sentence: `${act.model} v${act.version} is approved and goes live.` }
  }

  async reject(act: Parameters<ControlService['reject']>[0]): Promise<ActResult> {
    const rollout = this.#decidable(act.model, act.version, act.seen)
    if (rollout === null)
      return { changed: false, sentence: `v${act.version} is live; nothing was rejected.` }
    this.#end(act.model, { ...rollout, state: 'failed', reason: act.reason })
    this.#record({ ...this.#by('rejected', act), sentence: `${act.model} v${act.version} was rejected.` })
    return { changed: true, sentence: `${act.model} v${act.version} is rejected.` }
  }

  async retry(act: Parameters<ControlService['retry']>[0]): Promise<ActResult> {
    return { changed: false, sentence: `${act.model} has nothing to retry.` }
  }

  async promote(act: Parameters<ControlService['promote']>[0]): Promise<ActResult> {
    return { changed: false, sentence: `${act.model} v${act.version} is not waiting to be started.` }
  }

  async rollback(act: Parameters<ControlService['rollback']>[0]): Promise<ActResult> {
    const model = this.#model(act.model)
    const { live, previous } = model
    if (live === null || previous === null) {
      throw new PlatformError('rollout.no_previous', `${act.model} has no earlier version to return to.`)
    }
    if (act.from !== undefined && act.from !== live.number) {
      return { changed: false, sentence: `v${act.from} is not live any more; v${live.number} answers.` }
    }
    const at = new Date().toISOString()
    this.#change({
      ...model,
      live: previous,
      previous: null,
      generation: model.generation + 1,
      hold: { actor: act.actor, reason: act.reason, since: at },
      drift: { reason: 'heldByOperator', detail: `Git asks for v${live.number}.`, since: at },
      versions: model.versions.map((version) =>
        version.number === live.number
          ? { ...version, standing: 'withdrawn', reason: `Rolled back by ${act.actor}: ${act.reason}` }
          : version,
      ),
      promotions: [
        {
          generation: model.generation + 1,
          kind: 'rollback',
          from: live.number,
          to: previous.number,
          actor: act.actor,
          reason: act.reason,
          at,
        },
        ...model.promotions,
      ],
    })
    const sentence = `${act.model} v${live.number} was taken off; v${previous.number} answers.`
    this.#record({ ...this.#by('rolledBack', { ...act, version: previous.number }), sentence })
    return { changed: true, sentence }
  }

  async lift(act: Parameters<ControlService['lift']>[0]): Promise<ActResult> {
    const model = this.#model(act.model)
    const lifted = model.versions.find((version) => version.digest.startsWith(act.digest))
    if (lifted?.standing !== 'withdrawn') {
      throw new PlatformError(
        'rollout.not_withdrawn',
        `No withdrawn version of ${act.model} has this digest.`,
      )
    }
    const versions = model.versions.map((version) =>
      version === lifted ? { ...version, standing: 'failed' as const, reason: act.reason } : version,
    )
    this.#change({ ...model, versions })
    const sentence = `The withdrawal of ${act.model} v${lifted.number} is lifted.`
    this.#record({ ...this.#by('lifted', { ...act, version: lifted.number }), sentence })
    return { changed: true, sentence }
  }

  async *changes(signal: AbortSignal) {
    while (!signal.aborted) {
      if (!this.#silent) yield { seq: this.#seq, at: new Date().toISOString() }
      await this.#nextChange(signal)
    }
  }

  /** How many pages listen. */
  get listeners(): number {
    return this.#waiting.size
  }

  /** Ends the heartbeat without closing a stream, as a cut network does. */
  set silent(value: boolean) {
    this.#silent = value
    this.#wake()
  }

  /** Somebody pushes another policy: the open rollout ends and the next attempt begins. */
  changePolicy(name: string): void {
    const model = this.#model(name)
    const { rollout } = model
    if (rollout === null) return
    const policyHash = digestOf(`another policy of ${name}`)
    this.#past.set(rollout.id, {
      ...rollout,
      state: 'aborted',
      reason: 'policyChanged',
      endedAt: new Date().toISOString(),
    })
    const id = `${rollout.id.slice(0, -2)}99`
    const next: RolloutView = {
      ...rollout,
      id,
      state: 'progressing',
      step: 'shadow',
      pauseReason: null,
      verdict: null,
      seen: { ...rollout.seen, rolloutId: id, policyHash },
      may: {
        ...rollout.may,
        approve: { allowed: false, because: 'v2 has no verdict yet: it can be approved when it passed.' },
      },
    }
    this.#change({ ...model, rollout: next, policyHash })
  }

  /** A first version of a new model arrives. */
  push(name: string): void {
    const at = new Date().toISOString()
    const commit = { hash: digestOf(name).slice(0, 40), subject: `${name} 1`, authorName: 'Chen Yu', at }
    this.#change({
      ...irisModel(),
      name,
      description: '',
      rollout: null,
      drift: null,
      live: null,
      versions: [versionOf(name, 1, { commit, state: 'validating' })],
      promotions: [],
    })
  }

  #decidable(name: string, version: number, seen: SeenRollout | undefined): RolloutView | null {
    const { rollout } = this.#model(name)
    if (rollout === null) throw new PlatformError('rollout.not_open', `No rollout of ${name} is open.`)
    const same =
      seen === undefined || (seen.rolloutId === rollout.id && seen.policyHash === rollout.seen.policyHash)
    if (!same) {
      throw new PlatformError(
        'rollout.stale_decision',
        `Nothing was done: the rollout of ${name} changed since you looked.`,
      )
    }
    if (rollout.state === 'succeeded' && rollout.candidate.number === version) return null
    if (!isOpen(rollout)) throw new PlatformError('rollout.not_open', `No rollout of ${name} is open.`)
    return rollout
  }

  #end(name: string, rollout: RolloutView): void {
    const model = this.#model(name)
    const succeeded = rollout.state === 'succeeded'
    this.#change({
      ...model,
      rollout: {
        ...rollout,
        pauseReason: null,
        endedAt: new Date().toISOString(),
        steps: rollout.steps.map((step) =>
          step.state === 'done' ? step : { ...step, state: succeeded ? 'done' : 'skipped', note: '' },
        ),
      },
      why: {
        sentence: succeeded
          ? `${name} v${rollout.candidate.number} is live. Nothing to do.`
          : `${name} waits for a push.`,
        command: null,
      },
      drift: succeeded
        ? null
        : { reason: 'rolloutFailed', detail: 'The newest version failed.', since: new Date().toISOString() },
    })
  }

  #promote(name: string, number: number, reason: string | null): void {
    const model = this.#model(name)
    const to = model.versions.find((version) => version.number === number)
    if (to === undefined) return
    const generation = model.generation + 1
    const at = new Date().toISOString()
    this.#change({
      ...model,
      live: { number, digest: to.digest },
      previous: model.live,
      generation,
      promotions: [
        {
          generation,
          kind: 'evidence',
          from: model.live?.number ?? null,
          to: number,
          actor: this.#actor,
          reason,
          at,
        },
        ...model.promotions,
      ],
    })
    this.#record({
      at,
      actor: this.#actor,
      action: 'promoted',
      model: name,
      version: number,
      sentence: `${name} v${number} is live.`,
      reason,
    })
  }

  #by(
    action: string,
    act: {
      readonly model: string
      readonly version: number
      readonly actor: string
      readonly reason: string
    },
  ) {
    const { actor, model, version, reason } = act
    return { at: new Date().toISOString(), actor, action, model, version, reason }
  }

  #record(
    entry: Omit<AuditEntryView, 'seq' | 'hash' | 'reason'> & { readonly reason?: string | null },
  ): void {
    const seq = this.#audit.length + 1
    this.#audit.push({ ...entry, reason: entry.reason ?? null, seq, hash: digestOf(`entry ${seq}`) })
    this.#wake()
  }

  #model(name: string): ModelView {
    const model = this.#models.get(name)
    if (model === undefined) throw new PlatformError('control.not_found', `There is no model ${name}.`)
    return model
  }

  #change(model: ModelView): void {
    this.#models.set(model.name, model)
    this.#wake()
  }

  #needsYou(): readonly NeedsYouItem[] {
    return [...this.#models.values()]
      .flatMap(needsOf)
      .sort((one, other) => URGENCY[one.kind] - URGENCY[other.kind])
  }

  #wake(): void {
    this.#seq += 1
    for (const wake of [...this.#waiting]) wake()
  }

  #nextChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, HEARTBEAT_MS)
      this.#waiting.add(done)
      signal.addEventListener('abort', done)
    })
  }
}

const URGENCY = { approval: 0, paused: 1, repository: 2, rejected: 3, held: 4 } as const

function isOpen(rollout: RolloutView | null): rollout is RolloutView {
  return rollout !== null && OPEN.has(rollout.state)
}

function needsOf(model: ModelView): readonly NeedsYouItem[] {
  const { rollout } = model
  const base = { model: model.name, rolloutId: rollout?.id ?? null, gates: [] }
  if (rollout?.pauseReason === 'approval') {
    const { analysis, commit } = rollout
    return [
      {
        ...base,
        kind: 'approval',
        sentence: `${model.name} v${rollout.candidate.number} passed its shadow and waits for your approval`,
        detail: `pushed by ${commit.authorName} · ${analysis?.pairs} pairs in 39 min`,
        gates: analysis?.gates ?? [],
      },
    ]
  }
  const [newest] = model.versions
  if (newest?.state === 'rejected') {
    const detail = `${newest.reason ?? ''} v${model.live?.number} goes on.`
    return [{ ...base, kind: 'rejected', sentence: `${model.name} v${newest.number} was rejected`, detail }]
  }
  if (model.hold === null) return []
  const detail = `held by ${model.hold.actor}: “${model.hold.reason}”`
  return [{ ...base, kind: 'held', sentence: `${model.name} is held on v${model.live?.number}`, detail }]
}

function rowOf(model: ModelView): ModelRow {
  const { name, description, live, rollout, drift, hold } = model
  const row = { name, description, live, drift, held: hold !== null }
  if (!isOpen(rollout)) return { ...row, rollout: null }
  const { id, candidate, state, step, pauseReason, analysis, steps } = rollout
  return {
    ...row,
    rollout: {
      id,
      candidate,
      state,
      step,
      pauseReason,
      verdict: analysis?.outcome ?? null,
      pairs: analysis?.pairs ?? 0,
      minPairs: analysis?.minPairs ?? 0,
      stepIndex: Math.max(
        0,
        steps.findIndex((each) => each.state === 'now'),
      ),
      stepCount: steps.length,
    },
  }
}
