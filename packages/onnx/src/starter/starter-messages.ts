import type { ToolCall } from '../process/run-tool.ts'

/** What the front asks for. Each order has a number of its own, which its replies repeat. */
export type StarterOrder =
  | { readonly type: 'start'; readonly id: number; readonly command: readonly string[] }
  | ({ readonly type: 'run'; readonly id: number } & ToolCall)

/** How a process ended, as only its parent learns it. */
export interface ToldEnd {
  readonly code: number | null
  readonly signal: string | null
  readonly stderrTail: string
}

/** What the starter answers. A start that works is answered with `frames`, then `lifeline`, each with its socket, and `ended` later. */
export type StarterReply =
  | { readonly type: 'frames'; readonly id: number; readonly pid: number }
  | { readonly type: 'lifeline'; readonly id: number }
  /** The system has refused the process. */
  | { readonly type: 'refused'; readonly id: number; readonly why: string }
  /** It was started, and ended again: its sockets cannot be passed on. */
  | { readonly type: 'unable'; readonly id: number }
  | ({ readonly type: 'ended'; readonly id: number } & ToldEnd)
  | { readonly type: 'ran'; readonly id: number; readonly worked: boolean }
