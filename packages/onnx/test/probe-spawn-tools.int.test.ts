import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { probeSpawnTools } from '../src/process/probe-spawn-tools.ts'

let directory: string

async function helper(name: string, script: string): Promise<string> {
  const file = path.join(directory, name)
  await writeFile(file, `#!/bin/sh\n${script}\n`)
  await chmod(file, 0o755)
  return file
}

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'spawn-tools-'))
})

afterAll(async () => {
  await rm(directory, { recursive: true, force: true })
})

it.runIf(process.platform === 'linux')(
  'a helper that does not answer in time is done without, and that is told; one that fails is not worth a word',
  async () => {
    const prlimit = await helper('prlimit', 'exec sleep 60')
    await helper('unshare', 'exit 1')
    const told: string[] = []
    const tools = await probeSpawnTools({
      directories: [directory],
      timeoutMs: 1_000,
      onTimeout: (message) => told.push(message),
    })
    expect([tools.prlimit, tools.unshare]).toEqual([undefined, undefined])
    expect(told).toContain(`${prlimit} did not answer within 1000 ms: executors start without.`)
    expect(told.join()).not.toContain('unshare')
  },
)
