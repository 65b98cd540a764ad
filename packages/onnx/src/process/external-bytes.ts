import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'

/** Less fits into every limit, and is not worth a call of the system at each small load. */
const MIN_BYTES = 32 * 1024 * 1024
/** A folder of more files is no version's own. */
const MAX_FILES = 256

/**
 * At most how many bytes of external data a model may map: all that lies beside it; 0 when that is little. Never rejects.
 *
 * Which of the files the model names is not looked up, since that would block the caller for as long as the graph is long.
 */
export async function bytesBeside(modelPath: string): Promise<number> {
  try {
    const folder = path.dirname(modelPath)
    const names = (await readdir(folder)).filter((name) => name !== path.basename(modelPath))
    const sizes = await Promise.all(names.slice(0, MAX_FILES).map((name) => sizeOf(path.join(folder, name))))
    const sum = sizes.reduce((total, size) => total + size, 0)
    return sum < MIN_BYTES ? 0 : sum
  } catch {
    return 0
  }
}

async function sizeOf(file: string): Promise<number> {
  const status = await stat(file)
  return status.isFile() ? status.size : 0
}
