import path from 'node:path'
import {
  alignmentBytes,
  CONVERTED_BYTES_MIN,
  isAligned,
  MOVED_BYTES_MIN,
  WEIGHTS_NAME,
} from './form-rules.ts'
import type { MovableTensor } from './read-tensor.ts'
import type { ScannedModel } from './scan-model.ts'

/** A file of a version, as the form sees it: its path below the version and its size. */
export interface FormSource {
  readonly path: string
  readonly sizeBytes: number
}

/** Bytes of a source that become weights of the form. Moves are in the order of the sources and of their targets. */
export interface WeightMove {
  readonly sourcePath: string
  readonly start: number
  readonly sizeBytes: number
  readonly targetOffset: number
}

/** The new place of one initializer. */
export interface Relocation {
  readonly tensor: MovableTensor
  readonly targetOffset: number
}

export type ConversionDecision =
  | {
      readonly kind: 'plain'
      /** Null when nothing is to be gained; else why it cannot be converted. */
      readonly reason: string | null
      /** True for a model that came with weights that can be mapped. */
      readonly mappable: boolean
      readonly weightsBytes: number
    }
  | {
      readonly kind: 'converted'
      readonly weightsName: string
      readonly weightsFileBytes: number
      readonly weightsBytes: number
      readonly moves: readonly WeightMove[]
      readonly relocations: readonly Relocation[]
      /** Sources of which every weight has moved: the form needs them no more. */
      readonly emptied: readonly string[]
    }

interface Located {
  readonly tensor: MovableTensor
  readonly source: FormSource
  readonly start: number
}

/** Decides whether and how a model is converted whose entry point is `entryPoint` among `files`. Pure. */
export function decideConversion(
  model: ScannedModel,
  entryPoint: string,
  files: readonly FormSource[],
): ConversionDecision {
  const located: Located[] = []
  for (const tensor of model.tensors) {
    const found = locate(tensor, entryPoint, files)
    if (typeof found === 'string') return plain(found)
    located.push(found)
  }
  const scattered = scatteredFiles(located)
  const inlineBytes = total(located.filter(({ tensor }) => tensor.data.kind === 'inline'))
  const movesInline = inlineBytes >= CONVERTED_BYTES_MIN
  const moving = located.filter(({ tensor, source }) =>
    tensor.data.kind === 'inline' ? movesInline : scattered.has(source.path),
  )
  const weightsBytes = total(located) - (movesInline ? 0 : inlineBytes)
  if (weightsBytes < CONVERTED_BYTES_MIN) return plain(null)
  if (moving.length === 0) return { kind: 'plain', reason: null, mappable: true, weightsBytes }
  return converted(moving, { model, entryPoint, files, scattered, weightsBytes })
}

function plain(reason: string | null): ConversionDecision {
  return { kind: 'plain', reason, mappable: false, weightsBytes: 0 }
}

function total(located: readonly Located[]): number {
  return located.reduce((sum, { tensor }) => sum + tensor.sizeBytes, 0)
}

/** Where a tensor's bytes are, or why that cannot be. */
function locate(tensor: MovableTensor, entryPoint: string, files: readonly FormSource[]): Located | string {
  const { data, sizeBytes } = tensor
  const name =
    data.kind === 'inline' ? entryPoint : path.posix.join(path.posix.dirname(entryPoint), data.location)
  const source = files.find((file) => file.path === name)
  if (source === undefined)
    return `an initializer lies in "${name.slice(0, 200)}", which is not of this version`
  if (data.kind === 'inline') return { tensor, source, start: data.range.start }
  if ((data.length ?? sizeBytes) !== sizeBytes) return 'an initializer has another length than its shape says'
  if (data.offset + sizeBytes > source.sizeBytes) return `an initializer ends behind the end of "${name}"`
  return { tensor, source, start: data.offset }
}

/** External files with a large initializer that does not begin at a page. */
function scatteredFiles(located: readonly Located[]): ReadonlySet<string> {
  const names = located
    .filter(
      ({ tensor, start }) =>
        tensor.data.kind === 'external' && tensor.sizeBytes >= MOVED_BYTES_MIN && !isAligned(start),
    )
    .map(({ source }) => source.path)
  return new Set(names)
}

interface Conversion {
  readonly model: ScannedModel
  readonly entryPoint: string
  readonly files: readonly FormSource[]
  readonly scattered: ReadonlySet<string>
  readonly weightsBytes: number
}

function converted(moving: readonly Located[], conversion: Conversion): ConversionDecision {
  const { model, entryPoint, files, scattered, weightsBytes } = conversion
  const moves: WeightMove[] = []
  const targets = new Map<MovableTensor, number>()
  let end = 0
  let previous: { located: Located; targetOffset: number } | undefined
  for (const located of sorted(moving, files)) {
    const { tensor, source, start } = located
    if (previous !== undefined && isSame(previous.located, located)) {
      targets.set(tensor, previous.targetOffset)
      continue
    }
    if (previous !== undefined && overlaps(previous.located, located)) return plain('initializers overlap')
    const targetOffset = alignedUp(end, alignmentBytes(tensor.sizeBytes))
    moves.push({ sourcePath: source.path, start, sizeBytes: tensor.sizeBytes, targetOffset })
    targets.set(tensor, targetOffset)
    end = targetOffset + tensor.sizeBytes
    previous = { located, targetOffset }
  }
  const fixed = new Set(
    [...model.fixedLocations].map((name) => path.posix.join(path.posix.dirname(entryPoint), name)),
  )
  return {
    kind: 'converted',
    weightsName: freeName(entryPoint, files),
    weightsFileBytes: end,
    weightsBytes,
    moves,
    relocations: moving.map(({ tensor }) => ({ tensor, targetOffset: targets.get(tensor) ?? 0 })),
    emptied: [...scattered].filter((name) => !fixed.has(name)),
  }
}

/** In the order in which one pass over the sources meets them. */
function sorted(moving: readonly Located[], files: readonly FormSource[]): readonly Located[] {
  const order = new Map(files.map((file, index) => [file.path, index]))
  const rank = (located: Located) => order.get(located.source.path) ?? 0
  return [...moving].sort(
    (a, b) => rank(a) - rank(b) || a.start - b.start || a.tensor.sizeBytes - b.tensor.sizeBytes,
  )
}

function isSame(a: Located, b: Located): boolean {
  return a.source === b.source && a.start === b.start && a.tensor.sizeBytes === b.tensor.sizeBytes
}

function overlaps(earlier: Located, later: Located): boolean {
  return earlier.source === later.source && later.start < earlier.start + earlier.tensor.sizeBytes
}

function alignedUp(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment
}

/** A name beside the entry point that no file of the version has. */
function freeName(entryPoint: string, files: readonly FormSource[]): string {
  const folder = path.posix.dirname(entryPoint)
  const taken = new Set(files.map((file) => file.path))
  let name = WEIGHTS_NAME
  for (let attempt = 1; taken.has(path.posix.join(folder, name)); attempt += 1)
    name = `${attempt}-${WEIGHTS_NAME}`
  return name
}
