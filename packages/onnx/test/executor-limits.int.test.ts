import { chmod, readFile } from 'node:fs/promises'
import { getPriority } from 'node:os'
import path from 'node:path'
import type { NamedTensors } from '@understudy/core'
import {
  endlessModel,
  endlessOnNanModel,
  growingModel,
  hungryLoadModel,
  hungryModel,
  linearModel,
  slowLoadModel,
  waitFor,
} from '@understudy/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ExecutorRig, failureOf, untilBusy } from './support/executor-rig.ts'
import { floats } from './support/in-process.ts'
import { isRunning } from './support/processes.ts'

const MIB = 2 ** 20
const MEMORY_LIMIT_BYTES = 512 * MIB
const X: NamedTensors = new Map([['x', floats([1, 4], 1, 2, 3, 4)]])
const NAN: NamedTensors = new Map([['x', floats([1, 4], Number.NaN, 0, 0, 0)]])
const ONE: NamedTensors = new Map([['x', floats([1, 1], 1)]])

let rig: ExecutorRig
beforeAll(async () => {
  rig = await ExecutorRig.create()
})
afterEach(() => rig.endStarted())
afterAll(() => rig?.remove())

describe('protection', () => {
  it('gives the executor an environment of two library settings and nothing of its parent', async () => {
    const client = await rig.start()
    const environment = await readFile(`/proc/${client.pid}/environ`, 'latin1')
    expect(environment.split('\0').filter(Boolean).sort()).toEqual([
      'MALLOC_TRIM_THRESHOLD_=131072',
      'ORT_DISABLE_TELEMETRY=1',
    ])
  })

  it('never runs a model as root', async () => {
    const { client } = await rig.startWith(linearModel())
    const status = await readFile(`/proc/${client.pid}/status`, 'utf8')
    const uids = /^Uid:\s+(.*)$/m.exec(status)?.[1]?.split('\t')
    const groups = /^Groups:[ \t]*(.*)$/m.exec(status)?.[1]?.trim()
    expect(uids).not.toContain('0')
    if (process.getuid?.() === 0) {
      expect(client.protections.ownUser).toEqual({ uid: 64_042, gid: 64_042 })
      expect(uids).toEqual(['64042', '64042', '64042', '64042'])
      expect(groups).toBe('')
    }
  })

  it('starts below a folder that only its parent may enter', async () => {
    await chmod(path.dirname(path.dirname(rig.built.entry)), 0o700)
    const served = await rig.startWith(linearModel())
    expect((await served.run(X)).outputs.size).toBe(1)
  })

  it('takes the network away where the machine permits it, and reports what is in force', async () => {
    const { tools } = rig
    const { pid, protections } = await rig.start({ memoryLimitBytes: MEMORY_LIMIT_BYTES })
    expect(protections.noNetwork).toBe(tools.unshare !== undefined)
    expect(protections.noFiles).toBe(tools.prlimit !== undefined)
    expect(protections.memoryBound).toBe(tools.prlimit ? 'rlimit' : 'watchdog')
    if (tools.unshare) {
      const interfaces = await readFile(`/proc/${pid}/net/dev`, 'utf8')
      expect(interfaces.match(/^\s*\w+:/gm)?.map((line) => line.trim())).toEqual(['lo:'])
    }
    if (tools.prlimit) {
      const bounds = await readFile(`/proc/${pid}/limits`, 'utf8')
      expect(bounds).toMatch(new RegExp(`Max data size\\s+${MEMORY_LIMIT_BYTES + tools.reservedBytes} `))
      expect(bounds).toMatch(/Max file size\s+0/)
    }
  })

  it('says what is missing when no executor can be started', async () => {
    const failure = await failureOf(rig.start({ entry: '/does/not/exist.mjs' }))
    expect(failure.code).toBe('onnx.executor_unavailable')
    expect(failure.message).toContain('exist.mjs')
  })
})

describe('a run that does harm', () => {
  it('ends the process when it never ends, and is told from those that waited behind it', async () => {
    const served = await rig.startWith(endlessOnNanModel())
    const { client } = served
    const [first, second] = await Promise.all([
      failureOf(served.run(NAN, 300)),
      failureOf(served.run(X, 300)),
    ])
    expect(first).toMatchObject({ code: 'serving.run_timeout', details: { wasRunning: true } })
    expect(first.message).toContain('its time limit of 300 ms')
    expect(second).toMatchObject({ code: 'serving.executor_lost', details: { wasRunning: false } })
    expect(await client.exited).toMatchObject({ signal: 'SIGKILL', lastWord: 'runTimeout' })
    expect(await isRunning(client.pid)).toBe(false)
    expect(client.pendingCount).toBe(0)
  })

  it('only fails when the system refuses it memory: the executor is well', async () => {
    const served = await rig.startWith(hungryModel(64), { memoryLimitBytes: MEMORY_LIMIT_BYTES })
    const failure = await failureOf(served.run(ONE))
    expect(failure).toMatchObject({ code: 'onnx.run_failed', details: { outOfMemory: true } })
    expect(failure.message).toContain('its memory limit of 512 MiB')
    await served.client.ping()
  })

  it.each([
    ['in one piece', () => hungryModel(2)],
    ['ever more, without bound', growingModel],
  ])(
    'is ended by the watchdog when it takes memory %s and the machine has no limits',
    async (_what, model) => {
      const options = { memoryLimitBytes: MEMORY_LIMIT_BYTES, tools: undefined }
      const served = await rig.startWith(model(), options)
      const failure = await failureOf(served.run(ONE))
      expect(failure.code).toBe('onnx.memory_limit')
      expect(failure.message).toContain('its memory limit of 512 MiB')
      expect(await served.client.exited).toMatchObject({ signal: 'SIGKILL', lastWord: 'memory' })
    },
  )

  it('is the suspect when its process crashes; those that waited are not', async () => {
    const served = await rig.startWith(endlessModel())
    const runs = Array.from({ length: 5 }, () => failureOf(served.run(X, 600_000)))
    await untilBusy(served.client)
    process.kill(served.client.pid, 'SIGKILL')
    const codes = (await Promise.all(runs)).map(({ code }) => code)
    expect(codes).toEqual(['onnx.run_crashed', ...Array(4).fill('serving.executor_lost')])
    expect(served.client.isAlive).toBe(false)
  })
})

describe('a load that does harm', () => {
  const bounded = { memoryLimitBytes: MEMORY_LIMIT_BYTES }

  it('is ended when it never ends', async () => {
    const client = await rig.start(bounded)
    const failure = await failureOf(rig.load(client, slowLoadModel(), { limitMs: 500 }))
    expect(failure.code).toBe('onnx.load_timeout')
    expect(failure.message).toContain('its time limit of 500 ms')
    expect(await isRunning(client.pid)).toBe(false)
  })

  it('fails when it eats memory', async () => {
    const { model, weightsBytes } = hungryLoadModel('huge.bin', 1)
    await rig.folder.writeHole('huge.bin', weightsBytes)
    const failure = await failureOf(rig.load(await rig.start(bounded), model))
    expect(failure.code).toBe('onnx.memory_limit')
    expect(failure.message).toContain('its memory limit of 512 MiB')
  })

  it('is a crash when the process dies', async () => {
    const client = await rig.start(bounded)
    const load = failureOf(rig.load(client, slowLoadModel()))
    await untilBusy(client)
    process.kill(client.pid, 'SIGSEGV')
    const failure = await load
    expect(failure.code).toBe('onnx.load_crashed')
    expect(failure.message).toContain('SIGSEGV')
  })
})

describe('mapped weights', () => {
  it('do not count as memory of the executor', async () => {
    const { model, weightsBytes } = hungryLoadModel('mapped.bin', 1 / 2)
    await rig.folder.writeHole('mapped.bin', weightsBytes)
    const client = await rig.start({ memoryLimitBytes: 300 * MIB })
    const served = await rig.load(client, model, { form: 'mapped' })
    const rows = served.signature.inputs[0]?.shape[1]
    const x = { dtype: 'float32' as const, shape: [1, Number(rows)], data: new Float32Array(Number(rows)) }
    expect((await served.run(new Map([['x', x]]))).outputs.size).toBe(1)
    // Longer than the watchdog takes to look.
    const looks = performance.now() + 300
    await waitFor('the watchdog to have looked', () => performance.now() > looks)
    await client.ping()
    expect(client.protections.memoryBound).toBe(rig.tools.prlimit ? 'rlimit' : 'watchdog')
  })
})

describe('the memory limit of a running executor', () => {
  it.each([
    ['lowered', 2_048 * MIB, 512 * MIB],
    ['raised', 512 * MIB, 768 * MIB],
  ])('is in force once it was %s', async (_how, first, then) => {
    const served = await rig.startWith(hungryModel(1), { memoryLimitBytes: first })
    const { client } = served
    await client.setMemoryLimit(then)
    if (rig.tools.prlimit) {
      const bounds = await readFile(`/proc/${client.pid}/limits`, 'utf8')
      expect(bounds).toMatch(new RegExp(`Max data size\\s+${then + rig.tools.reservedBytes} `))
      expect(client.protections.memoryBound).toBe('rlimit')
    }
    const failure = await failureOf(served.run(ONE))
    expect(failure.message).toContain(`its memory limit of ${then / MIB} MiB`)
  })

  it('cannot be raised where it was said that it never is', async () => {
    if (!rig.tools.prlimit || rig.tools.mayRaiseLimits) return
    const client = await rig.start({ memoryLimitBytes: 512 * MIB, fixedForMappedBytes: 0 })
    const failure = await failureOf(client.setMemoryLimit(1_024 * MIB))
    expect(failure.code).toBe('onnx.executor_unavailable')
    expect(failure.message).toMatch(/may not have 1024 MiB.*512 MiB/)
    await client.ping()
  })

  it('is raised far enough for a run that does not fit before', async () => {
    const small = await rig.startWith(hungryModel(1), { memoryLimitBytes: 512 * MIB })
    // Whether the system refuses the memory or the watchdog ends the process first: it cannot have it.
    expect((await failureOf(small.run(ONE))).message).toContain('its memory limit of 512 MiB')
    const raised = await rig.startWith(hungryModel(1), { memoryLimitBytes: 512 * MIB })
    await raised.client.setMemoryLimit(3_072 * MIB)
    expect((await raised.run(ONE)).outputs.get('y')).toEqual(floats([1, 1], 1))
  })

  it('is kept by the watchdog where the machine has no limits of its own', async () => {
    const options = { memoryLimitBytes: 8_192 * MIB, tools: undefined }
    const served = await rig.startWith(hungryModel(1 / 4), options)
    await served.client.setMemoryLimit(160 * MIB)
    // The run may be over before the watchdog looks; what it took stays.
    await served.run(ONE).catch(() => {})
    expect(await served.client.exited).toMatchObject({ signal: 'SIGKILL', lastWord: 'memory' })
  })
})

describe('a background load', () => {
  it('has the lower priority that is reported while it lasts, and the normal one afterwards', async () => {
    const client = await rig.start()
    const { background } = client.protections
    const autogroup = () => readFile(`/proc/${client.pid}/autogroup`, 'utf8').catch(() => '')
    await client.setBackground(true)
    await rig.load(client, linearModel())
    if (background === 'autogroup') expect(await autogroup()).toMatch(/nice [1-9]/)
    if (background === 'nice') expect(getPriority(client.pid)).toBeGreaterThan(0)
    await client.setBackground(false)
    if (background === 'autogroup') expect(await autogroup()).toMatch(/nice 0$/m)
    expect(getPriority(client.pid)).toBe(0)
  })

  it('of a process that has ended is no error', async () => {
    const client = await rig.start()
    client.kill()
    await client.exited
    await client.setBackground(true)
    await client.setBackground(false)
  })
})
