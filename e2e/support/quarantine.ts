import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { probeSpawnTools, runQuarantine } from '@understudy/onnx'
import { PROJECT } from './platform.ts'

type Report = Awaited<ReturnType<typeof runQuarantine>>
type Options = Parameters<typeof runQuarantine>[0]

/** Puts a model through quarantine as the controller does with a pushed one, in the executor that was built. */
export async function quarantine(bytes: Uint8Array, options: Partial<Options> = {}): Promise<Report> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'understudy-quarantine-'))
  // The executor's user must read it.
  await chmod(folder, 0o755)
  const modelPath = path.join(folder, 'model.onnx')
  try {
    await writeFile(modelPath, bytes, { mode: 0o644 })
    return await runQuarantine({
      ...{ modelPath, golden: [], runtime: { intraOpThreads: 1, runTimeoutMs: 1_000 } },
      executor: {
        entry: path.join(PROJECT, 'packages/onnx/dist/executor/main.mjs'),
        tools: await probeSpawnTools(),
      },
      ...options,
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Why quarantine refuses a model: codes with their messages; empty when it does not. */
export async function refusals(bytes: Uint8Array, options?: Partial<Options>): Promise<readonly string[]> {
  const report = await quarantine(bytes, options)
  return report.ok ? [] : report.reasons.map(({ code, message }) => `${code}: ${message}`)
}
