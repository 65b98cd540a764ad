import { stat } from 'node:fs/promises'
import { isPlatformError, type NamedTensors, PlatformError } from '@understudy/core'
import { checkGolden, type RunModel } from '../golden/check-golden.ts'
import { syntheticInputs } from '../golden/synthetic-inputs.ts'
import { estimateMemoryBytes } from '../loader/estimate-memory.ts'
import { ExecutorClient, type LoadedModel } from '../process/executor-client.ts'
import { readModelStructureFile } from '../structure/read-model-structure.ts'
import { mayHaveBatchAxis, proveBatchAxis } from './batch-axis.ts'
import { peakMemoryBytes } from './peak-memory.ts'
import { proofRows } from './proof-rows.ts'
import {
  DEFAULT_QUARANTINE_LIMITS,
  type QuarantineLimits,
  type QuarantineOptions,
  type QuarantineReport,
} from './quarantine-options.ts'

/**
 * Finds out in a throw-away process whether a freshly pushed model can be served, and what it needs.
 *
 * A bad model, whatever it does, gives a report with reasons. Only faults of the platform are thrown, so that the caller tries again.
 *
 * @throws PlatformError `onnx.executor_unavailable`, `serving.cancelled`; errors of the file system
 */
export async function runQuarantine(options: QuarantineOptions): Promise<QuarantineReport> {
  const limits = { ...DEFAULT_QUARANTINE_LIMITS, ...options.limits }
  try {
    await readModelStructureFile(options.modelPath, options.structureLimits)
    return await inProcess(options, limits)
  } catch (error) {
    if (isPlatformError(error) && error.fault === 'modelAuthor') return { ok: false, reasons: [error] }
    throw error
  }
}

async function inProcess(options: QuarantineOptions, limits: QuarantineLimits): Promise<QuarantineReport> {
  const { signal } = options
  if (signal?.aborted) throw cancelled()
  const client = await ExecutorClient.start({
    ...options.executor,
    memoryLimitBytes: limits.memoryLimitBytes,
  })
  const outOfTime = AbortSignal.timeout(limits.totalTimeoutMs)
  const stop = AbortSignal.any([outOfTime, ...(signal ? [signal] : [])])
  const kill = () => client.kill()
  stop.addEventListener('abort', kill)
  if (stop.aborted) kill()
  try {
    return await examine(client, options, limits)
  } catch (error) {
    if (signal?.aborted) throw cancelled()
    if (outOfTime.aborted) throw overTime(limits)
    throw blameModel(error)
  } finally {
    stop.removeEventListener('abort', kill)
    await client.close()
  }
}

async function examine(
  client: ExecutorClient,
  options: QuarantineOptions,
  limits: QuarantineLimits,
): Promise<QuarantineReport> {
  const { modelPath, runtime, golden } = options
  const loaded = await client.load({
    path: modelPath,
    intraOpThreads: runtime.intraOpThreads,
    limitMs: limits.loadTimeoutMs,
  })
  const run: RunModel = async (inputs) => (await client.run(inputs, runtime.runTimeoutMs)).outputs
  const { decoded, reasons } = await checkGolden(golden, loaded.signature, run)
  if (reasons.length > 0) return { ok: false, reasons }
  const requests = decoded.map((sample) => sample.inputs)
  const batchable = await tryBatchAxis(loaded, requests, run)
  const memoryBytes = (await peakMemoryBytes(client.pid)) ?? (await estimatedBytes(modelPath))
  return { ok: true, signature: loaded.signature, batchable, loadMs: loaded.loadMs, memoryBytes }
}

/**
 * Also the trial run of a model without golden samples: made-up inputs may be refused by a good model, but may not crash it,
 * hang it or eat memory.
 */
async function tryBatchAxis(
  { signature }: LoadedModel,
  requests: readonly NamedTensors[],
  run: RunModel,
): Promise<boolean> {
  try {
    const rows = mayHaveBatchAxis(signature) ? proofRows(signature, requests) : undefined
    if (rows) return await proveBatchAxis(rows, run)
    const inputs = requests.length > 0 ? undefined : syntheticInputs(signature, 1)
    if (inputs) await run(inputs)
    return false
  } catch (error) {
    if (isPlatformError(error) && error.code === 'onnx.run_failed') return false
    throw error
  }
}

/** A process that is lost or talks nonsense in quarantine is so because of its model. */
function blameModel(error: unknown): unknown {
  if (!isPlatformError(error)) return error
  if (error.code !== 'serving.executor_lost' && error.code !== 'onnx.frame_invalid') return error
  return new PlatformError(
    'onnx.load_crashed',
    `The model broke the process that tried it: ${error.message}`,
    {
      cause: error,
      details: error.details,
    },
  )
}

function overTime(limits: QuarantineLimits): PlatformError {
  return new PlatformError(
    'onnx.load_timeout',
    `Trying the model took longer than ${limits.totalTimeoutMs} ms; expected load, golden samples and trial runs within that.`,
  )
}

function cancelled(): PlatformError {
  return new PlatformError('serving.cancelled', 'The quarantine was given up.')
}

async function estimatedBytes(modelPath: string): Promise<number> {
  return estimateMemoryBytes([{ sizeBytes: (await stat(modelPath)).size }])
}
