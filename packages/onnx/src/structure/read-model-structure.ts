import { open } from 'node:fs/promises'
import { isPlatformError } from '@understudy/core'
import { assertSupported } from './assert-supported.ts'
import { type ByteSource, fileSource, memorySource } from './byte-source.ts'
import { describeNonModel } from './describe-non-model.ts'
import { notAModel, unsupported } from './model-errors.ts'
import type { ModelStructure } from './model-structure.ts'
import { emptyGraph, readGraph, readNode } from './read-graph.ts'
import { DEFAULT_STRUCTURE_LIMITS, type StructureLimits } from './structure-limits.ts'
import { numberOf, rangeOf, StructureReader } from './structure-reader.ts'

/**
 * Reads the structure of a model that the platform can serve, from any bytes whatever, in bounded time and memory.
 *
 * @throws PlatformError `onnx.not_a_model`, `onnx.unsupported`; nothing else
 */
export function readModelStructure(bytes: Uint8Array, limits: Partial<StructureLimits> = {}): ModelStructure {
  return readSource(memorySource(bytes), { ...DEFAULT_STRUCTURE_LIMITS, ...limits })
}

/**
 * Same as {@link readModelStructure} for a file, of which weights are stepped over unread.
 *
 * @throws PlatformError `onnx.not_a_model`, `onnx.unsupported`; a file that cannot be read gives the error of the system
 */
export async function readModelStructureFile(
  path: string,
  limits: Partial<StructureLimits> = {},
): Promise<ModelStructure> {
  const file = await open(path, 'r')
  try {
    const status = await file.stat()
    if (!status.isFile()) throw notAModel('it is not a regular file')
    return readSource(fileSource(file.fd, status.size), { ...DEFAULT_STRUCTURE_LIMITS, ...limits })
  } finally {
    await file.close()
  }
}

function readSource(source: ByteSource, limits: StructureLimits): ModelStructure {
  if (source.sizeBytes > limits.maxFileBytes) {
    throw unsupported(
      `The model file has ${source.sizeBytes} bytes; at most ${limits.maxFileBytes} are allowed.`,
    )
  }
  const guess = describeNonModel(source.read(0, Math.min(256, source.sizeBytes)))
  try {
    const structure = readModel(new StructureReader(source, limits), source.sizeBytes)
    assertSupported(structure)
    return structure
  } catch (error) {
    throw betterGuess(error, guess)
  }
}

/** A text file fails with some remark on protobuf; what the file really is helps more. */
function betterGuess(error: unknown, guess: string | undefined): unknown {
  const isNoModel = isPlatformError(error) && error.code === 'onnx.not_a_model'
  return isNoModel && guess !== undefined ? notAModel(guess) : error
}

function readModel(reader: StructureReader, sizeBytes: number): ModelStructure {
  const graph = emptyGraph()
  const functions: string[] = []
  const opsets: { domain: string; version: number }[] = []
  let hasGraph = false
  let irVersion = 0
  let producerName = ''
  let producerVersion = ''
  reader.eachField({ start: 0, end: sizeBytes }, (field) => {
    switch (field.number) {
      case 1:
        irVersion = numberOf(field)
        break
      case 2:
        producerName = reader.text(field)
        break
      case 3:
        producerVersion = reader.text(field)
        break
      case 7:
        hasGraph = true
        readGraph(reader, rangeOf(field), graph)
        break
      case 8:
        opsets.push(readOpset(reader, rangeOf(field)))
        break
      case 25:
        functions.push(readFunction(reader, rangeOf(field)))
        break
    }
  })
  if (!hasGraph) throw notAModel('it has no graph')
  if (irVersion < 1) throw notAModel('it has no IR version')
  if (graph.outputs.length === 0) throw notAModel('its graph has no outputs')
  const initialized = new Set(graph.initializerNames)
  return {
    irVersion,
    producerName,
    producerVersion,
    opsets,
    inputs: graph.inputs.filter((input) => !initialized.has(input.name)),
    outputs: graph.outputs,
    initializerNames: graph.initializerNames,
    externalFiles: [...reader.externalFiles],
    operators: [...reader.operatorCounts].map(([key, count]) => ({ ...splitKey(key), count })),
    functions,
  }
}

function splitKey(key: string): { domain: string; operator: string } {
  const colon = key.lastIndexOf(':')
  return { domain: key.slice(0, colon), operator: key.slice(colon + 1) }
}

function readOpset(reader: StructureReader, range: Parameters<StructureReader['eachField']>[0]) {
  let domain = ''
  let version = 0
  reader.eachField(range, (field) => {
    if (field.number === 1) domain = reader.text(field)
    if (field.number === 2) version = numberOf(field)
  })
  return { domain, version }
}

function readFunction(reader: StructureReader, range: Parameters<StructureReader['eachField']>[0]): string {
  let name = ''
  let domain = ''
  reader.eachField(range, (field) => {
    if (field.number === 1) name = reader.text(field)
    if (field.number === 7) readNode(reader, rangeOf(field), 0)
    if (field.number === 10) domain = reader.text(field)
  })
  return `${domain}:${name}`
}
