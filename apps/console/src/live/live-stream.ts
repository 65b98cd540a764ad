import type { ChangeEvent } from '@understudy/api/control'

/** Without a sign of life for this long a page is cut off. */
export const LOST_AFTER_MS = 5_000

export interface LiveStreamPorts {
  subscribe(onEvent: (event: ChangeEvent) => void): { unsubscribe(): void }
  /** Every sign of life, with the server's clock. */
  onSign(at: string): void
  onLost(): void
  /** Something changed, or may have changed while nobody listened. */
  onChange(): void
}

/** One stream of changes that notices when it is cut off, says so, and tries again until it is closed. */
export class LiveStream {
  readonly #ports: LiveStreamPorts
  #subscription: { unsubscribe(): void } | undefined
  #silence: ReturnType<typeof setTimeout> | undefined
  #lastSeq: number | undefined

  constructor(ports: LiveStreamPorts) {
    this.#ports = ports
  }

  /** Opens it anew; what changed meanwhile is told with the first sign of life. */
  open(): void {
    this.close()
    this.#listen()
    this.#subscription = this.#ports.subscribe((event) => this.#hear(event))
  }

  close(): void {
    clearTimeout(this.#silence)
    this.#subscription?.unsubscribe()
    this.#subscription = undefined
    this.#lastSeq = undefined
  }

  #hear({ seq, at }: ChangeEvent): void {
    this.#listen()
    this.#ports.onSign(at)
    if (seq !== this.#lastSeq) this.#ports.onChange()
    this.#lastSeq = seq
  }

  #listen(): void {
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => {
      this.#ports.onLost()
      this.open()
    }, LOST_AFTER_MS)
  }
}
