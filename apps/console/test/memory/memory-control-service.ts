import type { ActResult, ControlKeys, ControlService } from '@understudy/api/control'
import type { AuditEntryView, ModelView, PlatformView, RolloutView, SeenRollout } from '@understudy/api/views'
import { PlatformError } from '@understudy/core'
import { ChangeFeed } from './change-feed.ts'
import type { Story } from './harness-command.ts'
import { ended, firstPushOf, promoted, rolledBack, underAnotherPolicy } from './memory-changes.ts'
import { isOpen, needsYou, rowOf } from './memory-views.ts'
import { churnModel, digitsModel, firstEntries, irisModel } from './story.ts'
import { digestOf } from './story-parts.ts'

/** A control plane in memory that tells one story: for the console's own tests. Acts change it as the real one would. */
export class MemoryControlService implements ControlService {
  readonly feed = new ChangeFeed()
  /** The console has no page of them. */
  readonly keys: ControlKeys = {
    create: () => Promise.reject(new PlatformError('control.keys_unavailable', 'This story has no keys.')),
    list: () => Promise.resolve([]),
    revoke: () => Promise.reject(new PlatformError('control.not_found', 'This story has no keys.')),
  }
  readonly #actor: string
  readonly #models = new Map<string, ModelView>()
  readonly #past = new Map<string, RolloutView>()
  readonly #audit: AuditEntryView[] = []

  constructor(actor: string, story: Story) {
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
      needsYouCount: needsYou([...this.#models.values()]).length,
      openRolloutCount: [...this.#models.values()].filter((model) => isOpen(model.rollout)).length,
    })
  }

  async overview() {
    const models = [...this.#models.values()]
    return {
      needsYou: needsYou(models),
      models: models.map(rowOf),
      recent: this.#audit.slice(-6).reverse(),
    }
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

  async notifications() {
    return []
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

  async abort(act: Parameters<ControlService['abort']>[0]): Promise<ActResult> {
    const rollout = this.#decidable(act.model, act.version ?? 0, act.seen)
    if (rollout === null) return { changed: false, sentence: `${act.model} has no open rollout.` }
    this.#end(act.model, { ...rollout, state: 'aborted', reason: 'byUser' })
    return { changed: true, sentence: `The rollout of ${act.model} is aborted.` }
  }

  async pause(act: Parameters<ControlService['pause']>[0]): Promise<ActResult> {
    return { changed: false, sentence: `${act.model} waits for a person already.` }
  }

  async resume(act: Parameters<ControlService['resume']>[0]): Promise<ActResult> {
    return { changed: false, sentence: `${act.model} is not paused by a person.` }
  }

  async promoteNow(act: Parameters<ControlService['promoteNow']>[0]): Promise<ActResult> {
    return { changed: false, sentence: `${act.model} has a verdict: approve it.` }
  }

  async rehearse(act: Parameters<ControlService['rehearse']>[0]): Promise<ActResult> {
    return { changed: false, sentence: `${act.model} v${act.version} is being tried.` }
  }

  async hold(act: Parameters<ControlService['hold']>[0]): Promise<ActResult> {
    const model = this.#model(act.model)
    const since = new Date().toISOString()
    this.#change({ ...model, hold: { actor: act.actor, reason: act.reason, since, expiresAt: null } })
    return { changed: true, sentence: `${act.model} is held on v${model.live?.number}.` }
  }

  async releaseHold(act: Parameters<ControlService['releaseHold']>[0]): Promise<ActResult> {
    this.#change({ ...this.#model(act.model), hold: null })
    return { changed: true, sentence: `The hold of ${act.model} is released.` }
  }

  async evidence(name: string): Promise<never> {
    throw new PlatformError('rollout.not_found', `This story keeps no counters of ${name}.`)
  }

  async quality() {
    return null
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
    const deed = { actor: act.actor, reason: act.reason, at: new Date().toISOString() }
    this.#change(rolledBack(model, live, previous, deed))
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

  changes(signal: AbortSignal) {
    return this.feed.changes(signal)
  }

  /** Somebody pushes another policy: the open rollout ends and the next attempt begins. */
  changePolicy(name: string): void {
    const model = this.#model(name)
    const { rollout } = model
    if (rollout === null) return
    const endedAt = new Date().toISOString()
    this.#past.set(rollout.id, { ...rollout, state: 'aborted', reason: 'policyChanged', endedAt })
    this.#change(underAnotherPolicy(model, rollout))
  }

  /** A first version of a new model arrives. */
  push(name: string): void {
    this.#change(firstPushOf(name, new Date().toISOString()))
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
    this.#change(ended(this.#model(name), rollout, new Date().toISOString()))
  }

  #promote(name: string, number: number, reason: string | null): void {
    const model = this.#model(name)
    const to = model.versions.find((version) => version.number === number)
    if (to === undefined) return
    const deed = { actor: this.#actor, reason, at: new Date().toISOString() }
    this.#change(promoted(model, to, deed))
    const sentence = `${name} v${number} is live.`
    this.#record({ ...deed, action: 'promoted', model: name, version: number, sentence })
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
    this.feed.wake()
  }

  #model(name: string): ModelView {
    const model = this.#models.get(name)
    if (model === undefined) throw new PlatformError('control.not_found', `There is no model ${name}.`)
    return model
  }

  #change(model: ModelView): void {
    this.#models.set(model.name, model)
    this.feed.wake()
  }
}
