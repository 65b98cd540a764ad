import type { ServableHandle, ServableId } from '../servable.ts'

/** The handle that a harness gives out: `release` counts once, however often it is called. */
export class CountedHandle<S> implements ServableHandle<S> {
  readonly id: ServableId
  readonly servable: S
  readonly revoked: AbortSignal
  #onRelease: (() => void) | undefined

  constructor(source: {
    readonly id: ServableId
    readonly servable: S
    readonly revoked: AbortSignal
    readonly onRelease: () => void
  }) {
    this.id = source.id
    this.servable = source.servable
    this.revoked = source.revoked
    this.#onRelease = source.onRelease
  }

  release(): void {
    const onRelease = this.#onRelease
    this.#onRelease = undefined
    onRelease?.()
  }

  [Symbol.dispose](): void {
    this.release()
  }
}
