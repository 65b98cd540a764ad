import { lstat, readFile } from 'node:fs/promises'
import path from 'node:path'
import { CONVERTER_VERSION } from '@understudy/onnx/forms'
import { z } from 'zod'

/** Beside the files of a version, so that no artifact's name can meet it. */
export const RECORD_NAME = 'form.json'
export const FILES_NAME = 'files'

const count = z.number().int().min(0)

const schema = z.object({
  converterVersion: count,
  digest: z.string(),
  entryPoint: z.string(),
  files: z.array(
    z.object({ path: z.string(), sha256: z.string(), sizeBytes: count, modifiedAtMs: z.number().int() }),
  ),
  weightsBytes: count,
  mappable: z.boolean(),
  plainReason: z.string().nullable(),
})

/** What a version folder says of itself: the form, and how its files looked when they were verified. */
export type VersionRecord = z.infer<typeof schema>

/**
 * The record of a version folder that is whole: every file there, of the right size, and untouched since it was verified.
 * Undefined for anything else, also for what another converter made. Reads no weights.
 */
export async function readWholeVersion(
  directory: string,
  digest: string,
): Promise<VersionRecord | undefined> {
  const record = await readRecord(directory)
  if (record?.digest !== digest || record.converterVersion !== CONVERTER_VERSION) return undefined
  const whole = await Promise.all(
    record.files.map(async (file) => {
      const found = await lstat(path.join(directory, FILES_NAME, file.path)).catch(() => undefined)
      return found?.isFile() && found.size === file.sizeBytes && modifiedAtMs(found) === file.modifiedAtMs
    }),
  )
  return whole.every(Boolean) ? record : undefined
}

/** When a file was last written, in whole milliseconds, which every file system and every copy of a folder keeps. */
export function modifiedAtMs({ mtimeMs }: { readonly mtimeMs: number }): number {
  return Math.round(mtimeMs)
}

async function readRecord(directory: string): Promise<VersionRecord | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(path.join(directory, RECORD_NAME), 'utf8')))
  } catch {
    // Missing, cut off, or of another time: the version is made again.
    return undefined
  }
}
