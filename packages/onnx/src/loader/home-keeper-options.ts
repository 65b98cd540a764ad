import type { Clock, PlatformError } from '@understudy/core'
import type { ServableId, ServableRole } from '@understudy/serving'
import type { ModelForm } from '../frames/frame.ts'
import type { Home } from '../pool/home.ts'
import type { Haste } from '../pool/spare-shelf.ts'
import type { ExecutorExit } from '../process/executor-exit.ts'
import type { ExecutorEvent } from './executor-events.ts'
import type { Place } from './next-step.ts'

/** What a version needs of {@link Home}. */
export type ServableHome = Pick<
  Home,
  | 'pid'
  | 'isAlive'
  | 'exited'
  | 'form'
  | 'placement'
  | 'openRuns'
  | 'run'
  | 'leave'
  | 'evict'
  | 'setBackground'
>

export interface SettleRequest extends Place {
  readonly haste: Haste
  readonly isBackground: boolean
  readonly isUrgent: () => boolean
  readonly signal: AbortSignal
}

export interface HomeKeeperOptions {
  readonly id: ServableId
  readonly role: ServableRole
  /** It is not warm yet, and no request waits for it: it gives way until it begins to move. */
  readonly isArriving: boolean
  /** The form that can be had soonest. */
  readonly firstForm: ModelForm
  /** Where a version of that role should be at this moment. */
  readonly wish: (role: ServableRole) => Place
  readonly settle: (request: SettleRequest) => Promise<ServableHome>
  readonly warmUp: (home: ServableHome, signal: AbortSignal) => Promise<void>
  /** Whether runs wait for a home. */
  readonly isUrgent: () => boolean
  readonly clock: Clock
  /** After this much running the watchdog ends the executor. */
  readonly runTimeoutMs: number
  readonly onEvent: (event: ExecutorEvent) => void
  readonly onLost: (home: ServableHome, exit: ExecutorExit) => void
  readonly onFailed: (error: PlatformError) => void
}
