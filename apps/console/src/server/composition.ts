import type { ControlContext } from '@understudy/api/control'

/**
 * The object graph of this process, built once by `instrumentation.ts`.
 *
 * Next bundles pages, routes and instrumentation apart, so that they share nothing but `globalThis`. A process that puts
 * a graph there before the server starts (the test harness) keeps it.
 */
const SLOT: unique symbol = Symbol.for('understudy.console.composition')

interface Holder {
  [SLOT]?: ControlContext
}

const holder: typeof globalThis & Holder = globalThis

export function hasComposition(): boolean {
  return holder[SLOT] !== undefined
}

export function setComposition(context: ControlContext): void {
  holder[SLOT] = context
}

/** @throws Error when the process was started without `instrumentation.ts` */
export function composition(): ControlContext {
  const context = holder[SLOT]
  if (context === undefined)
    throw new Error('The console has not been composed: instrumentation did not run.')
  return context
}
