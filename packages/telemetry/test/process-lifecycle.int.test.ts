import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'

const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
const program = fileURLToPath(new URL('./support/ends-in-order.ts', import.meta.url))

let child: ChildProcess | undefined
afterEach(() => child?.kill('SIGKILL'))

async function started(mode = 'finish') {
  const running = spawn(process.execPath, ['--import', tsx, program, mode], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child = running
  let output = ''
  const ready = new Promise<void>((resolve) => {
    running.stdout.on('data', (chunk) => {
      output += String(chunk)
      if (output.includes('ready')) resolve()
    })
  })
  await ready
  return { running, output: () => output, ended: once(running, 'close') }
}

describe('onShutdown', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('runs the handler and exits with 0 on %s', async (signal) => {
    const { running, output, ended } = await started()
    running.kill(signal)
    expect(await ended).toEqual([0, null])
    expect(output()).toContain(`handler ${signal}`)
  })

  it('ends when the pipe of its parent closes', async () => {
    const { running, output, ended } = await started()
    running.stdin.destroy()
    expect(await ended).toEqual([0, null])
    expect(output()).toContain('handler parentGone')
  })

  it('runs the handler once, however often it is asked, and gives up at the deadline with 1', async () => {
    const { running, output, ended } = await started('hang')
    running.kill('SIGTERM')
    running.kill('SIGTERM')
    running.kill('SIGINT')
    expect(await ended).toEqual([1, null])
    expect(output().match(/handler/g)).toHaveLength(1)
  })

  it('exits with 1 when the handler fails', async () => {
    const { running, ended } = await started('fail')
    running.kill('SIGTERM')
    expect(await ended).toEqual([1, null])
  })
})
