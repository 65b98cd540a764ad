import { stat } from 'node:fs/promises'
import { isPlatformError, type NamedTensors, PlatformError, suggestComparisons } from '@understudy/core'
import { checkGolden, type RunModel } from '../golden/check-golden.ts'
import { syntheticInputs } from '../golden/synthetic-inputs.ts'
import { estimateMemory } from '../pool/estimate-memory.ts'
import { ExecutorClient, type LoadedModel } from '../process/executor-client.ts'
import { bytesBeside } from '../process/external-bytes.ts'
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

/** Longer than the share of the library, on a slow machine as well. */
const FIRST_LOAD_MS_MAX = 200

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
    fixedForMappedBytes: await bytesBeside(options.modelPath),
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
  const request = {
    path: modelPath,
    form: 'prepacked',
    intraOpThreads: runtime.intraOpThreads,
    limitMs: limits.loadTimeoutMs,
  } as const
  const loaded = await client.load(request)
  const run: RunModel = async (inputs) => runOnce(client, loaded.model, inputs, runtime.runTimeoutMs)
  const { decoded, reasons } = await checkGolden(golden, loaded.signature, run)
  if (reasons.length > 0) return { ok: false, reasons }
  const requests = decoded.map((sample) => sample.inputs)
  const batchable = await tryBatchAxis(loaded, requests, run)
  const memoryBytes = (await peakMemoryBytes(client.pid)) ?? (await estimatedBytes(modelPath))
  const loadMs = await usualLoadMs(client, loaded, request)
  const { signature } = loaded
  // The samples hold, so what they expect is what the model answers.
  const comparisons = suggestComparisons(
    signature,
    decoded.map((sample) => sample.expected),
  )
  return { ok: true, signature, batchable, loadMs, memoryBytes, comparisons }
}

/** The first load of a process pays for the library, too, which is most of it for a small model: those are loaded once more. */
async function usualLoadMs(
  client: ExecutorClient,
  first: LoadedModel,
  request: Parameters<ExecutorClient['load']>[0],
): Promise<number> {
  if (first.loadMs > FIRST_LOAD_MS_MAX) return first.loadMs
  await client.unload(first.model)
  return Math.min(first.loadMs, (await client.load(request)).loadMs)
}

/** As the client runs it; but a run that could not have its memory tells of the model, whatever its input. */
async function runOnce(
  client: ExecutorClient,
  model: number,
  inputs: NamedTensors,
  limitMs: number,
): Promise<NamedTensors> {
  try {
    return (await client.run(model, inputs, limitMs)).outputs
  } catch (error) {
    if (!isPlatformError(error) || error.details.outOfMemory !== true) throw error
    throw new PlatformError('onnx.memory_limit', error.message, { cause: error, details: error.details })
  }
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

const LOSSES: ReadonlySet<string> = new Set([
  'serving.executor_lost',
  'onnx.run_crashed',
  'onnx.frame_invalid',
])

/** A process that is lost or talks nonsense in quarantine is so because of its model. */
function blameModel(error: unknown): unknown {
  if (!isPlatformError(error) || !LOSSES.has(error.code)) return error
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
  const weightsBytes = (await stat(modelPath)).size
  return estimateMemory({ weightsBytes, form: 'prepacked', placement: 'own', measured: null }).anonymousBytes
}
