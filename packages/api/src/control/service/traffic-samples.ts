import { readFile } from 'node:fs/promises'
import { goldenSampleSchema, PlatformError } from '@understudy/core'
import type { Tx } from '@understudy/db'
import type { ArtifactStore } from '@understudy/gitops/artifacts'
import type { TrafficSample } from '../control-service.ts'

const SAMPLES_MAX = 2_000

/** The rows of one golden sample: each input cut along its first axis. */
function rowsOf(text: string): readonly TrafficSample[] {
  const { inputs } = goldenSampleSchema.parse(JSON.parse(text)).request
  const columns = Object.entries(inputs).filter((entry): entry is [string, unknown[]] =>
    Array.isArray(entry[1]),
  )
  const rows = Math.max(0, ...columns.map(([, values]) => values.length))
  return Array.from({ length: rows }, (_, row) => ({
    inputs: Object.fromEntries(columns.map(([name, values]) => [name, [values[row]]])),
  }))
}

/**
 * The golden samples of what is live (else of the newest validated version), one row each: the stuff that honest traffic is made of.
 *
 * @throws PlatformError `control.not_found` when the version has none
 */
export async function readTrafficSamples(
  tx: Tx,
  store: ArtifactStore,
  model: string,
): Promise<readonly TrafficSample[]> {
  const live = await tx.planLabel.findUnique({
    where: { modelName_label: { modelName: model, label: 'live' } },
  })
  const files = await tx.versionFile.findMany({
    where: {
      modelName: model,
      kind: 'golden',
      path: { endsWith: '.json' },
      ...(live ? { number: live.number } : { version: { state: 'validated' } }),
    },
    orderBy: [{ number: 'desc' }, { path: 'asc' }],
  })
  const newest = files[0]?.number
  const samples: TrafficSample[] = []
  for (const file of files.filter((candidate) => candidate.number === newest)) {
    samples.push(...rowsOf(await readFile(store.path(file.sha256), 'utf8')))
  }
  if (samples.length === 0) {
    throw new PlatformError(
      'control.not_found',
      `${model} has no golden samples to make traffic from. Put some into its golden/ folder.`,
    )
  }
  return samples.slice(0, SAMPLES_MAX)
}
