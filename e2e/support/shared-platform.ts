import { askSocket } from '@understudy/testing'
import { inject } from 'vitest'
import type { ReceivedSpan } from './otlp-receiver.ts'
import { PlatformAccess, type PlatformPlace } from './platform-access.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the global setup of the end-to-end tests says where the shared platform is. */
    sharedPlatformSocket: string
  }
}

/** What the setup says of it. */
export interface SharedPlace {
  readonly place: PlatformPlace
  readonly collectorUrl: string
}

/** The shared platform, with the collector that its traces go to: all of them. */
export class SharedPlatform extends PlatformAccess {
  readonly #collectorUrl: string

  constructor({ place, collectorUrl }: SharedPlace) {
    super(place)
    this.#collectorUrl = collectorUrl
  }

  /** Spans of one trace that were exported until now, the earliest first. */
  spansOf(traceId: string): Promise<ReceivedSpan[]> {
    return this.#spans(`trace=${traceId}`)
  }

  /** Spans of other traces that link to this one. */
  spansLinkedTo(traceId: string): Promise<ReceivedSpan[]> {
    return this.#spans(`link=${traceId}`)
  }

  async #spans(which: string): Promise<ReceivedSpan[]> {
    const response = await fetch(`${this.#collectorUrl}/spans?${which}`)
    return (await response.json()) as ReceivedSpan[]
  }
}

/**
 * The platform that all files share: its first models answer, and models of other files lie on it, also of such as run at this moment. For
 * tests that look at their own models only, and leave them asking for nothing.
 */
export async function sharedPlatform(): Promise<SharedPlatform> {
  return new SharedPlatform(JSON.parse(await askSocket(inject('sharedPlatformSocket'), '/platform')))
}
