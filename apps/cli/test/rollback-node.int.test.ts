import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ModelPlan, type PlannedVersion, SERVED_BY_HEADERS } from '@understudy/core'
import { linearModel, NodeRig, type RigNode, waitFor } from '@understudy/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createCommand } from '../src/commands/rollback.ts'
import { overrideKey } from '../src/up/installation-secret.ts'

const PROJECT = fileURLToPath(new URL('../../../', import.meta.url))
const REASON = 'it flips classes'
const versions: PlannedVersion[] = []
let rig: NodeRig
let node: RigNode
let key: string

beforeAll(async () => {
  // What a user builds.
  for (const cwd of ['packages/onnx', 'apps/serving']) {
    execFileSync('npm', ['run', '--silent', 'build'], { cwd: path.join(PROJECT, cwd) })
  }
  rig = await NodeRig.create(PROJECT)
  key = await overrideKey(rig.dataDir, undefined)
  for (const number of [1, 2, 3]) {
    versions.push(
      await rig.version({
        ...{ number, files: linearModel({ inputs: 1, outputs: 1, weights: [number] }) },
        signature: {
          inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 1] }],
          outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 1] }],
        },
      }),
    )
  }
})
afterAll(() => rig?.close())
beforeEach(() => {
  vi.stubEnv('UNDERSTUDY_DATA_DIR', rig.dataDir)
  vi.stubEnv('UNDERSTUDY_OS_USER', 'ada')
})
afterEach(() => vi.unstubAllEnvs())

/** v2 live and v1 before it, at this generation. */
function plan(
  generation: number,
  labels: Readonly<Record<string, number>> = { live: 2, previous: 1 },
): ModelPlan {
  return {
    ...{ model: 'line', generation, versions, labels, mirror: null, capture: null },
    keepAnswersShare: 0,
  }
}

async function start(name: string, models: readonly ModelPlan[]): Promise<void> {
  node = await rig.start({ name, models, env: { UNDERSTUDY_OVERRIDE_KEY: key } })
  await node.untilGeneration('line', models[0]?.generation ?? 0)
  for (const { number } of versions) await node.untilAvailable('line', number)
}

async function rollback(...args: readonly string[]): Promise<string> {
  let written = ''
  const command = createCommand({
    root: rig.dataDir,
    write: (text) => {
      written += text
    },
  })
  command.exitOverride().configureOutput({ writeErr: () => undefined })
  await command.parseAsync(['line', '--node', node.url, '--reason', REASON, ...args], { from: 'user' })
  return written
}

async function answer() {
  const body = JSON.stringify({ instances: [[1]] })
  const response = await fetch(`${node.url}/v1/models/line:predict`, { method: 'POST', body })
  const { predictions } = (await response.json()) as { readonly predictions?: readonly number[][] }
  return { value: predictions?.[0]?.[0], override: response.headers.get(SERVED_BY_HEADERS.override) }
}

describe('understudy rollback --node', () => {
  it('lets the previous version answer at once on that node, says so in answers, and twice is once', async () => {
    await start('alone', [plan(5)])
    expect(await answer()).toEqual({ value: 2, override: null })
    const said = await rollback()
    expect(said).toContain(`line is back on v1 on ${node.url}, instead of v2 at generation 5.`)
    const { value, override } = await answer()
    expect([value, override]).toEqual([1, expect.stringMatching(/^[0-9a-f-]{36}$/)])
    expect(await rollback()).toContain(
      `v1 already answers instead of v2 on ${node.url}, by local:ada: ${REASON}.`,
    )
    expect((await answer()).override).toBe(override)
  })

  it('stands over a crash of the node, and over changes of the plan that leave live where it was', async () => {
    const { override } = await answer()
    node.signal('SIGKILL')
    await node.exit
    await start('alone', [plan(5)])
    expect(await answer()).toEqual({ value: 1, override })
    await node.setPlan([plan(5), { ...plan(1), model: 'other' }])
    await node.untilGeneration('other', 1)
    expect(await answer()).toEqual({ value: 1, override })
  })

  it('ends when the plan moves on: the plan wins, also when it is the same version again', async () => {
    await node.setPlan([plan(6)])
    await node.untilGeneration('line', 6)
    expect(await answer()).toEqual({ value: 2, override: null })
    await node.setPlan([plan(7, { live: 3, previous: 2 })])
    await node.untilGeneration('line', 7)
    expect(await answer()).toEqual({ value: 3, override: null })
  })

  it('changes nothing when the version named is not live there, or there is no way back', async () => {
    expect(await rollback('--from', '2')).toContain('line v2 is not live on')
    await node.setPlan([plan(8, { live: 3 })])
    await node.untilGeneration('line', 8)
    await expect(rollback()).rejects.toThrow('has no previous version of line loaded: v3 stays')
    expect(await answer()).toEqual({ value: 3, override: null })
  })

  it('is refused without the secret of the installation, and where no node answers', async () => {
    await node.setPlan([plan(9)])
    await node.untilGeneration('line', 9)
    vi.stubEnv('UNDERSTUDY_SECRET_KEY', 'another secret of thirty-two characters')
    await expect(rollback()).rejects.toThrow('The proof is not signed with the key of this node')
    vi.stubEnv('UNDERSTUDY_SECRET_KEY', '')
    await expect(rollback('--node', 'http://127.0.0.1:1')).rejects.toThrow('The node does not answer at')
    await expect(rollback('--node', 'file:///x')).rejects.toThrow('A node is the URL that it answers at')
    await expect(rollback('--reason', 'x')).rejects.toThrow('Give a reason of 3 to 500 characters.')
    expect(await answer()).toEqual({ value: 2, override: null })
  })

  it('a node whose overrides cannot be read starts as the plan says, and tells of it', async () => {
    expect(await rollback()).toContain('is back on v1')
    await node.stop()
    const file = path.join(rig.dataDir, 'nodes', 'alone', 'overrides.json')
    await writeFile(file, (await readFile(file, 'utf8')).slice(0, -2))
    await start('alone', [plan(9)])
    expect(await answer()).toEqual({ value: 2, override: null })
    await waitFor('the log', () => node.output.includes('overrides of this node cannot be read'))
    expect(node.output).not.toContain(key)
  })

  it('takes no override where it was given no key', async () => {
    node = await rig.start({ name: 'keyless', models: [plan(1)] })
    await node.untilGeneration('line', 1)
    await expect(rollback()).rejects.toThrow('This node takes no overrides')
  })
})
