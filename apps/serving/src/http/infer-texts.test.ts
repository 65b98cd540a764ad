import type { NamedTensors, Tensor } from '@understudy/core'
import { type AnswerForm, encodeInferResponse, type InferAnswer } from '@understudy/protocols'
import { describe, expect, it } from 'vitest'
import { InferTexts } from './infer-texts.ts'
import { joinInfer } from './join-infer.ts'

const BINARY: AnswerForm = { id: '', outputs: undefined, isBinary: true }
const SIGNATURE = { inputs: [], outputs: [{ name: 'y', dtype: 'float32' as const, shape: ['N', 2] }] }

function floats(...values: readonly number[]): Tensor {
  return { dtype: 'float32', shape: [values.length / 2, 2], data: Float32Array.from(values) }
}

function answerOf(outputs: NamedTensors, rest: Partial<InferAnswer> = {}): InferAnswer {
  return { model: 'm', version: 1, outputs, form: BINARY, signature: SIGNATURE, classLabels: {}, ...rest }
}

const y = (tensor: Tensor): NamedTensors => new Map([['y', tensor]])
const texts = (...strings: readonly string[]): Tensor => ({
  ...{ dtype: 'string', shape: [strings.length], data: strings },
})
const asked = (classCount: number, isBinary: boolean | undefined = undefined): AnswerForm => ({
  ...{ id: '', isBinary: true, outputs: [{ name: 'y', isBinary, classCount }] },
})

/** Each differs from its neighbours in one thing. */
const ANSWERS: Readonly<Record<string, InferAnswer>> = {
  'one row': answerOf(y(floats(1, 2))),
  'other numbers': answerOf(y(floats(-3, 0.5))),
  'two rows': answerOf(y(floats(1, 2, 3, 4))),
  'another shape of as many': answerOf(y({ ...floats(1, 2, 3, 4), shape: [1, 4] })),
  'one axis less': answerOf(y({ ...floats(1, 2, 3, 4), shape: [4] })),
  'another type of as many bytes': answerOf(
    y({ dtype: 'int32', shape: [4], data: Int32Array.of(1, 2, 3, 4) }),
  ),
  'another name': answerOf(new Map([['z', floats(1, 2)]])),
  'one output more': answerOf(new Map([...y(floats(1, 2)), ['z', floats(3, 4)]])),
  'another version': answerOf(y(floats(1, 2)), { version: 2 }),
  'another model': answerOf(y(floats(1, 2)), { version: 2, model: 'ä' }),
  'an id': answerOf(y(floats(1, 2)), { form: { ...BINARY, id: '7' } }),
  'another id': answerOf(y(floats(1, 2)), { form: { ...BINARY, id: '8' } }),
  'as JSON': answerOf(y(floats(1, 2)), { form: asked(0, false) }),
  'other numbers as JSON': answerOf(y(floats(3, 4)), { form: asked(0, false) }),
  'asked for by name': answerOf(y(floats(1, 2)), { form: asked(0) }),
  classes: answerOf(y(floats(1, 2)), { form: asked(1) }),
  'other classes': answerOf(y(floats(2, 1)), { form: asked(1) }),
  'a text': answerOf(y(texts('a'))),
  'a longer text': answerOf(y(texts('longer'))),
  'very many': answerOf(y({ dtype: 'float32', shape: [5_000, 2], data: new Float32Array(10_000) })),
  none: answerOf(y({ dtype: 'float32', shape: [0, 2], data: new Float32Array(0) })),
}

const bytesOf = ({ body }: { readonly body: string | Uint8Array }, isBinary: boolean) =>
  Buffer.from(typeof body === 'string' ? Buffer.from(body, isBinary ? 'latin1' : 'utf8') : body)

describe('InferTexts', () => {
  it.each(Object.keys(ANSWERS))('writes %s after any other answer as if it were the first', (name) => {
    const answer = ANSWERS[name]
    if (answer === undefined) throw new Error('no such answer')
    const { body, headerLength } = joinInfer(encodeInferResponse(answer))
    const whole = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body)
    for (const before of Object.values(ANSWERS)) {
      const kept = new InferTexts()
      kept.of(before)
      for (const again of [kept.of(answer), kept.of(answer)]) {
        expect(again.headerLength).toBe(headerLength)
        expect(bytesOf(again, headerLength !== undefined).equals(whole)).toBe(true)
      }
    }
  })

  it('writes the JSON in front of binary outputs once', () => {
    const kept = new InferTexts()
    const first = answerOf(y(floats(1, 2)))
    kept.of(first)
    const second = answerOf(y(floats(3, 4)), { classLabels: {} })
    // What is only needed to write it is not looked at again.
    Object.defineProperty(second, 'signature', { get: () => expect.unreachable() })
    expect(kept.of(second).headerLength).toBe(kept.of(first).headerLength)
  })
})
