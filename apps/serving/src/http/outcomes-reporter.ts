import { type OutcomeReporter, PlatformError } from '@understudy/core'
import type { OutcomeStore } from '@understudy/db/node'
import { modelNotFound } from '@understudy/serving'
import { type Access, openAccess } from '../auth/access.ts'
import { keyIdOf } from '../auth/key-ring.ts'
import { callerOf } from './caller-of.ts'
import type { Exchange } from './exchange.ts'

/** Where outcomes are kept. */
export type OutcomeRecord = Pick<OutcomeStore, 'report'>

export interface OutcomesReporterOptions {
  /** Undefined on a node without a control plane: it takes none. */
  readonly outcomes: OutcomeRecord | undefined
  readonly access: Access
}

/** Takes outcomes from whoever makes an HTTP request. A model that is not for the caller is answered like one that does not exist. */
export function outcomesReporter(
  { outcomes: record, access }: OutcomesReporterOptions,
  exchange: Exchange,
): OutcomeReporter {
  return {
    report: async (outcomes) => {
      const caller = callerOf(access, exchange, 'report')
      if (record === undefined) {
        throw new PlatformError(
          'outcomes.no_record',
          'This node runs without a control plane and keeps no outcomes. Report them to a node that has one.',
        )
      }
      const keyId = access === openAccess ? null : keyIdOf(exchange.req.headers.authorization)
      const report = await record.report(outcomes, { keyId, mayUse: (model) => caller.mayUse(model) })
      if ('unknownModel' in report) throw modelNotFound(report.unknownModel)
      return report.statuses
    },
  }
}
