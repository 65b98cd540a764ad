import type { Clock, PlatformError } from '@understudy/core'
import type { AspiredVersionPolicy } from '../manager/aspired-version-policy.ts'
import { AspiredVersionsManager } from '../manager/aspired-versions-manager.ts'
import { availabilityPreservingPolicy } from '../manager/availability-preserving-policy.ts'
import { BasicManager } from '../manager/basic-manager.ts'
import { EventBus } from '../manager/event-bus.ts'
import { ResourceTracker } from '../manager/resource-tracker.ts'
import { ServableStateMonitor } from '../manager/servable-state-monitor.ts'
import type { VersionPlace } from '../manager/take-snapshots.ts'
import type { ServableId, ServableStateEvent } from '../servable.ts'
import { FakeLoaders, type FakeServable } from './fake-loader.ts'
import { flush } from './flush.ts'

export interface ManagerRigOptions {
  readonly clock: Clock
  readonly loadConcurrency?: number
  readonly policy?: AspiredVersionPolicy
  readonly memoryLimitBytes?: number
  readonly placeOf?: (id: ServableId) => VersionPlace
}

/** A manager over fake loaders, driven by hand: nothing happens but in {@link step} and {@link settle}. */
export function managerRig(options: ManagerRigOptions) {
  const { clock, loadConcurrency = 4, policy = availabilityPreservingPolicy } = options
  const bus = new EventBus<ServableStateEvent>((error) => {
    throw error
  })
  const events: string[] = []
  const troubles: PlatformError[] = []
  bus.subscribe((event) => events.push(`${event.state} ${event.id.name}@${event.id.version}`))
  const monitor = new ServableStateMonitor(bus)
  const loaders = new FakeLoaders()
  const basic = new BasicManager<FakeServable>({
    ...{ clock, bus, loadConcurrency },
    tracker: new ResourceTracker(options.memoryLimitBytes ?? 1_000),
    retry: { attempts: 3, initialDelayMs: 100, delayMsMax: 1_000 },
    onUnloadError: (error) => troubles.push(error),
  })
  const manager = new AspiredVersionsManager<FakeServable>({
    ...{ basic, policy, clock, drainTimeoutMs: 5_000, errorRetryMs: 60_000 },
    ...{ onWork: () => {}, placeOf: options.placeOf },
  })
  const aspire = (name: string, ...versions: readonly number[]) =>
    manager.aspire(
      name,
      versions.map((version) => ({ id: { name, version }, data: loaders.factory({ name, version }) })),
    )
  /** Like {@link aspire}, with what each version holds. */
  const aspireContents = (name: string, contents: Readonly<Record<number, string>>) =>
    manager.aspire(
      name,
      Object.entries(contents).map(([number, content]) => {
        const id = { name, version: Number(number) }
        return { id, content, data: loaders.factory(id) }
      }),
    )
  const step = async () => {
    const actions = await manager.reconcileOnce()
    await flush()
    return actions.map(({ type, id }) => `${type} ${id.name}@${id.version}`)
  }
  const settle = async () => {
    while ((await step()).length > 0);
    await step()
  }
  return { manager, basic, bus, monitor, loaders, events, troubles, aspire, aspireContents, step, settle }
}
