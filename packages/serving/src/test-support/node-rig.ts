import type { Clock, PlatformError, ServingPlan } from '@understudy/core'
import { ServingNodeCore } from '../node/serving-node-core.ts'
import type { ServingNodePorts } from '../node/serving-node-options.ts'
import { type ExecutorIncident, type LabelsMoved, noopObserver } from '../observer.ts'
import type { PlanOverrides } from '../plan/plan-overrides.ts'
import type { LoadContext, ServableId } from '../servable.ts'
import { FakeModel, rowsOfX, valuesOfY } from './fake-model.ts'
import { FakePlanReader, MemoryPlanStore } from './fake-plan-ports.ts'
import { flush } from './flush.ts'
import type { Gate } from './gate.ts'
import { RecordingSink } from './recording-sink.ts'

/** A whole node over fake models: version `v` answers `y = 2 x + 100 v`. */
export function nodeRig(options: {
  readonly clock: Clock
  readonly plan?: ServingPlan
  readonly kept?: ServingPlan
  readonly memoryLimitBytes?: number
  readonly overrides?: PlanOverrides
  /** @defaultValue a sound model */
  readonly createModel?: (id: ServableId) => FakeModel
  /** @defaultValue always 0: every coin that can fall falls */
  readonly random?: () => number
  readonly ports?: Pick<ServingNodePorts, 'capture' | 'answers'>
}) {
  const reader = new FakePlanReader(options.plan)
  const store = new MemoryPlanStore(options.kept)
  const sink = new RecordingSink()
  const models = new Map<string, FakeModel>()
  const loadGates = new Map<number, Gate>()
  const loadErrors = new Map<number, PlatformError>()
  const seen = {
    moved: [] as LabelsMoved[],
    incidents: [] as ExecutorIncident[],
    troubles: [] as PlatformError[],
    loaded: [] as string[],
    contexts: [] as LoadContext[],
    changes: 0,
  }
  const adapt = ({ id }: { readonly id: ServableId }) => {
    const model = options.createModel?.(id) ?? new FakeModel({ offset: 100 * id.version })
    return {
      id,
      data: {
        estimateResources: async () => ({ memoryBytes: 1, executors: 1 }),
        load: async (context: LoadContext) => {
          seen.contexts.push(context)
          await loadGates.get(id.version)?.passed
          const error = loadErrors.get(id.version)
          if (error !== undefined) throw error
          models.set(`${id.name}@${id.version}`, model)
          return model
        },
        warmUp: async () => ({ runs: 3, tookMs: 1 }),
        unload: async () => {
          models.delete(`${id.name}@${id.version}`)
        },
      },
    }
  }
  const core = new ServingNodeCore(
    {
      ...{ reader, store, clock: options.clock, mirrorSink: sink, adapter: { adapt }, ...options.ports },
      random: options.random ?? (() => 0),
      overrides: options.overrides,
      loopBusyShare: () => 0,
      observer: {
        ...noopObserver,
        labelsMoved: (event) => seen.moved.push(event),
        incident: (event) => seen.incidents.push(event),
        troubled: (error) => seen.troubles.push(error),
        loadEnded: ({ id, error }) =>
          seen.loaded.push(`load ${id.name}@${id.version} ${error?.code ?? 'ok'}`),
        warmUpEnded: ({ id, runs }) => seen.loaded.push(`warm ${id.name}@${id.version} ${runs}`),
      },
    },
    { memoryLimitBytes: options.memoryLimitBytes ?? 1_000 },
  )
  core.onChange(() => {
    seen.changes += 1
  })
  let count = 0
  const ask = async (model: string, changes: Partial<Parameters<typeof core.predictor.predict>[0]> = {}) => {
    count += 1
    return core.predictor.predict({
      ...{ requestId: `r${count}`, model, selector: { kind: 'live' }, inputs: rowsOfX([1, 1]) },
      ...changes,
    })
  }
  /** First value of the answer: tells which version gave it. */
  const value = async (model: string, changes: Parameters<typeof ask>[1] = {}) =>
    valuesOfY((await ask(model, changes)).outputs)[0]
  const replan = async (plan: ServingPlan) => {
    reader.plan = plan
    reader.hint()
    await flush()
  }
  return { core, reader, store, sink, models, loadGates, loadErrors, seen, ask, value, replan }
}
