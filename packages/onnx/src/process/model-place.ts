import { realpath } from 'node:fs/promises'
import path from 'node:path'

/** Where a model lies on this machine, to be left out of messages. */
export interface ModelPlace {
  readonly fileName: string
  /** As it was asked for, and as the system resolves it: ONNX Runtime names either. */
  readonly folders: readonly string[]
}

export const NO_PLACE: ModelPlace = { fileName: '', folders: [] }

/** Never rejects: what cannot be resolved is named as it was asked for only. */
export async function modelPlace(modelPath: string): Promise<ModelPlace> {
  const folder = path.dirname(modelPath)
  const real = await realpath(folder).catch(() => folder)
  const folders = [...new Set([folder, real])]
  return { fileName: path.basename(modelPath), folders: folders.sort((a, b) => b.length - a.length) }
}

/** The names of files stay, where they lie on the node goes. */
export function withoutFolders(message: string, { folders }: ModelPlace): string {
  let text = message
  for (const folder of folders) text = text.replaceAll(`${folder}${path.sep}`, '')
  return text
}
