import { PlatformError } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import type { ControlService } from './control-service.ts'
import { controlRouter } from './router.ts'

/** A service of which only one method is there. */
function callerOf(methods: Partial<ControlService>) {
  const faults: unknown[] = []
  const service = new Proxy(methods, {
    get: (target, name) =>
      Reflect.get(target, name) ??
      (() => {
        throw new Error(`${String(name)} was called`)
      }),
  }) as ControlService
  const caller = controlRouter.createCaller({
    service,
    actor: 'local:ada',
    onFault: (error) => faults.push(error),
  })
  return { caller, faults }
}

const caught = (work: Promise<unknown>) =>
  work.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  )

describe('an act', () => {
  it('is done by the actor of the request, whatever the input says', async () => {
    const acts: unknown[] = []
    const { caller } = callerOf({
      rollback: async (act) => {
        acts.push(act)
        return { changed: true, sentence: 'done' }
      },
    })
    const input = { model: 'iris', reason: '  wrong answers  ', actor: 'eve' }
    await caller.rollback(input)
    expect(acts).toEqual([{ model: 'iris', reason: 'wrong answers', actor: 'local:ada' }])
  })
})

describe('refused input', () => {
  const { caller, faults } = callerOf({})

  it.each<[string, () => Promise<unknown>, string]>([
    [
      'no reason',
      () => caller.rollback({ model: 'iris', reason: '  ' }),
      'Give a reason of 3 to 500 characters.',
    ],
    [
      'a reason without end',
      () => caller.reject({ model: 'iris', version: 2, reason: 'x'.repeat(501) }),
      'Give a reason of 3 to 500 characters.',
    ],
    [
      'a digest that is none',
      () => caller.lift({ model: 'iris', digest: 'XYZ', reason: 'why not' }),
      'Give at least 4 characters of the digest.',
    ],
    [
      'a version that is no number',
      () => caller.approve({ model: 'iris', version: 1.5 }),
      'version: Invalid input: expected int, received number.',
    ],
    [
      'a model without a name',
      () => caller.model({ name: '' }),
      'name: Too small: expected string to have >=1 characters.',
    ],
    ['too long a page', () => caller.audit({ limit: 1_000 }), 'limit: Too big: expected number to be <=200.'],
  ])('of %s is a sentence, not JSON, and reaches no service', async (_, act, message) => {
    const error = await caught(act())
    expect(error).toMatchObject({ code: 'BAD_REQUEST', message, cause: { code: 'control.invalid_input' } })
    expect(faults).toEqual([])
  })
})

describe('a failure', () => {
  it.each([
    ['rollout.no_verdict', 'PRECONDITION_FAILED'],
    ['control.not_found', 'NOT_FOUND'],
    ['control.database_unavailable', 'SERVICE_UNAVAILABLE'],
  ] as const)('%s is shown as %s with its own words', async (code, trpcCode) => {
    const { caller, faults } = callerOf({
      why: async () => {
        throw new PlatformError(code, 'These words.')
      },
    })
    const error = await caught(caller.why({ model: 'iris' }))
    expect(error).toMatchObject({ code: trpcCode, message: 'These words.' })
    expect(faults).toEqual([])
  })

  it('of the platform shows an id only, and is reported once with that id', async () => {
    const { caller, faults } = callerOf({
      why: async () => {
        throw new TypeError('password=secret')
      },
    })
    const error = await caught(caller.why({ model: 'iris' }))
    expect(error).toMatchObject({ code: 'INTERNAL_SERVER_ERROR' })
    expect(String(error)).not.toContain('secret')
    expect(faults).toMatchObject([{ code: 'platform.unexpected', message: 'password=secret' }])
    expect(String(error)).toContain((faults[0] as PlatformError).id)
  })
})
