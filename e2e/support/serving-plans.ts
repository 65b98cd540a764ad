import type { MeasuredCost, ModelPlan, PlannedVersion, Signature } from '@understudy/core'
import { type NodeRig, waitFor } from '@understudy/testing'
import { predict } from './prediction.ts'

/** What quarantine measures of a model of a few weights. */
export const SMALL: MeasuredCost = { loadMs: 2, memoryBytes: 110 * 2 ** 20 }

/** The plan of one model as the control plane would write it; the last version is live when none is named. */
export function planOf(
  model: string,
  generation: number,
  versions: readonly PlannedVersion[],
  live = versions.at(-1)?.number ?? 0,
): ModelPlan {
  const previous = versions.find(({ number }) => number !== live)?.number
  const labels = { live, ...(previous === undefined ? {} : { previous }) }
  return { model, generation, versions, labels, mirror: null, capture: null, keepAnswersShare: 0 }
}

/** One float32 input `x [N, inputs]` and one float32 output `y [N, outputs]`, or of the shape that is given. */
export function signatureOf(inputs: number, outputs: number | readonly string[]): Signature {
  const shape = typeof outputs === 'number' ? ['N', outputs] : outputs
  return {
    inputs: [{ name: 'x', dtype: 'float32', shape: ['N', inputs] }],
    outputs: [{ name: 'y', dtype: 'float32', shape }],
  }
}

/** Version of a small model that takes 4 numbers and gives 3. */
export function smallVersion(rig: NodeRig, number: number, bytes: Uint8Array): Promise<PlannedVersion> {
  return rig.version({
    ...{ number, files: bytes, signature: signatureOf(4, 3), measured: SMALL },
    // A machine that runs other tests beside may be slow; what is lost is lost after that time, too.
    runtime: { timeoutMs: 10_000 },
  })
}

interface StatusDocument {
  readonly model_version_status: readonly {
    readonly version: string
    readonly state: string
    readonly status: { readonly error_code: string; readonly error_message: string }
  }[]
}

/** Waits until a version cannot be loaded and gives the reason that the node tells. */
export async function reasonOf(url: string, model: string, number: number): Promise<string> {
  return await waitFor(`${model} v${number} to be refused with a reason`, async () => {
    const answer = await fetch(`${url}/v1/models/${model}`)
    if (!answer.ok) return undefined
    const { model_version_status: versions } = (await answer.json()) as StatusDocument
    const message = versions.find(({ version }) => version === String(number))?.status.error_message
    return message === '' ? undefined : message
  })
}

/** One prediction that may take long. */
export function predictPatiently(url: string, model: string, body: unknown): ReturnType<typeof predict> {
  return predict(url, model, body, { timeoutMs: 60_000 })
}
