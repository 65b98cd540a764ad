import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import path from 'node:path'
import { hasCapability } from './own-capabilities.ts'

/** Helpers of the system that bound a process from its first instruction. Each starts the next and is gone. */
export interface SpawnTools {
  /** Path of util-linux `prlimit`, where it works. */
  readonly prlimit: string | undefined
  /**
   * Address space that Node maps without using it (on Node 24 half a gibibyte a thread, for code). It counts as data, so a limit on
   * data grants it on top.
   */
  readonly reservedBytes: number
  /** This process may set limits of others, and raise what it has set (CAP_SYS_RESOURCE; containers often lack it, also for root). */
  readonly mayRaiseLimits: boolean
  /** Command line of util-linux `unshare` that gives a network namespace of its own, where the system permits one. */
  readonly unshare: readonly string[] | undefined
}

const DIRECTORIES = ['/usr/bin', '/bin', '/usr/sbin', '/sbin']
/** A machine that starts many processes at once takes seconds for one; a helper that is given up is missed for the life of the node. */
const PROBE_TIMEOUT_MS = 20_000

export interface ProbeOptions {
  /** Told of what is done without only because it did not answer in time, as a sentence. */
  readonly onTimeout?: ((message: string) => void) | undefined
  /** @defaultValue 20000 */
  readonly timeoutMs?: number | undefined
  /** Where helpers are looked for. @defaultValue the system's own */
  readonly directories?: readonly string[] | undefined
}

interface Probe {
  readonly timeoutMs: number
  readonly tooLate: (what: string) => void
}

/** Tells what a process of two threads, as an executor is, has mapped as data beyond what it uses. */
const RESERVE_SCRIPT = `
const { Worker } = require('node:worker_threads')
const loop = "require('node:worker_threads').parentPort.postMessage(0); setInterval(() => {}, 1000)"
new Worker(loop, { eval: true }).on('message', () => {
  const status = require('node:fs').readFileSync('/proc/self/status', 'utf8')
  const kibibytes = (name) => Number(new RegExp('^' + name + ':\\\\s+(\\\\d+) kB', 'm').exec(status)[1])
  process.stdout.write(String((kibibytes('VmData') - kibibytes('RssAnon')) * 1024), () => process.exit())
})
`

/** Finds out, by trying, which helpers work here. Call it once per process; on other systems than Linux there are none. */
export async function probeSpawnTools(options: ProbeOptions = {}): Promise<SpawnTools> {
  if (process.platform !== 'linux') {
    return { prlimit: undefined, reservedBytes: 0, mayRaiseLimits: false, unshare: undefined }
  }
  const { onTimeout, timeoutMs = PROBE_TIMEOUT_MS, directories = DIRECTORIES } = options
  const probe: Probe = {
    timeoutMs,
    tooLate: (what) => onTimeout?.(`${what} did not answer within ${timeoutMs} ms: executors start without.`),
  }
  const [prlimit, unshare] = await Promise.all([find('prlimit', directories), find('unshare', directories)])
  const isRoot = process.getuid?.() === 0
  const bounds = prlimit === undefined ? undefined : [prlimit, '--core=0', '--']
  const namespace =
    unshare === undefined ? undefined : [unshare, ...(isRoot ? ['--net'] : ['--user', '--net']), '--']
  const [prlimitWorks, namespaceWorks, reservedBytes, mayRaiseLimits] = await Promise.all([
    works(bounds, probe),
    works(namespace, probe),
    measureReserve(probe),
    hasCapability('sysResource'),
  ])
  return {
    reservedBytes,
    mayRaiseLimits,
    prlimit: prlimitWorks ? prlimit : undefined,
    unshare: namespaceWorks ? namespace : undefined,
  }
}

async function find(name: string, directories: readonly string[]): Promise<string | undefined> {
  for (const directory of directories) {
    const file = path.join(directory, name)
    try {
      await access(file, constants.X_OK)
      return file
    } catch {
      // Not here: the next directory may have it.
    }
  }
  return undefined
}

function works(helper: readonly string[] | undefined, { timeoutMs, tooLate }: Probe): Promise<boolean> {
  return new Promise((resolve) => {
    if (helper === undefined) {
      resolve(false)
      return
    }
    const [command = '', ...rest] = helper
    const options = { env: {}, cwd: '/', timeout: timeoutMs }
    execFile(command, [...rest, '/bin/sh', '-c', ':'], options, (error) => {
      if (error?.killed === true) tooLate(command)
      resolve(error === null)
    })
  })
}

function measureReserve({ timeoutMs, tooLate }: Probe): Promise<number> {
  return new Promise((resolve) => {
    const options = { env: {}, cwd: '/', timeout: timeoutMs }
    execFile(process.execPath, ['-e', RESERVE_SCRIPT], options, (error, stdout) => {
      if (error?.killed === true) tooLate('The process that measures what Node reserves')
      const bytes = Number(stdout)
      resolve(error === null && Number.isSafeInteger(bytes) && bytes > 0 ? bytes : 0)
    })
  })
}
