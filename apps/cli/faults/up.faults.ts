import { stat } from 'node:fs/promises'
import path from 'node:path'
import { waitFor } from '@understudy/testing'
import { createTestDatabase } from '@understudy/testing/database'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { TestPlatform } from '../test/support/platform.ts'

/** One data folder for all: every test starts on what those before it left. */
let platform: TestPlatform
beforeAll(async () => {
  platform = await TestPlatform.create()
})
afterAll(() => platform.close())

async function consolePid(): Promise<number> {
  return await waitFor('an answer of the console', async () => {
    const response = await fetch(`http://127.0.0.1:${platform.consolePort}/api/health`)
    return Number(/"pid":(\d+)/.exec(await response.text())?.[1])
  })
}

describe('understudy up on the data of an earlier one', () => {
  afterEach(() => platform.end())

  it('leaves no process when it is killed, and starts again', async () => {
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
    const console = await consolePid()
    const all = await platform.processes()
    // Guards first: nobody is left to end what they guard.
    for (const pid of [run.child.pid ?? 0, ...all.filter((pid) => pid !== console)])
      process.kill(pid, 'SIGKILL')
    await run.exit
    const again = platform.up()
    await again.running()
    expect(await consolePid()).not.toBe(console)
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
})

describe('understudy up on an empty data folder', () => {
  it('stops cleanly when asked while it is still starting', async () => {
    const empty = await TestPlatform.create()
    const run = empty.up()
    await waitFor('the start', () => run.output.includes('starting PostgreSQL'))
    run.child.kill('SIGINT')
    expect(await run.exit).toBe(0)
    expect(await empty.processes()).toEqual([])
    await empty.close()
  })

  it('uses the database that it is given', async () => {
    const { connectionString } = await createTestDatabase()
    const empty = await TestPlatform.create()
    const run = empty.up({ env: { DATABASE_URL: connectionString } })
    await run.running()
    expect(run.output).not.toContain('starting PostgreSQL')
    await expect(stat(path.join(empty.dataDir, 'postgres'))).rejects.toThrow(/ENOENT/)
    await empty.close()
  })
})
