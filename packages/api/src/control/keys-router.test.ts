import { describe, expect, it } from 'vitest'
import type { ControlKeys, ControlService } from './control-service.ts'
import { controlRouter } from './router.ts'

function callerOf() {
  const acts: unknown[] = []
  const keys: ControlKeys = {
    create: async (act) => {
      acts.push(act)
      throw new Error('made')
    },
    list: async () => [],
    revoke: async (act) => {
      acts.push(act)
      return { changed: true, sentence: 'done' }
    },
  }
  const service = { keys } as ControlService
  const caller = controlRouter.createCaller({ service, actor: 'local:ada', onFault: () => undefined })
  return { caller, acts }
}

const caught = (work: Promise<unknown>) =>
  work.then(
    () => 'nothing was thrown',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )

describe('API keys, through the router', () => {
  it('are for every model, to predict, and do not expire, where nothing else is said', async () => {
    const { caller, acts } = callerOf()
    await caught(caller.keys.create({ name: ' ci ' }))
    expect(acts).toEqual([
      { name: 'ci', models: null, verbs: ['predict'], expiresInMs: null, actor: 'local:ada' },
    ])
  })

  it('are made and revoked by the actor of the request, and each model is named once', async () => {
    const { caller, acts } = callerOf()
    const input = { name: 'ci', models: ['iris', 'iris'], expiresInMs: 5_000, actor: 'eve' }
    await caught(caller.keys.create(input))
    await caller.keys.revoke({ id: '0011223344556677' })
    expect(acts).toEqual([
      { name: 'ci', models: ['iris'], verbs: ['predict'], expiresInMs: 5_000, actor: 'local:ada' },
      { id: '0011223344556677', actor: 'local:ada' },
    ])
  })

  it.each([
    ['no name', { name: '  ' }, 'Give the key a name of 1 to 100 characters.'],
    ['a name with a line break', { name: 'a\nb' }, 'Give the key a name of 1 to 100 characters.'],
    ['a list of no models', { name: 'ci', models: [] }, 'models'],
    ['a model that cannot be', { name: 'ci', models: ['../x'] }, 'has a name that no model can have'],
    ['an end that is now', { name: 'ci', expiresInMs: 0 }, 'ten years at the most'],
    ['an end far away', { name: 'ci', expiresInMs: 1e15 }, 'ten years at the most'],
  ])('are refused with %s', async (_what, input, why) => {
    const { caller, acts } = callerOf()
    expect(await caught(caller.keys.create(input))).toContain(why)
    expect(acts).toEqual([])
  })

  it('are revoked by id only: a whole key that was pasted goes no further', async () => {
    const { caller, acts } = callerOf()
    const said = await caught(caller.keys.revoke({ id: 'us_0011223344556677_secret' }))
    expect(said).toContain('The id of a key has 16 digits')
    expect(said).not.toContain('secret')
    expect(acts).toEqual([])
  })
})
