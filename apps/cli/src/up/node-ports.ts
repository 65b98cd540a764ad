import { randomInt } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import type { Clock } from '@understudy/core'
import { isPortFree } from '@understudy/db/embedded'

/** Below the ports that systems give to outgoing connections: one of those would keep a node from starting again on its port. */
const FIRST_PORT = 20_000
const PORT_MAX = 31_999
const LOOK_AGAIN_MS = 100

export interface NodePortsOptions {
  /** Where the ports are kept from start to start. */
  readonly file: string
  readonly count: number
  /** Ports that are somebody else's. */
  readonly reserved: readonly number[]
  /** How long to wait for a kept port: what held it may still be ending. */
  readonly patienceMs: number
  readonly clock: Clock
}

/** A free loopback port for each node: the same as at the last start as far as they are free. */
export async function nodePorts(options: NodePortsOptions): Promise<number[]> {
  const { file, count, reserved } = options
  const kept = readKept(await readFile(file, 'utf8').catch(() => ''))
  const ports: number[] = []
  for (let index = 0; index < count; index++) {
    const port = kept[index]
    const taken = new Set([...reserved, ...ports])
    const again = port !== undefined && !taken.has(port) && (await isFreeSoon(port, options))
    // A port that is kept for a later node is left to it.
    ports.push(again ? port : await findPort(new Set([...taken, ...kept])))
  }
  await writeFile(file, `${JSON.stringify([...ports, ...kept.slice(count)])}\n`, { mode: 0o600 })
  return ports
}

/** A file that was damaged costs the ports, not the start. */
function readKept(text: string): readonly number[] {
  try {
    const value: unknown = JSON.parse(text)
    const isPort = (port: unknown): port is number => Number.isInteger(port) && Number(port) >= FIRST_PORT
    return Array.isArray(value) && value.every(isPort) ? value.filter((port) => port <= PORT_MAX) : []
  } catch {
    return []
  }
}

async function isFreeSoon(port: number, { patienceMs, clock }: NodePortsOptions): Promise<boolean> {
  const deadline = clock.monotonicMs() + patienceMs
  for (;;) {
    if (await isPortFree(port)) return true
    if (clock.monotonicMs() >= deadline) return false
    await clock.sleep(LOOK_AGAIN_MS)
  }
}

async function findPort(taken: ReadonlySet<number>): Promise<number> {
  const span = PORT_MAX - FIRST_PORT + 1
  const start = randomInt(span)
  for (let step = 0; step < span; step++) {
    const port = FIRST_PORT + ((start + step) % span)
    if (!taken.has(port) && (await isPortFree(port))) return port
  }
  throw new Error(`no loopback port from ${FIRST_PORT} to ${PORT_MAX} is free`)
}
