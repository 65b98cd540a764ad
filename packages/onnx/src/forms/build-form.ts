import { mkdirSync } from 'node:fs'
import { convert } from './convert.ts'
import { type ConversionDecision, decideConversion } from './decide-conversion.ts'
import type { FormFile, FormManifest } from './form-manifest.ts'
import type { FormRequest } from './form-request.ts'
import { CONVERTER_VERSION } from './form-rules.ts'
import { makeFolders, placeFile, syncFolders } from './place-file.ts'
import { type ScannedModel, scanModel } from './scan-model.ts'
import { withModelFile } from './with-model-file.ts'

/**
 * Makes the form of a version in a folder that does not exist yet: large initializers as page-aligned external data where that is
 * possible, the files as they are where not. Every artifact was verified when this returns, and every file is durable and read-only.
 *
 * Synchronous and slow: for worker threads. Memory: a few MiB and the structure of the graph, however large the weights.
 * On failure the folder is left half-made, for the caller to remove.
 * @throws PlatformError `serving.artifact_damaged`, `serving.disk_full`; errors of the system
 */
export function buildForm(request: FormRequest, folder: string): FormManifest {
  const { model, decision } = readDecision(request)
  mkdirSync(folder, { mode: 0o755 })
  makeFolders(folder, request.files)
  const files: FormFile[] =
    model !== undefined && decision.kind === 'converted'
      ? convert({ request, folder, model, decision })
      : request.files.map((input) => placeFile(input, folder))
  syncFolders(folder, request.files)
  return {
    converterVersion: CONVERTER_VERSION,
    digest: request.digest,
    entryPoint: request.entryPoint,
    files,
    weightsBytes: decision.weightsBytes,
    mappable: decision.kind === 'converted' || decision.mappable,
    plainReason: decision.kind === 'plain' ? decision.reason : null,
  }
}

/** Whatever cannot be read as a model is served as it is: ONNX Runtime has the last word on it. */
function readDecision(request: FormRequest): {
  model: ScannedModel | undefined
  decision: ConversionDecision
} {
  try {
    return withModelFile(request, (source) => {
      const model = scanModel(source)
      return { model, decision: decideConversion(model, request.entryPoint, request.files) }
    })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { model: undefined, decision: { kind: 'plain', reason, mappable: false, weightsBytes: 0 } }
  }
}
