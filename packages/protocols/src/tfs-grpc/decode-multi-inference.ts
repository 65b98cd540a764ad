import { PlatformError, type SignatureMapping, type VersionSelector } from '@understudy/core'
import { WIRE_TYPE, WireReader } from '../grpc/wire-reader.ts'
import { malformed } from '../tfs/element-errors.ts'
import type { ExampleList } from '../tfs/examples/example.ts'
import { METHOD_NAMES, mappingFor, type SignatureMappings } from '../tfs/signature-defs.ts'
import { effectiveSignature, isDefaultSignature, type ModelSpec, readModelSpec } from './model-spec.ts'
import { readInput } from './read-input.ts'
import type { TakeRoom } from './read-tensor-proto.ts'
import { shownName } from './shown-name.ts'

const REQUEST = { tasks: 1, input: 2 } as const
const TASK = { spec: 1, method: 2 } as const
const TASKS_MAX = 100
const NO_SPEC: ModelSpec = { model: '', selector: undefined, signatureName: '' }

interface Task {
  readonly spec: ModelSpec
  readonly methodName: string
}

/** A task with the mapping that its result is made with. */
export interface MappedTask {
  readonly signatureName: string
  readonly mapping: SignatureMapping
}

/** One `MultiInferenceRequest`: classify and regress tasks of one model over the same examples. Model and version are those of the first task. */
export class MultiInferenceCall {
  readonly model: string
  readonly selector: VersionSelector | undefined
  readonly #tasks: Task[] = []
  readonly #input: Uint8Array

  /** @throws PlatformError `request.malformed` with TensorFlow Serving's text where it has one */
  constructor(bytes: Uint8Array) {
    const reader = new WireReader(bytes)
    let input = bytes.subarray(0, 0)
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field !== REQUEST.tasks && field !== REQUEST.input) {
        reader.skip()
        continue
      }
      reader.expect(WIRE_TYPE.delimited)
      if (field === REQUEST.input) input = reader.view()
      else if (this.#tasks.length < TASKS_MAX) this.#tasks.push(readTask(reader))
      else throw malformed(`A MultiInferenceRequest has at most ${TASKS_MAX} tasks`)
    }
    const first = this.#tasks[0]?.spec
    if (first === undefined || first.model === '') throw malformed('ModelSpec has no name specified.')
    this.model = first.model
    this.selector = first.selector
    this.#input = input
  }

  /**
   * The mappings of all tasks.
   *
   * @throws PlatformError `request.malformed`, `request.unsupported` with TensorFlow Serving's texts
   */
  mapped(mappings: SignatureMappings): readonly MappedTask[] {
    const done: MappedTask[] = []
    for (const { spec, methodName } of this.#tasks) {
      if (spec.model === '') throw malformed('Found ModelSpec with an empty model name.')
      if (spec.model !== this.model) {
        throw malformed('All ModelSpecs in a MultiInferenceRequest must access the same model name.')
      }
      const signatureName = effectiveSignature(spec.signatureName)
      if (done.some((other) => other.signatureName === signatureName)) {
        throw malformed(`Duplicate evaluation of signature: ${shownName(signatureName)}`)
      }
      if (!isDefaultSignature(signatureName) && !Object.hasOwn(mappings, signatureName)) {
        throw malformed(`Requested signature not found in model graph: ${shownName(signatureName)}`)
      }
      done.push({ signatureName, mapping: mappingFor(methodOf(methodName), spec.signatureName, mappings) })
    }
    if (done.some(({ mapping }) => !hasSameFeatures(mapping, done[0]?.mapping))) {
      throw malformed('Input tensor must be the same for all Signatures.')
    }
    return done
  }

  /** @throws PlatformError `request.malformed`, `request.too_large`, and what taking room throws */
  readExamples(takeRoom: TakeRoom): ExampleList {
    return readInput(new WireReader(this.#input), takeRoom)
  }
}

function readTask(reader: WireReader): Task {
  let spec = NO_SPEC
  let methodName = ''
  const outer = reader.enter()
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === TASK.spec) spec = readModelSpec(reader)
    else if (field === TASK.method) {
      reader.expect(WIRE_TYPE.delimited)
      methodName = reader.text()
    } else reader.skip()
  }
  reader.leave(outer)
  return { spec, methodName }
}

function methodOf(name: string): SignatureMapping['method'] {
  if (name === METHOD_NAMES.classify) return 'classify'
  if (name === METHOD_NAMES.regress) return 'regress'
  throw new PlatformError('request.unsupported', `Unsupported signature method_name: ${shownName(name)}`)
}

function hasSameFeatures(a: SignatureMapping, b: SignatureMapping | undefined): boolean {
  const mine = a.features ?? {}
  const theirs = b?.features ?? {}
  const names = new Set([...Object.keys(mine), ...Object.keys(theirs)])
  return [...names].every((name) => (mine[name] ?? name) === (theirs[name] ?? name))
}
