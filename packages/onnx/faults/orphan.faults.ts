import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { endlessModel, linearModel, slowLoadModel, waitFor } from '@understudy/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type BuiltExecutor, buildExecutor } from '../test/support/executor-entry.ts'
import { ModelFolder } from '../test/support/model-folder.ts'
import { isRunning, processorTicks } from '../test/support/processes.ts'

const PARENT = fileURLToPath(new URL('../test/support/doomed-parent.ts', import.meta.url))

let built: BuiltExecutor
let folder: ModelFolder
let parent: ChildProcess | undefined

beforeAll(async () => {
  ;[built, folder] = await Promise.all([buildExecutor(), ModelFolder.create()])
})
afterAll(async () => {
  parent?.kill('SIGKILL')
  await Promise.all([built?.remove(), folder?.remove()])
})

it.each<['run' | 'load', () => Uint8Array]>([
  ['run', endlessModel],
  ['load', slowLoadModel],
])(
  'an executor of several models, blocked in an endless %s, ends within a second of the kill -9 of its parent',
  async (work, model) => {
    const small = await folder.write('small.onnx', linearModel())
    const endless = await folder.write(`endless-${work}.onnx`, model())
    parent = spawn(process.execPath, ['--import', 'tsx', PARENT, built.entry, small, endless, work], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    if (!parent.stdout) throw new Error('no output')
    const [line] = await once(parent.stdout, 'data')
    const { executor: pid } = JSON.parse(String(line))
    const before = await processorTicks(pid)
    await waitFor('the executor to be busy', async () => (await processorTicks(pid)) > before + 10)
    parent.kill('SIGKILL')
    await once(parent, 'exit')
    const killedAt = performance.now()
    await waitFor('the executor to be gone', async () => !(await isRunning(pid)))
    expect(performance.now() - killedAt).toBeLessThan(1_000)
  },
)
