import { createHook } from 'node:async_hooks'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { NamedTensors } from '@understudy/core'
import { endlessModel, linearModel, processTable, stillRunning, waitFor } from '@understudy/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { ExecutorProcess } from '../src/process/executor-process.ts'
import { spawnExecutor } from '../src/process/spawn-executor.ts'
import { Starter, type StarterOptions } from '../src/starter/starter.ts'
import { ExecutorRig, failureOf, untilBusy } from './support/executor-rig.ts'
import { floats } from './support/in-process.ts'
import { isRunning, processorTicks } from './support/processes.ts'

const PARENT = fileURLToPath(new URL('./support/doomed-parent.ts', import.meta.url))
const BUSY_PARENT = fileURLToPath(new URL('./support/busy-parent.ts', import.meta.url))
const MIB = 2 ** 20
const X: NamedTensors = new Map([['x', floats([1, 4], 1, 2, 3, 4)]])

let rig: ExecutorRig
const starters: Starter[] = []
beforeAll(async () => {
  rig = await ExecutorRig.create()
})
afterEach(async () => {
  await rig.endStarted()
  await Promise.all(starters.splice(0).map((starter) => starter.close()))
})
afterAll(() => rig?.remove())

function starterOf(options: Partial<StarterOptions> = {}): Starter {
  const starter = new Starter({ entry: rig.built.starter, ...options })
  starters.push(starter)
  starter.start()
  return starter
}

function pidOf({ pid }: Starter): number {
  if (pid === undefined) throw new Error('no starter process')
  return pid
}

function parentOf(pid: number): number | undefined {
  return processTable().find((entry) => entry.pid === pid)?.parentPid
}

/** Starts a shell in the place of an executor. */
async function startShell(starter: Starter, script: string): Promise<ExecutorProcess> {
  const executor = await starter.startExecutor(['/bin/sh', '-c', script])
  if (executor === undefined) throw new Error('the starter did not answer')
  return executor
}

function blockLoop(ms: number): void {
  const untilMs = performance.now() + ms
  while (performance.now() < untilMs);
}

describe('a starter', () => {
  it('forks for its parent, which makes no process of its own: not for an executor, nor for a limit', async () => {
    const starter = starterOf()
    let made = 0
    const hook = createHook({
      init: (_, type) => {
        if (type === 'PROCESSWRAP') made += 1
      },
    }).enable()
    const served = await rig.startWith(linearModel(), { starter, memoryLimitBytes: 512 * MIB })
    await served.client.setMemoryLimit(700 * MIB)
    expect((await served.run(X)).outputs.size).toBe(1)
    hook.disable()
    expect(made).toBe(0)
    expect(parentOf(served.client.pid)).toBe(pidOf(starter))
    expect(served.client.protections.memoryBound).toBe(rig.tools.prlimit ? 'rlimit' : 'watchdog')
  })

  it('loses no byte of a process that speaks at once, however busy the parent is', async () => {
    const starter = starterOf()
    for (let turn = 0; turn < 10; turn += 1) {
      const starting = startShell(starter, `printf 'first ${turn}' >&3; printf ' M' >&4; exec sleep 60`)
      await new Promise((resolve) => setImmediate(resolve))
      blockLoop(40)
      const executor = await starting
      const [chunk] = await once(executor.frames, 'data')
      expect(String(chunk)).toBe(`first ${turn}`)
      executor.kill()
      expect(await executor.exited).toEqual({
        code: null,
        signal: 'SIGKILL',
        lastWord: 'memory',
        stderrTail: '',
      })
    }
  })

  it.each([
    ['a code', 'process.exit(3)'],
    ['a signal', "process.kill(process.pid, 'SIGSEGV')"],
  ])('tells an exit with %s and the end of the error output as it is told without one', async (_, end) => {
    const said = "require('node:fs').writeSync(2, 'x'.repeat(20_000) + 'why')"
    const entry = await rig.folder.write('ending.cjs', `${said}\n${end}`)
    const seen = []
    for (const starter of [undefined, starterOf()]) {
      seen.push(await (await spawnExecutor({ entry, starter })).exited)
    }
    expect(seen[1]).toEqual(seen[0])
    expect(seen[1]?.stderrTail).toMatch(/^x+why$/)
  })

  it('gives an executor no handle that it would not have without', async () => {
    const sockets = (pid: number) =>
      readdirSync(`/proc/${pid}/fd`).filter((fd) =>
        readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith('socket:'),
      ).length
    const starter = starterOf()
    await rig.start({ starter })
    const [helped, alone] = [await rig.start({ starter }), await rig.start()]
    expect(sockets(helped.pid)).toBe(sockets(alone.pid))
  })

  it('tells whether a helper worked', async () => {
    const starter = starterOf()
    const run = (...command: string[]) => starter.runTool({ command, identity: undefined })
    expect(await Promise.all([run('/bin/true'), run('/bin/false'), run('/nowhere')])).toEqual([
      true,
      false,
      false,
    ])
  })

  it('that cannot start a process says so', async () => {
    const starter = starterOf()
    expect((await failureOf(starter.startExecutor(['/nowhere']))).code).toBe('onnx.executor_unavailable')
    const failure = await failureOf(rig.start({ starter, entry: '/nowhere.mjs' }))
    expect(failure.code).toBe('onnx.executor_unavailable')
    expect(failure.message).toContain('Cannot find module')
  })

  it('that is closed is gone, and starts nothing more', async () => {
    const starter = starterOf()
    const pid = pidOf(starter)
    await starter.close()
    expect(await isRunning(pid)).toBe(false)
    const client = await rig.start({ starter })
    expect(parentOf(client.pid)).toBe(process.pid)
  })
})

describe('a starter that is lost', () => {
  it('leaves its executors answering, and their end is noticed', async () => {
    let losses = 0
    const starter = starterOf({ onLost: () => (losses += 1) })
    const served = await rig.startWith(linearModel(), { starter })
    const late = await rig.startWith(endlessModel(), { starter })
    const pid = pidOf(starter)
    process.kill(pid, 'SIGKILL')
    await waitFor('the loss', () => losses === 1)
    expect((await served.run(X)).outputs.size).toBe(1)
    served.client.kill()
    const unseen = { code: null, signal: null, lastWord: undefined, stderrTail: '' }
    expect(await served.client.exited).toEqual(unseen)
    await waitFor('its end', async () => !(await isRunning(served.client.pid)))
    // What its watchdog said last still counts.
    expect((await failureOf(late.run(X, 200))).code).toBe('serving.run_timeout')
    expect(await late.client.exited).toEqual({ ...unseen, lastWord: 'runTimeout' })
  })

  it('while executors run is replaced by the next request', async () => {
    const starter = starterOf()
    const lost = pidOf(starter)
    await rig.start({ starter })
    process.kill(lost, 'SIGKILL')
    await waitFor('the loss', () => starter.pid === undefined)
    const client = await rig.start({ starter })
    expect(parentOf(client.pid)).toBe(starter.pid)
    expect(starter.pid).not.toBe(lost)
  })

  it('while it starts something is no loss to who waits', async () => {
    const starter = starterOf()
    const starting = rig.startWith(linearModel(), { starter })
    process.kill(pidOf(starter), 'SIGKILL')
    expect((await (await starting).run(X)).outputs.size).toBe(1)
  })

  it.each([
    ['stopped by a signal', 60_000],
    ['late', 50],
  ])('since it is %s is done without', async (_, answerTimeoutMs) => {
    const starter = starterOf({ answerTimeoutMs })
    const pid = pidOf(starter)
    process.kill(pid, 'SIGSTOP')
    const client = await rig.start({ starter })
    expect(parentOf(client.pid)).toBe(process.pid)
    await waitFor('its end', async () => !(await isRunning(pid)))
  })

  it('for sockets, which it cannot pass on, is done without', async () => {
    const unable = "process.on('message', ({ id }) => process.send({ type: 'unable', id }))"
    const starter = starterOf({ entry: await rig.folder.write('unable.cjs', unable) })
    const client = await rig.start({ starter })
    expect(parentOf(client.pid)).toBe(process.pid)
  })

  it('before it began is done without, and tried again ever more seldom', async () => {
    let losses = 0
    const starter = starterOf({ entry: '/nowhere.mjs', onLost: () => (losses += 1) })
    await waitFor('the second loss', () => {
      starter.start()
      return losses === 2
    })
    starter.start()
    expect(starter.pid).toBeUndefined()
    const client = await rig.start({ starter })
    expect(parentOf(client.pid)).toBe(process.pid)
  })
})

it.each([['as well'], ['although its starter is stopped']])(
  'an executor ends within a second of the kill -9 of the parent of its starter, %s, and so does the starter',
  async (how) => {
    const small = await rig.folder.write('small.onnx', linearModel())
    const endless = await rig.folder.write('endless.onnx', endlessModel())
    const args = [PARENT, rig.built.entry, small, endless, 'run', rig.built.starter]
    const parent = spawn(process.execPath, ['--import', 'tsx', ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = await once(parent.stdout, 'data')
    const { executor, starter } = JSON.parse(String(line))
    const begun = processTable().filter(({ pid }) => pid === executor || pid === starter)
    onTestFinished(() => {
      for (const { pid } of stillRunning(begun)) process.kill(pid, 'SIGKILL')
    })
    expect(parentOf(executor)).toBe(starter)
    const before = await processorTicks(executor)
    await waitFor('the executor to be busy', async () => (await processorTicks(executor)) > before + 10)
    // It would hold a socket open, if it had one.
    if (how !== 'as well') process.kill(starter, 'SIGSTOP')
    parent.kill('SIGKILL')
    await once(parent, 'exit')
    const killedAt = performance.now()
    await waitFor('the executor to be gone', async () => !(await isRunning(executor)))
    expect(performance.now() - killedAt).toBeLessThan(1_000)
    process.kill(starter, 'SIGCONT')
    await waitFor('the starter to be gone', async () => !(await isRunning(starter)))
  },
)

it('a parent that is killed before it has taken the sockets of an executor leaves neither the executor nor its starter', async () => {
  // Ends with its lifeline, as an executor does.
  const command = ['/bin/sh', '-c', 'exec cat <&4']
  const parent = spawn(process.execPath, ['--import', 'tsx', BUSY_PARENT, rig.built.starter, ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(parent.stdout, 'data')
  const starter = Number(line)
  const executor = await waitFor('the executor', () =>
    processTable().find(
      ({ parentPid, commandLine }) => parentPid === starter && commandLine.startsWith('cat'),
    ),
  )
  const begun = processTable().filter(({ pid }) => pid === executor.pid || pid === starter)
  onTestFinished(() => {
    for (const { pid } of stillRunning(begun)) process.kill(pid, 'SIGKILL')
  })
  parent.kill('SIGKILL')
  await waitFor('both to be gone', () => stillRunning(begun).length === 0, { timeoutMs: 10_000 })
})

it('an executor that a starter has started is blamed for nothing when its owner ends it', async () => {
  const served = await rig.startWith(endlessModel(), { starter: starterOf() })
  const run = failureOf(served.run(X))
  await untilBusy(served.client)
  served.client.kill()
  expect((await run).code).toBe('serving.executor_lost')
  expect(await served.client.exited).toMatchObject({ code: null, signal: 'SIGKILL' })
})
