import type { PlannedVersion } from '@understudy/core'
import { type NodeRig, quotientModel } from '@understudy/testing'
import { SMALL } from './serving-plans.ts'

/** Divides integers; one pair of them ends its process. */
export function quotientVersion(rig: NodeRig): Promise<PlannedVersion> {
  return rig.version({
    ...{ number: 1, files: quotientModel(), measured: SMALL, runtime: { timeoutMs: 15_000 } },
    signature: {
      inputs: [
        { name: 'dividend', dtype: 'int64', shape: ['N', 1] },
        { name: 'divisor', dtype: 'int64', shape: ['N', 1] },
      ],
      outputs: [{ name: 'quotient', dtype: 'int64', shape: ['N', 1] }],
    },
  })
}

/** The body of a prediction of one or more quotients. */
export function quotientBody(rows: readonly (readonly [number | bigint, number | bigint])[]): string {
  const instances = rows.map(([dividend, divisor]) => `{"dividend": [${dividend}], "divisor": [${divisor}]}`)
  return `{"instances": [${instances.join(', ')}]}`
}
