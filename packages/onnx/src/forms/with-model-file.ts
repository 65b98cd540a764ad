import { closeSync, fstatSync } from 'node:fs'
import { PlatformError } from '@understudy/core'
import { type ByteSource, fileSource } from '../structure/byte-source.ts'
import type { FormRequest } from './form-request.ts'
import { openArtifact } from './read-artifact.ts'

/** Opens the model of a version for random access as long as `use` runs. */
export function withModelFile<R>(version: FormRequest, use: (source: ByteSource) => R): R {
  const input = version.files.find((file) => file.path === version.entryPoint)
  if (input === undefined)
    throw new PlatformError('onnx.not_a_model', `The version has no file "${version.entryPoint}".`)
  const fd = openArtifact(input)
  try {
    return use(fileSource(fd, fstatSync(fd).size))
  } finally {
    closeSync(fd)
  }
}
