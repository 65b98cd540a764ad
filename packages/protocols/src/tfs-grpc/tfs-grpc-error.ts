import type { PlatformError, Signature, VersionSelector } from '@understudy/core'
import { shownName } from './shown-name.ts'

const NAMES_MAX = 50

/** Which model and version a call was about, for messages. */
export interface TfsSubject {
  readonly model: string
  readonly selector: VersionSelector
}

/** TensorFlow Serving's own sentence where it has one for the error. */
export function tfsErrorMessage(error: PlatformError, subject: TfsSubject | undefined): string {
  const text = error.publicMessage
  if (subject === undefined) return text
  switch (error.code) {
    case 'serving.model_not_found':
    case 'serving.version_not_found':
      return `Servable not found for request: ${request(subject)}`
    case 'serving.label_not_found':
      return subject.selector.kind === 'label'
        ? `Unrecognized servable version label: ${shownName(subject.selector.label)}`
        : text
    default:
      return text
  }
}

function request({ model, selector }: TfsSubject): string {
  const name = shownName(model)
  return selector.kind === 'number'
    ? `Specific(${name}, ${BigInt(Math.trunc(selector.number))})`
    : `Latest(${name})`
}

/** Names of a request that do not fit a signature, in TensorFlow Serving's words; undefined when they fit. */
export function tensorNameMistake(
  asked: { readonly inputs: Iterable<string>; readonly outputs: readonly string[] | undefined },
  signature: Signature,
): string | undefined {
  const sent = [...asked.inputs]
  const known = signature.inputs.map(({ name }) => name)
  const extra = sent.filter((name) => !known.includes(name))
  if (sent.length !== known.length) {
    const missing = known.filter((name) => !sent.includes(name))
    return (
      `input size does not match signature: ${sent.length}!=${known.length} len({${list(sent)}}) != len({${list(known)}}). ` +
      `Sent extra: {${list(extra)}}. Missing but required: {${list(missing)}}.`
    )
  }
  const [unknown] = extra
  if (unknown !== undefined) {
    return `input tensor alias not found in signature: ${shownName(unknown)}. Inputs expected to be in the set {${list(known)}}.`
  }
  const outputs = signature.outputs.map(({ name }) => name)
  const wrong = asked.outputs?.find((name) => !outputs.includes(name))
  if (wrong === undefined) return undefined
  return `output tensor alias not found in signature: ${shownName(wrong)} Outputs expected to be in the set {${list(outputs)}}.`
}

function list(names: readonly string[]): string {
  return [...names].sort().slice(0, NAMES_MAX).map(shownName).join(',')
}
