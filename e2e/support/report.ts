import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('../../test-results/', import.meta.url))

/** Keeps a figure that no test judges; `npm run test:faults` shows all of them at its end. */
export function report(name: string, figure: string): void {
  mkdirSync(FOLDER, { recursive: true })
  appendFileSync(path.join(FOLDER, 'figures.txt'), `${name}: ${figure}\n`)
}

/** Keeps what a node has logged, for whoever asks why a test failed. */
export function keepLog(name: string, log: string): void {
  mkdirSync(path.join(FOLDER, 'faults'), { recursive: true })
  writeFileSync(path.join(FOLDER, 'faults', `${name}.log`), log)
}
