import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository that these scripts lie in. */
export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..')
