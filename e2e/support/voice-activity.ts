import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { InferenceSession, Tensor } from './onnx-package.ts'
import { Random } from './random.ts'

// Silero's models look at 32 ms of sound at a time and hand their memory back to the caller as a tensor.
export const SAMPLE_RATE = 16_000
const WINDOW_SAMPLES = 512
const STATE_SHAPE = [2, 1, 128] as const
const HALF = 128

/** What a model says about one window: how likely it is speech, and the state for the next window. */
export interface Heard {
  readonly output: readonly number[]
  readonly stateN: readonly number[]
}

/** Bytes of a Silero model as its npm package ships them. */
export async function voiceActivityModel(version: 'v5' | 'v6'): Promise<Uint8Array> {
  const entry = createRequire(import.meta.url).resolve('@ricky0123/vad-web')
  return await readFile(path.join(path.dirname(entry), `silero_vad_${version}.onnx`))
}

/** Windows of sound: a tone that comes and goes, and noise. */
export function windows(count: number): readonly Float32Array[] {
  const random = new Random(1)
  return Array.from({ length: count }, (_, window) =>
    Float32Array.from({ length: WINDOW_SAMPLES }, (__, sample) => {
      const at = (window * WINDOW_SAMPLES + sample) / SAMPLE_RATE
      const tone = Math.sin(2 * Math.PI * 180 * at) * Math.max(0, Math.sin(2 * Math.PI * 0.9 * at))
      return 0.4 * tone + 0.05 * (random.next() - 0.5)
    }),
  )
}

export function silence(): readonly number[] {
  return new Array<number>(2 * HALF).fill(0)
}

/** The body of a prediction, by columns: the state has its batch axis in the middle, so there are no rows. */
export function voiceBody(window: Float32Array, state: readonly number[]): string {
  return JSON.stringify({
    inputs: { input: [[...window]], state: [[state.slice(0, HALF)], [state.slice(HALF)]], sr: SAMPLE_RATE },
  })
}

/** The answer of the node to {@link voiceBody}. */
export function heardIn(body: unknown): Heard {
  const { outputs } = body as { outputs: { output: number[][]; stateN: number[][][] } }
  return { output: outputs.output.flat(), stateN: outputs.stateN.flat(2) }
}

/** The same model in the process of the test. */
export class LocalVoice {
  readonly #session: InferenceSession

  private constructor(session: InferenceSession) {
    this.#session = session
  }

  static async load(bytes: Uint8Array): Promise<LocalVoice> {
    return new LocalVoice(await InferenceSession.create(bytes, { intraOpNumThreads: 1 }))
  }

  async hear(window: Float32Array, state: readonly number[]): Promise<Heard> {
    const { output, stateN } = await this.#session.run({
      input: new Tensor('float32', window, [1, WINDOW_SAMPLES]),
      state: new Tensor('float32', Float32Array.from(state), STATE_SHAPE),
      sr: new Tensor('int64', BigInt64Array.of(BigInt(SAMPLE_RATE)), []),
    })
    return { output: floats(output), stateN: floats(stateN) }
  }

  async release(): Promise<void> {
    await this.#session.release()
  }
}

function floats(tensor: Tensor | undefined): readonly number[] {
  if (!(tensor?.data instanceof Float32Array)) throw new Error('the model has no such float32 output')
  return [...tensor.data]
}
