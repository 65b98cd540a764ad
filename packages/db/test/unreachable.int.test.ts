import { createTestDatabase } from '@understudy/testing/database'
import { describe, expect, it } from 'vitest'
import { openDatabase } from '../src/database.ts'
import { freePort } from '../src/embedded/index.ts'

describe('a database that is away', () => {
  it('is an error of its own, which says that serving goes on', async () => {
    const port = await freePort()
    const database = openDatabase({
      databaseUrl: `postgresql://nobody@127.0.0.1:${port}/nothing`,
      applicationName: 'test',
    })
    const read = database.snapshot((tx) => tx.model.count())
    await expect(read).rejects.toMatchObject({
      code: 'control.database_unavailable',
      category: 'UNAVAILABLE',
    })
    await database.close()
  })

  it('is not what a failing statement is taken for', async () => {
    const { connectionString } = await createTestDatabase()
    const database = openDatabase({ databaseUrl: connectionString, applicationName: 'test' })
    const write = database.transaction((tx) => tx.$executeRaw`SELECT no_such_function()`)
    await expect(write).rejects.not.toMatchObject({ code: 'control.database_unavailable' })
    await database.close()
  })
})
