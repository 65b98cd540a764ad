import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { isPortFree } from '@understudy/db/embedded'
import { waitFor } from '@understudy/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestPlatform, type UpRun } from './support/platform.ts'

/** One data folder for all: the first test starts on nothing, every later one on what those before it left. */
let platform: TestPlatform
beforeAll(async () => {
  platform = await TestPlatform.create()
})
afterAll(() => platform.close())

async function pidOf(port: number): Promise<number> {
  return await waitFor(`an answer on port ${port}`, async () => {
    const response = await fetch(`http://127.0.0.1:${port}/api/health`)
    return Number(/"pid":(\d+)/.exec(await response.text())?.[1])
  })
}

async function databasePid(): Promise<number> {
  return Number(
    (await readFile(path.join(platform.dataDir, 'postgres/data/postmaster.pid'), 'utf8')).split('\n')[0],
  )
}

describe('understudy up on an empty data folder', () => {
  it('starts everything, ends with a request that works, and stops in order on SIGTERM with exit code 0', async () => {
    const run = platform.up({ env: { UNDERSTUDY_TEST_STUBBORN: '1' } })
    await run.running()
    const url = `http://127.0.0.1:${platform.restPort}/v1/models/iris:predict`
    expect(run.output).toContain(`curl -s ${url} -d '{"instances": [[5.1, 3.5, 1.4, 0.2]]}'`)
    expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(200)
    run.child.kill('SIGTERM')
    expect(await run.exit).toBe(0)
    expect(await platform.ended()).toEqual(['serving', 'controller'])
    expect(run.output.match(/(\S+) has stopped/g)).toEqual([
      'console has stopped',
      'node has stopped',
      'controller has stopped',
      'database has stopped',
    ])
    expect(await platform.processes()).toEqual([])
    expect(await isPortFree(platform.restPort)).toBe(true)
    expect(await isPortFree(platform.consolePort)).toBe(true)
  })
})

describe('understudy up that runs', () => {
  let run: UpRun
  beforeAll(async () => {
    const notify = { UNDERSTUDY_NOTIFY_SLACK_URL: 'https://hooks.example/secret' }
    run = platform.up({ env: { AWS_SECRET_ACCESS_KEY: 'secret', UNDERSTUDY_OS_USER: 'ada', ...notify } })
    await run.running()
  })
  afterAll(() => platform.end())

  it('gives its children exactly the environment of the contract, and no more rights to the database than they need', async () => {
    const log = await readFile(path.join(platform.dataDir, 'logs/controller.log'), 'utf8')
    const last = [...log.matchAll(/environment (.*)/g)].at(-1)?.[1]
    expect(JSON.parse(last ?? '{}')).toEqual({
      DATABASE_URL: expect.stringMatching(/^postgresql:\/\/app:[0-9a-f]+@127\.0\.0\.1:\d+\/understudy$/),
      HOME: expect.any(String),
      LOG_LEVEL: 'info',
      NODE_ENV: 'production',
      PATH: expect.any(String),
      UNDERSTUDY_CONSOLE_PORT: String(platform.consolePort),
      UNDERSTUDY_CONSOLE_URL: `http://127.0.0.1:${platform.consolePort}`,
      UNDERSTUDY_DATA_DIR: platform.dataDir,
      UNDERSTUDY_ENVIRONMENT: 'production',
      UNDERSTUDY_GRPC_PORT: String(platform.grpcPort),
      UNDERSTUDY_NOTIFY_SLACK_URL: 'https://hooks.example/secret',
      UNDERSTUDY_OS_USER: 'ada',
      UNDERSTUDY_PARENT_PIPE: '1',
      UNDERSTUDY_POLL_INTERVAL_MS: '15000',
      UNDERSTUDY_REPO_BRANCH: 'main',
      UNDERSTUDY_REPO_URL: path.join(platform.dataDir, 'models.git'),
      UNDERSTUDY_REST_PORT: String(platform.restPort),
      UNDERSTUDY_SERVING_URL: `http://127.0.0.1:${platform.restPort}`,
    })
  })

  it('gives nodes what they check keys and overrides with, and nothing of whom the controller tells', async () => {
    const log = await readFile(path.join(platform.dataDir, 'logs/serving-node.log'), 'utf8')
    const environment = JSON.parse([...log.matchAll(/environment (.*)/g)].at(-1)?.[1] ?? '{}')
    const hex = expect.stringMatching(/^[0-9a-f]{64}$/)
    expect(environment).toMatchObject({ UNDERSTUDY_KEY_CHECK_KEY: hex, UNDERSTUDY_OVERRIDE_KEY: hex })
    expect(environment.UNDERSTUDY_OVERRIDE_KEY).not.toBe(environment.UNDERSTUDY_KEY_CHECK_KEY)
    expect(JSON.stringify(environment)).not.toContain('NOTIFY')
  })

  it('refuses with one sentence a second start on its data folder', async () => {
    const second = platform.up()
    expect(await second.exit).toBe(1)
    expect(second.errors).toBe(
      `Understudy already runs on the data folder ${platform.dataDir} (process ${run.child.pid}). ` +
        'Stop the other one, or choose another data folder with UNDERSTUDY_DATA_DIR.\n',
    )
  })

  it('restarts the one that crashed and leaves the others alone', async () => {
    const consolePid = await pidOf(platform.consolePort)
    await fetch(`http://127.0.0.1:${platform.restPort}/crash`).catch(() => undefined)
    await waitFor('the serving node to be back', () => run.output.includes('serving node is ready again'))
    expect(run.output).toContain('serving node ended with code 7; it starts again in 0.5 s')
    expect(await pidOf(platform.consolePort)).toBe(consolePid)
  })

  it('brings the database back under the same address when it crashed', async () => {
    process.kill(await databasePid(), 'SIGKILL')
    await waitFor('the database to be back', () => run.output.includes('database is ready again'))
  })

  it('ends with the process that started it', async () => {
    run.child.stdin?.destroy()
    expect(await run.exit).toBe(0)
    expect(await platform.processes()).toEqual([])
  })
})
