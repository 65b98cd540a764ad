import type { MirrorPlan, PlannedVersion, PlatformError, ServedBy, StageTimes } from '@understudy/core'
import type { ServableId } from './servable.ts'

/** A stretch of time: when it began (milliseconds since the epoch) and how long it took. */
interface Stretch {
  readonly startedAtMs: number
  readonly tookMs: number
}

export interface LoadEnded extends Stretch {
  readonly id: ServableId
  readonly planned: PlannedVersion
  readonly error?: PlatformError | undefined
}

export interface WarmUpEnded extends LoadEnded {
  readonly runs: number
}

export interface LabelsMoved {
  readonly model: string
  readonly generation: number
  readonly from: ReadonlyMap<string, number>
  readonly to: ReadonlyMap<string, number>
  readonly atMs: number
}

/** The surfaces that a prediction may come by. */
export const PROTOCOLS = ['tfs-rest', 'tfs-grpc', 'oip-rest', 'oip-grpc', 'trpc'] as const
export type Protocol = (typeof PROTOCOLS)[number]

/** What a prediction was asked for; only TensorFlow Serving's surfaces have others than `predict`. */
export type PredictionTask = 'predict' | 'classify' | 'regress' | 'multi'

/** One prediction from its first byte to the last byte of its answer, told once by the front that received it. */
export interface RequestEnded extends Stretch {
  readonly requestId: string
  readonly protocol: Protocol
  /** @defaultValue `predict` */
  readonly task?: PredictionTask | undefined
  readonly model: string
  /** Undefined when no version was selected. */
  readonly servedBy?: ServedBy | undefined
  /** Of the caller. */
  readonly traceparent?: string | undefined
  readonly times: StageTimes
  readonly error?: PlatformError | undefined
}

/** Something that befell the executor of a version: evidence against it. */
export interface ExecutorIncident {
  readonly id: ServableId
  readonly digest: string
  /** Why it ended or was ended. */
  readonly kind: 'crash' | 'hang' | 'memory' | 'frame'
  /** In the words of the error that the run got. */
  readonly message: string
  readonly atMs: number
  /** An input that did it again, alone in a process of its own: hash of the input. Null while only suspected. */
  readonly confirmedInput: string | null
}

export interface BatchEnded extends Stretch {
  readonly id: ServableId
  readonly requests: number
  readonly rows: number
  /** Longest wait of its requests in the queue. */
  readonly queuedMs: number
  /** Requests of the batch that the version failed. */
  readonly failed: number
  readonly mirrored: boolean
}

export interface MirrorRunEnded extends Stretch {
  readonly model: string
  readonly mirror: MirrorPlan
  readonly requests: number
  readonly outcome: 'settled' | 'lost'
}

/** What the data plane tells telemetry, after the fact. Called on hot paths: implementations must be cheap. */
export interface ServingObserver {
  loadEnded(event: LoadEnded): void
  warmUpEnded(event: WarmUpEnded): void
  labelsMoved(event: LabelsMoved): void
  requestEnded(event: RequestEnded): void
  /** A version ended its executor. */
  incident(event: ExecutorIncident): void
  batchEnded(event: BatchEnded): void
  mirrorRunEnded(event: MirrorRunEnded): void
  /** Something went wrong that fails no request: the plan could not be read or kept, a loader did not unload. */
  troubled(error: PlatformError): void
}

const nothing = () => {}

export const noopObserver: ServingObserver = {
  loadEnded: nothing,
  warmUpEnded: nothing,
  labelsMoved: nothing,
  requestEnded: nothing,
  incident: nothing,
  batchEnded: nothing,
  mirrorRunEnded: nothing,
  troubled: nothing,
}

function contained<E>(call: (event: E) => void): (event: E) => void {
  return (event) => {
    try {
      call(event)
    } catch {
      // Telemetry never stops serving, and there is nobody left to tell.
    }
  }
}

/** The same observer, unable to break the caller. */
export function containedObserver(observer: ServingObserver): ServingObserver {
  return {
    loadEnded: contained((event) => observer.loadEnded(event)),
    warmUpEnded: contained((event) => observer.warmUpEnded(event)),
    labelsMoved: contained((event) => observer.labelsMoved(event)),
    requestEnded: contained((event) => observer.requestEnded(event)),
    incident: contained((event) => observer.incident(event)),
    batchEnded: contained((event) => observer.batchEnded(event)),
    mirrorRunEnded: contained((event) => observer.mirrorRunEnded(event)),
    troubled: contained((event) => observer.troubled(event)),
  }
}

/** One observer that tells several, in this order; one that throws keeps nothing from the others. */
export function combineObservers(observers: readonly ServingObserver[]): ServingObserver {
  const each = observers.map(containedObserver)
  const tell =
    <E>(call: (observer: ServingObserver, event: E) => void) =>
    (event: E) => {
      for (const observer of each) call(observer, event)
    }
  return {
    loadEnded: tell((observer, event) => observer.loadEnded(event)),
    warmUpEnded: tell((observer, event) => observer.warmUpEnded(event)),
    labelsMoved: tell((observer, event) => observer.labelsMoved(event)),
    requestEnded: tell((observer, event) => observer.requestEnded(event)),
    incident: tell((observer, event) => observer.incident(event)),
    batchEnded: tell((observer, event) => observer.batchEnded(event)),
    mirrorRunEnded: tell((observer, event) => observer.mirrorRunEnded(event)),
    troubled: tell((observer, event) => observer.troubled(event)),
  }
}
