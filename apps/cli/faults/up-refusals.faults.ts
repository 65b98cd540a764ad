import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { TestPlatform } from '../test/support/platform.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await TestPlatform.create()
})
afterEach(() => platform.end())
afterAll(() => platform.close())

describe('understudy up refuses with one sentence', () => {
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
