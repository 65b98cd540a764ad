import { readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { isPortFree } from '@understudy/db/embedded'
import { waitFor } from '@understudy/testing'
import { createTestDatabase } from '@understudy/testing/database'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TestPlatform } from './support/platform.ts'

let platform: TestPlatform
beforeEach(async () => {
  platform = await TestPlatform.create()
})
afterEach(() => platform.close())

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

describe('understudy up', () => {
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

  it('gives its children exactly the environment of the contract, and no more rights to the database than they need', async () => {
    const run = platform.up({ env: { AWS_SECRET_ACCESS_KEY: 'secret', UNDERSTUDY_OS_USER: 'ada' } })
    await run.running()
    const log = await readFile(path.join(platform.dataDir, 'logs/controller.log'), 'utf8')
    const environment = JSON.parse(/environment (.*)/.exec(log)?.[1] ?? '{}')
    expect(environment).toEqual({
      DATABASE_URL: expect.stringMatching(/^postgresql:\/\/app:[0-9a-f]+@127\.0\.0\.1:\d+\/understudy$/),
      HOME: expect.any(String),
      LOG_LEVEL: 'info',
      NODE_ENV: 'production',
      PATH: expect.any(String),
      UNDERSTUDY_CONSOLE_PORT: String(platform.consolePort),
      UNDERSTUDY_DATA_DIR: platform.dataDir,
      UNDERSTUDY_ENVIRONMENT: 'production',
      UNDERSTUDY_OS_USER: 'ada',
      UNDERSTUDY_PARENT_PIPE: '1',
      UNDERSTUDY_POLL_INTERVAL_MS: '15000',
      UNDERSTUDY_REPO_BRANCH: 'main',
      UNDERSTUDY_REPO_URL: path.join(platform.dataDir, 'models.git'),
      UNDERSTUDY_REST_PORT: String(platform.restPort),
      UNDERSTUDY_SERVING_URL: `http://127.0.0.1:${platform.restPort}`,
    })
  })

  it('leaves no process when it is killed, and starts again on its data', async () => {
    const run = platform.up()
    await run.running()
    run.child.kill('SIGKILL')
    await waitFor('every process to end', async () => (await platform.processes()).length === 0)
    const again = platform.up()
    await again.running()
    expect(again.output).toContain('the database is up to date')
    // And at once, while what the killed one left is still ending.
    again.child.kill('SIGKILL')
    await platform.up().running()
  })

  it('starts again although every process of it was killed at once', async () => {
    const run = platform.up()
    await run.running()
    const consolePid = await pidOf(platform.consolePort)
    const all = await platform.processes()
    // Guards first: nobody is left to end what they guard.
    for (const pid of [run.child.pid ?? 0, ...all.filter((pid) => pid !== consolePid)])
      process.kill(pid, 'SIGKILL')
    await run.exit
    const again = platform.up()
    await again.running()
    expect(await pidOf(platform.consolePort)).not.toBe(consolePid)
  })

  it('ends with the process that started it', async () => {
    const run = platform.up()
    await run.running()
    run.child.stdin?.destroy()
    expect(await run.exit).toBe(0)
    expect(await platform.processes()).toEqual([])
  })

  it('restarts the one that crashed and leaves the others alone', async () => {
    const run = platform.up()
    await run.running()
    const consolePid = await pidOf(platform.consolePort)
    await fetch(`http://127.0.0.1:${platform.restPort}/crash`).catch(() => undefined)
    await waitFor('the serving node to be back', () => run.output.includes('serving node is ready again'))
    expect(run.output).toContain('serving node ended with code 7; it starts again in 0.5 s')
    expect(await pidOf(platform.consolePort)).toBe(consolePid)
  })

  it('brings the database back under the same address when it crashed', async () => {
    const run = platform.up()
    await run.running()
    process.kill(await databasePid(), 'SIGKILL')
    await waitFor('the database to be back', () => run.output.includes('database is ready again'))
  })

  it('stops cleanly when asked while it is still starting', async () => {
    const run = platform.up()
    await waitFor('the start', () => run.output.includes('starting PostgreSQL'))
    run.child.kill('SIGINT')
    expect(await run.exit).toBe(0)
    expect(await platform.processes()).toEqual([])
  })

  it('gives up with one sentence when a part never works, and leaves nothing running', async () => {
    const run = platform.up({ env: { UNDERSTUDY_TEST_BROKEN: '1' } })
    expect(await run.exit).toBe(1)
    expect(run.errors).toBe(
      `The controller ended with code 3, 5 times in a row; its log is ${platform.dataDir}/logs/controller.log. ` +
        'Read the log that the message names.\n',
    )
    expect(await platform.processes()).toEqual([])
  })

  it('uses the database that it is given', async () => {
    const { connectionString } = await createTestDatabase()
    const run = platform.up({ env: { DATABASE_URL: connectionString } })
    await run.running()
    expect(run.output).not.toContain('starting PostgreSQL')
    await expect(stat(path.join(platform.dataDir, 'postgres'))).rejects.toThrow(/ENOENT/)
  })
})

describe('understudy up refuses with one sentence', () => {
  it('a second start on one data folder', async () => {
    const run = platform.up()
    await run.running()
    const second = platform.up()
    expect(await second.exit).toBe(1)
    expect(second.errors).toBe(
      `Understudy already runs on the data folder ${platform.dataDir} (process ${run.child.pid}). ` +
        'Stop the other one, or choose another data folder with UNDERSTUDY_DATA_DIR.\n',
    )
  })

  it('a taken port', async () => {
    const stranger = createServer().listen(platform.restPort, '127.0.0.1')
    const run = platform.up()
    expect(await run.exit).toBe(1)
    expect(run.errors).toBe(
      `Port ${platform.restPort} for predictions over REST is taken by another process; UNDERSTUDY_REST_PORT chooses another. ` +
        'Stop the process that holds the port, or choose another port.\n',
    )
    stranger.close()
  })

  it('an unreachable database, without showing its password', async () => {
    const run = platform.up({ env: { DATABASE_URL: 'postgresql://ada:secret@127.0.0.1:1/models' } })
    expect(await run.exit).toBe(1)
    expect(run.errors).toContain('The database of DATABASE_URL, 127.0.0.1:1/models, cannot be used: ')
    expect(run.errors).not.toContain('secret')
    expect(run.errors).not.toContain('    at ')
  })

  it('a data folder that cannot be one', async () => {
    const file = path.join(path.dirname(platform.dataDir), 'file')
    await writeFile(file, '')
    const run = platform.up({ env: { UNDERSTUDY_DATA_DIR: path.join(file, 'data') } })
    expect(await run.exit).toBe(1)
    expect(run.errors).toMatch(
      /^The data folder .*\/file\/data cannot be written: E.*UNDERSTUDY_DATA_DIR\.\n$/,
    )
  })

  it('a machine without git', async () => {
    const run = platform.up({ env: { PATH: '/nowhere' } })
    expect(await run.exit).toBe(1)
    expect(run.errors).toBe(
      'The program `git` cannot be run: it is not in the PATH. Install git and start again.\n',
    )
  })

  it('a platform that is not built', async () => {
    const run = platform.up({ controller: 'missing.mjs' })
    expect(await run.exit).toBe(1)
    expect(run.errors).toMatch(
      /^The platform is not built yet: .*missing\.mjs is missing\. Run `npm start`.*\n$/,
    )
  })

  it('a port that is none', async () => {
    const run = platform.up({ env: { UNDERSTUDY_REST_PORT: 'http' } })
    expect(await run.exit).toBe(1)
    expect(run.errors).toContain('UNDERSTUDY_REST_PORT is a whole number from 1 to 65535, not "http".')
  })
})
