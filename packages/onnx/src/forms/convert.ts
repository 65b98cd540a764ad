import path from 'node:path'
import type { ByteSource } from '../structure/byte-source.ts'
import type { ConversionDecision, WeightMove } from './decide-conversion.ts'
import { assertRoom } from './disk-room.ts'
import type { FormFile } from './form-manifest.ts'
import type { FormInput, FormRequest } from './form-request.ts'
import { type GraphPart, graphParts, sizeOf } from './graph-parts.ts'
import { HashedWriter } from './hashed-writer.ts'
import { placeFile } from './place-file.ts'
import { readArtifact } from './read-artifact.ts'
import type { ScannedModel } from './scan-model.ts'
import { withModelFile } from './with-model-file.ts'

interface Conversion {
  readonly request: FormRequest
  readonly folder: string
  readonly model: ScannedModel
  readonly decision: Extract<ConversionDecision, { kind: 'converted' }>
}

const COPY_BYTES = 1024 * 1024

/** Writes graph and weights of a converted model and places what else the version has. Each source is read once and verified. */
export function convert(conversion: Conversion): FormFile[] {
  const { request, folder, model, decision } = conversion
  assertRoom(folder, decision.weightsFileBytes + sizeOf(graphParts(model, decision)))
  const gone = new Set(decision.emptied)
  const others = request.files.filter((file) => file.path !== request.entryPoint && !gone.has(file.path))
  return [
    writeWeights(conversion),
    writeGraph(conversion),
    ...others.map((input) => placeFile(input, folder)),
  ]
}

function writeWeights({ request, folder, decision }: Conversion): FormFile {
  const name = path.posix.join(path.posix.dirname(request.entryPoint), decision.weightsName)
  return written(name, folder, decision.weightsFileBytes, (writer) => {
    const sources = new Set([
      request.entryPoint,
      ...decision.moves.map((move) => move.sourcePath),
      ...decision.emptied,
    ])
    for (const input of request.files.filter((file) => sources.has(file.path))) {
      copyMoves(input, decision.moves, writer)
    }
  })
}

/** Sends the moving parts of one source to their targets while it is read and hashed. */
function copyMoves(input: FormInput, allMoves: readonly WeightMove[], writer: HashedWriter): void {
  const moves = allMoves.filter((move) => move.sourcePath === input.path)
  let index = 0
  readArtifact(input, (chunk, offset) => {
    const end = offset + chunk.byteLength
    for (let move = moves[index]; move !== undefined && move.start < end; move = moves[index]) {
      const from = Math.max(move.start, offset)
      const to = Math.min(move.start + move.sizeBytes, end)
      writer.write(chunk.subarray(from - offset, to - offset), move.targetOffset + from - move.start)
      if (move.start + move.sizeBytes > end) return
      index += 1
    }
  })
}

function writeGraph({ request, folder, model, decision }: Conversion): FormFile {
  return written(request.entryPoint, folder, undefined, (writer) =>
    withModelFile(request, (source) => {
      for (const part of graphParts(model, decision)) writePart(part, source, writer)
    }),
  )
}

function writePart(part: GraphPart, source: ByteSource, writer: HashedWriter): void {
  if (part instanceof Uint8Array) {
    writer.write(part)
    return
  }
  for (let at = part.start; at < part.end; at += COPY_BYTES) {
    writer.write(source.read(at, Math.min(COPY_BYTES, part.end - at)))
  }
}

function written(
  name: string,
  folder: string,
  sizeBytes: number | undefined,
  fill: (writer: HashedWriter) => void,
): FormFile {
  const writer = new HashedWriter(path.join(folder, name))
  try {
    fill(writer)
    return { path: name, ...writer.finish(sizeBytes) }
  } finally {
    writer.close()
  }
}
