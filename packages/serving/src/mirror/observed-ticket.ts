import type { Clock } from '@understudy/core'
import type { RunTicket } from '../mirror-sink.ts'
import type { MirrorRunEnded, ServingObserver } from '../observer.ts'
import { OnceTicket } from './once-ticket.ts'

export interface ObservedTicketOptions {
  readonly clock: Clock
  readonly observer: ServingObserver
  readonly onEnd?: () => void
}

/** The same ticket, ended once, whose end is told to the observer. */
export function observedTicket(
  ticket: RunTicket,
  run: Pick<MirrorRunEnded, 'model' | 'mirror' | 'requests'>,
  { clock, observer, onEnd }: ObservedTicketOptions,
): OnceTicket {
  const startedAtMs = clock.now()
  const beganMs = clock.monotonicMs()
  return new OnceTicket(ticket, {
    failed: (error) => observer.troubled(error),
    ended: (outcome) => {
      onEnd?.()
      observer.mirrorRunEnded({ ...run, outcome, startedAtMs, tookMs: clock.monotonicMs() - beganMs })
    },
  })
}
