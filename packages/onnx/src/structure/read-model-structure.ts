import { open } from 'node:fs/promises'
import { isPlatformError } from '@understudy/core'
import { assertSupported } from './assert-supported.ts'
import { type ByteSource, fileSource, memorySource } from './byte-source.ts'
import { describeNonModel } from './describe-non-model.ts'
import { notAModel, unsupported } from './model-errors.ts'
import type { ModelStructure } from './model-structure.ts'
import { readModel } from './read-model.ts'
import { DEFAULT_STRUCTURE_LIMITS, type StructureLimits } from './structure-limits.ts'
import { StructureReader } from './structure-reader.ts'

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
