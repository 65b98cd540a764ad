import { describe, expect, it } from 'vitest'
import { failureError } from './call-errors.ts'

describe('failureError', () => {
  const PATH = '/srv/data/quarantine/x/model.onnx'

  it('leaves paths of the node out of what the author of the model reads', () => {
    const error = failureError('load', `Load model from ${PATH} failed:bad protobuf`, PATH)
    expect(error).toMatchObject({
      code: 'onnx.load_failed',
      message: 'Load model from model.onnx failed:bad protobuf',
    })
  })

  it('blames the platform, not the model, for a file that the executor may not read', () => {
    const error = failureError('load', `Load model from ${PATH} failed:system error number 13`, PATH)
    expect(error).toMatchObject({ code: 'onnx.executor_unavailable', fault: 'platform', retry: 'backoff' })
    expect(error.message).toContain('model.onnx')
  })

  it('is not fooled by a model that says so itself', () => {
    const claims = `Load model from ${PATH} failed:No Op registered for x failed:system error number 13`
    expect(failureError('load', claims, PATH).fault).toBe('modelAuthor')
    expect(failureError('run', `Load model from ${PATH} failed:system error number 13`, PATH).code).toBe(
      'onnx.run_failed',
    )
  })
})
