import { randomUUID } from 'node:crypto'
import type { ServableState, ServingPlan } from '@understudy/core'
import {
  type EvidenceFlush,
  type IncidentReport,
  NodeStore,
  type ServableReport,
} from '../../src/node/index.ts'

export interface FakeNodeOptions {
  readonly databaseUrl: string
  readonly name: string
  readonly leaseMs?: number
}

/** What a node says of `<model>@<number>` instead of "available". */
export type Held = Readonly<Record<string, { readonly state: ServableState; readonly reason?: string }>>

/** Pairs counted since the node began: absolute, as a node flushes them. */
export interface CountedPairs {
  readonly pairs: number
  /** Pairs that only the candidate failed. */
  readonly failed?: number
  /** Pairs that differ, by output. */
  readonly differing?: Readonly<Record<string, number>>
  /** Rows that went over a threshold, by output; a node of an earlier release counts none. */
  readonly flips?: Readonly<Record<string, { readonly up: number; readonly down: number }>>
  readonly lost?: number
  readonly breach?: { readonly kind: string; readonly detail: string }
}

/** A serving node without a server: it reads the real plan and reports through the real store. */
export class FakeNode {
  readonly incarnation = randomUUID()
  readonly store: NodeStore
  #seq = 0
  #incidents = 0
  #said = ''

  constructor({ databaseUrl, name, leaseMs = 600_000 }: FakeNodeOptions) {
    const restUrl = 'http://127.0.0.1:8501'
    this.store = new NodeStore({ databaseUrl, incarnation: this.incarnation, name, restUrl, leaseMs })
  }

  /** Carries the plan out and says so; `held` says what went otherwise. */
  async catchUp(held: Held = {}): Promise<ServingPlan> {
    const plan = await this.store.readPlan()
    await this.report(plan, held)
    return plan
  }

  /** Carries the plan out where it is another than before. */
  async keepUp(held: Held): Promise<void> {
    const plan = await this.store.readPlan()
    const said = JSON.stringify([plan.models, held])
    if (said === this.#said) return
    await this.report(plan, held)
    this.#said = said
  }

  /** Reports what this plan asks for, however old it is. */
  async report(plan: ServingPlan, held: Held = {}): Promise<void> {
    this.#said = ''
    const servables = plan.models.flatMap(({ model, versions }) =>
      versions.map(({ number, digest }): ServableReport => {
        const { state = 'available', reason = null } = held[`${model}@${number}`] ?? {}
        return { model, number, digest, state, reason }
      }),
    )
    const observed = Object.fromEntries(plan.models.map((model) => [model.model, model.generation]))
    await this.store.report({ ready: true, draining: false, observed, servables })
  }

  /** What this node would flush for the rollout that mirrors now. */
  async flushOf(model: string, counted: CountedPairs): Promise<EvidenceFlush> {
    const plan = await this.store.readPlan()
    const mirror = plan.models.find((candidate) => candidate.model === model)?.mirror
    if (!mirror) throw new Error(`nothing of ${model} is mirrored`)
    const { pairs, failed = 0, differing = {}, flips = {}, lost = 0, breach } = counted
    const row = (gate: string, property: string, nPlus: number) => ({
      gate,
      property,
      nPlus,
      nZero: pairs - nPlus,
      nMinus: 0,
    })
    this.#seq += 1
    return {
      seriesId: mirror.seriesId,
      source: 'live',
      step: mirror.step,
      seq: this.#seq,
      admitted: pairs + lost,
      lost,
      counters: [
        row('errors', 'failed', failed),
        ...Object.keys(mirror.compare).map((name) => row('disagreement', name, differing[name] ?? 0)),
        ...Object.entries(flips).map(([output, { up, down }]) => ({
          ...{ gate: 'flips', property: output },
          ...{ nPlus: up, nZero: pairs - up - down, nMinus: down },
        })),
      ],
      breaches: breach ? [{ ...breach, requestId: 'r-1' }] : [],
      examples: [],
    }
  }

  async counts(model: string, counted: CountedPairs): Promise<void> {
    await this.store.flushEvidence([await this.flushOf(model, counted)])
  }

  /** The next incident of a version as this node would report it: its process was ended for memory, unless said otherwise. */
  async incidentOf(
    model: string,
    number: number,
    changes: Partial<IncidentReport> = {},
  ): Promise<IncidentReport> {
    const plan = await this.store.readPlan()
    const planned = plan.models
      .find((candidate) => candidate.model === model)
      ?.versions.find((version) => version.number === number)
    this.#incidents += 1
    return {
      ...{ seq: this.#incidents, model, number, digest: planned?.digest ?? '' },
      ...{ kind: 'memory', message: 'It needed more than its limit of 512 MiB.', confirmedInput: null },
      ...{ atMs: Date.now(), ...changes },
    }
  }

  async suffers(model: string, number: number, changes: Partial<IncidentReport> = {}): Promise<void> {
    await this.store.recordIncidents([await this.incidentOf(model, number, changes)])
  }

  async leave(): Promise<void> {
    this.#said = ''
    await this.store.report({ ready: false, draining: true, observed: {}, servables: [] })
  }
}
