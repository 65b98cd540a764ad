import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { waitFor } from '@understudy/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { Background, giveWayUntil } from '../src/process/background.ts'
import { readPriorityFacts } from '../src/process/background-priority.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** A process that only waits, in a session of its own as executors are. */
async function idle() {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], {
    detached: true,
    stdio: 'ignore',
  })
  closers.push(() => child.kill('SIGKILL'))
  const pid = await waitFor('the process', () => child.pid)
  const background = new Background(pid, await readPriorityFacts(pid))
  const givesWay = () => getPriority(pid) > 0 || /nice [1-9]/.test(autogroupOf(pid))
  return { background, givesWay, canGiveWay: background.means !== 'none' }
}

function autogroupOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/autogroup`, 'utf8')
  } catch {
    return ''
  }
}

describe('a process that is started ahead', () => {
  it('gives way until someone waits for it', async () => {
    const { background, givesWay, canGiveWay } = await idle()
    const hurry = new AbortController()
    const takeItsTurn = giveWayUntil(hurry.signal, background)
    await waitFor('the lower priority', () => givesWay() === canGiveWay)
    hurry.abort()
    await waitFor('the normal priority', () => !givesWay())
    await takeItsTurn()
    expect(givesWay()).toBe(false)
  })

  it('gives way no longer once it is ready', async () => {
    const { background, givesWay, canGiveWay } = await idle()
    const takeItsTurn = giveWayUntil(new AbortController().signal, background)
    await waitFor('the lower priority', () => givesWay() === canGiveWay)
    await takeItsTurn()
    expect(givesWay()).toBe(false)
  })

  it('never gives way when someone waits from the beginning', async () => {
    const { background, givesWay } = await idle()
    await giveWayUntil(AbortSignal.abort(), background)()
    await giveWayUntil(undefined, background)()
    expect(givesWay()).toBe(false)
  })
})
