import type { Tx } from '@understudy/db'
import type { PairExample } from '@understudy/rollout'
import type { PairExampleView } from '../../views/index.ts'

const SHOWN = 20

type Summary = PairExample['baseline']

/** One output as short text: `[0.98, 0.02, 0]`, `"setosa"`; the error where there is no answer. */
function textOf(summary: Summary): Readonly<Record<string, string>> {
  if ('errorCode' in summary) return { error: summary.errorCode }
  return Object.fromEntries(
    summary.outputs.map((output) => {
      const values = output.values.map((value) =>
        typeof value === 'number' ? String(Number(value.toPrecision(5))) : value,
      )
      return [
        output.output,
        output.shape.length === 0 || values.length === 1 ? values.join(', ') : `[${values.join(', ')}]`,
      ]
    }),
  )
}

/** Pairs kept of a series: those that differ most first. Outputs only. */
export async function readExamples(
  tx: Tx,
  seriesId: string | undefined,
): Promise<readonly PairExampleView[]> {
  if (seriesId === undefined) return []
  const rows = await tx.pairExample.findMany({
    where: { seriesId },
    orderBy: [{ kind: 'desc' }, { at: 'desc' }],
    take: SHOWN,
  })
  return rows.map((row) => {
    const example = row.body as unknown as PairExample
    return {
      requestId: row.requestId,
      at: new Date(example.atMs).toISOString(),
      baseline: textOf(example.baseline),
      candidate: textOf(example.candidate),
      differing: example.differing.map((output) => output.output),
    }
  })
}
