import { describe, expect, it, vi } from 'vitest'
import { isPlatformError, PlatformError, toPlatformError } from './platform-error.ts'

/** The class as another bundle of the same process has it. */
async function otherClass(): Promise<typeof PlatformError> {
  vi.resetModules()
  const other = await import('./platform-error.ts')
  return other.PlatformError
}

describe('PlatformError', () => {
  it('carries code, text, facts and cause, and has what the registry says of its code', () => {
    const cause = new Error('inner')
    const error = new PlatformError('serving.queue_full', 'Full.', { details: { depth: 3 }, cause })
    expect(error).toMatchObject({
      name: 'PlatformError',
      message: 'Full.',
      category: 'RESOURCE_EXHAUSTED',
      fault: 'caller',
      retry: { afterMs: 1_000 },
      details: { depth: 3 },
      cause,
    })
    expect(error).toBeInstanceOf(Error)
    expect(error.stack).toContain('platform-error.test')
  })

  it('has an id of its own, and no cause where none was given', () => {
    const [a, b] = [new PlatformError('control.not_found', 'a'), new PlatformError('control.not_found', 'a')]
    expect(a.id).not.toBe(b.id)
    expect('cause' in a).toBe(false)
    expect(a.details).toEqual({})
  })

  it.each(['platform.unexpected', 'gitops.digest_mismatch'] as const)(
    'tells a stranger of %s nothing but the id',
    (code) => {
      const error = new PlatformError(code, 'password=secret in /srv/data')
      expect(error.publicMessage).toContain(error.id)
      expect(error.publicMessage).not.toMatch(/secret|srv/)
    },
  )

  it('tells everybody what they can do something about', () => {
    expect(new PlatformError('onnx.input_missing', '"x" is missing.').publicMessage).toBe('"x" is missing.')
  })
})

describe('isPlatformError', () => {
  it('knows an error of another bundle, whose class is another one', async () => {
    const Other = await otherClass()
    const error = new Other('control.not_found', 'x')
    expect(error).not.toBeInstanceOf(PlatformError)
    expect(isPlatformError(error)).toBe(true)
    expect(toPlatformError(error)).toBe(error)
  })

  it('takes neither other errors, nor look-alikes, nor what is no object', () => {
    const error = new PlatformError('control.not_found', 'x')
    const lookAlikes = [
      new Error('x'),
      { ...error }.code,
      JSON.parse(JSON.stringify(error)),
      structuredClone(error),
    ]
    for (const value of [...lookAlikes, null, undefined, 'x', 3, () => error]) {
      expect(isPlatformError(value)).toBe(false)
    }
  })
})

describe('toPlatformError', () => {
  it.each([
    [new Error('what'), 'what'],
    ['text', 'text'],
    [undefined, 'undefined'],
    [{ toString: (): string => 'object' }, 'object'],
  ])('wraps %s as unexpected, with the original as cause', (value, message) => {
    const error = toPlatformError(value)
    expect(error).toMatchObject({ code: 'platform.unexpected', message, retry: 'backoff' })
    expect(error.cause).toBe(value)
  })

  it('wraps also what cannot be turned into text', () => {
    const nothing = Object.create(null) as unknown
    expect(toPlatformError(nothing)).toMatchObject({ code: 'platform.unexpected', cause: nothing })
    expect(toPlatformError(Symbol('s'))).toMatchObject({ code: 'platform.unexpected' })
  })
})
