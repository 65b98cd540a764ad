import type { ServableId, ServableStateEvent } from '../servable.ts'
import type { EventBus } from './event-bus.ts'

/**
 * Turns the event bus into a table: the last fact published about each version. A version that reached `end` is forgotten.
 *
 * @see TensorFlow Serving, core/servable_state_monitor.h
 */
export class ServableStateMonitor {
  readonly #states = new Map<string, Map<number, ServableStateEvent>>()
  readonly #unsubscribe: () => void

  constructor(bus: EventBus<ServableStateEvent>) {
    this.#unsubscribe = bus.subscribe((event) => this.#record(event))
  }

  stateOf(id: ServableId): ServableStateEvent | undefined {
    return this.#states.get(id.name)?.get(id.version)
  }

  /** All versions known of one model, newest number first. */
  statesOf(name: string): readonly ServableStateEvent[] {
    return [...(this.#states.get(name)?.values() ?? [])].sort((a, b) => b.id.version - a.id.version)
  }

  all(): readonly ServableStateEvent[] {
    return [...this.#states.keys()].flatMap((name) => this.statesOf(name))
  }

  close(): void {
    this.#unsubscribe()
  }

  #record(event: ServableStateEvent): void {
    const { name, version } = event.id
    const versions = this.#states.get(name) ?? new Map<number, ServableStateEvent>()
    if (event.state === 'end') versions.delete(version)
    else versions.set(version, event)
    if (versions.size === 0) this.#states.delete(name)
    else this.#states.set(name, versions)
  }
}
