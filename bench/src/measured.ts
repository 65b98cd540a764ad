import { type RigNode, startCpuMeter } from '@understudy/testing'
import type { ClosedResult } from './load/orders.ts'
import type { Pair } from './stats/interleave.ts'
import { median } from './stats/quantile.ts'

/** One round on one server. */
export interface Measured extends ClosedResult {
  /** CPU time, user and system, of all its processes, and of the one that holds the sockets. */
  readonly cpuUsPerRequest: number
  readonly frontUsPerRequest: number
}

/** A server: the process that holds its sockets, and all of them. */
export interface ServerProcesses {
  readonly frontPid: number
  readonly pids: readonly number[]
}

/** Runs one round. @throws Error when a request failed: its figures would be those of failures */
export async function measured(
  { frontPid, pids }: ServerProcesses,
  send: () => Promise<ClosedResult>,
): Promise<Measured> {
  const ofAll = startCpuMeter(pids)
  const ofFront = startCpuMeter([frontPid])
  const result = await send()
  const requests = result.answered + result.failed
  if (result.failed > 0) throw new Error(`${result.failed} of ${requests} requests failed`)
  return {
    ...result,
    cpuUsPerRequest: (ofAll() * 1_000) / requests,
    frontUsPerRequest: (ofFront() * 1_000) / requests,
  }
}

export function processesOf(node: RigNode): ServerProcesses {
  return { frontPid: node.pid, pids: node.processes().map(({ pid }) => pid) }
}

export function rateOf({ answered, seconds }: ClosedResult): number {
  return answered / seconds
}

/** The absolute figures of either side, a line each. */
export function sideNotes(
  pairs: readonly Pair<Measured>[],
  names: Readonly<Record<keyof Pair<Measured>, string>>,
): readonly string[] {
  const line = (side: keyof Pair<Measured>) => {
    const of = (figure: (one: Measured) => number) => median(pairs.map((pair) => figure(pair[side])))
    const rate = Math.round(of(rateOf))
    const latency = `p50 ${of((one) => one.p50Ms).toFixed(2)} ms, p99 ${of((one) => one.p99Ms).toFixed(2)} ms`
    const cpu = `${of((one) => one.cpuUsPerRequest).toFixed(0)} µs CPU a request`
    return `${names[side]}: ${rate} requests/s, ${latency}, ${cpu} (front ${of((one) => one.frontUsPerRequest).toFixed(0)})`
  }
  return [line('subject'), line('yardstick')]
}
