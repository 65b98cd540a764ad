import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const packageDirectory = fileURLToPath(new URL('../..', import.meta.url))

/** A freshly bundled executor and starter, so that tests never run a stale `dist`. */
export interface BuiltExecutor {
  readonly entry: string
  /** Entry of the starter, made with it. */
  readonly starter: string
  remove(): Promise<void>
}

/** Bundles both from their sources into a folder of its own: test files may do so at the same time. */
export async function buildExecutor(): Promise<BuiltExecutor> {
  const cache = path.join(packageDirectory, 'node_modules/.cache')
  await mkdir(cache, { recursive: true })
  // Below the package, since the bundle finds onnxruntime-node from where it lies.
  const folder = await mkdtemp(path.join(cache, 'executor-'))
  const bundler = path.join(packageDirectory, '../tooling/src/bundle.mjs')
  const args = [bundler, `--outdir=${folder}`, 'src/executor/main.ts', 'src/starter/main.ts']
  await promisify(execFile)(process.execPath, args, { cwd: packageDirectory })
  return {
    entry: path.join(folder, 'executor/main.mjs'),
    starter: path.join(folder, 'starter/main.mjs'),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
