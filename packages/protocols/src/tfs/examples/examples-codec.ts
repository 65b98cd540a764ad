import type { NamedTensors, Signature, SignatureMapping } from '@understudy/core'
import { mappingFor, type SignatureMappings } from '../signature-defs.ts'
import { classificationsOf } from './classifications-of.ts'
import { decodeExamplesBody } from './decode-examples-body.ts'
import { encodeClassifications, encodeRegressions } from './encode-results.ts'
import { examplesToInputs } from './examples-to-inputs.ts'
import { regressionsOf } from './regressions-of.ts'

/** What a body of examples is decoded for; fits the data plane's `VersionDescription`. */
export interface ExamplesTarget {
  readonly method: SignatureMapping['method']
  readonly signature: Signature
  readonly signatures: SignatureMappings
}

export interface ExamplesRequest {
  readonly mapping: SignatureMapping
  readonly inputs: NamedTensors
}

/**
 * Decodes the body of `:classify` or `:regress` into the inputs of the model and the mapping that its answer is made with.
 *
 * @throws PlatformError `request.malformed` with TensorFlow Serving's texts, `request.too_large`
 */
export function decodeExamplesRequest(bytes: Uint8Array, target: ExamplesTarget): ExamplesRequest {
  const { method, signature, signatures } = target
  const body = decodeExamplesBody(bytes)
  const mapping = mappingFor(method, body.signatureName, signatures)
  return { mapping, inputs: examplesToInputs(body, mapping, signature) }
}

/** Outputs that an answer is made of. */
export function mappedOutputNames(mapping: SignatureMapping): readonly string[] {
  if (mapping.method === 'regress') return [mapping.value]
  return [mapping.classes, mapping.scores].filter((name) => name !== undefined)
}

/**
 * Writes the answer of `:classify` or `:regress`.
 *
 * @throws PlatformError `request.malformed` when the outputs are not what the mapping says
 */
export function encodeExamplesResponse(
  outputs: NamedTensors,
  mapping: SignatureMapping,
  classLabels: Readonly<Record<string, readonly string[]>>,
): string {
  if (mapping.method === 'regress') return encodeRegressions(regressionsOf(outputs, mapping))
  return encodeClassifications(classificationsOf(outputs, mapping, classLabels))
}
