import { parseVersionNumber } from '@understudy/core'
import { type Database, loadVersionToValidate, recordValidation, type WorkQueue } from '@understudy/db'
import { type ValidationPorts, validateVersion } from '@understudy/gitops'
import { ATTRIBUTES, type Logger, tracer, withSpan } from '@understudy/telemetry'
import type { WorkHandler } from '../work/work-loop.ts'

export interface ValidateVersionOptions {
  readonly database: Database
  readonly queue: WorkQueue
  readonly ports: ValidationPorts
  readonly logger: Logger
}

/** Validates one pushed version in quarantine and records what was found. A fault of the platform is tried again. */
export function createValidateVersion(options: ValidateVersionOptions): WorkHandler {
  const { database, queue, ports, logger } = options
  return async (claim) => {
    const separator = claim.key.lastIndexOf('/')
    const model = claim.key.slice(0, separator)
    const number = parseVersionNumber(claim.key.slice(separator + 1))
    const version = await loadVersionToValidate(database.prisma, model, number)
    if (!version) return {}
    const attributes = {
      [ATTRIBUTES.model]: model,
      [ATTRIBUTES.version]: number,
      [ATTRIBUTES.digest]: version.digest,
    }
    await withSpan(
      tracer('controller'),
      'version.validate',
      { attributes, parent: version.traceparent },
      async (span) => {
        const report = await validateVersion(
          {
            model,
            number,
            configText: version.configText,
            files: version.serving,
            golden: version.golden,
            liveSignature: version.liveSignature ?? undefined,
          },
          ports,
        )
        span.setAttribute('understudy.validation', report.ok ? 'validated' : 'rejected')
        const result = report.ok
          ? report
          : { ok: false as const, reasons: report.reasons.map(({ code, message }) => ({ code, message })) }
        await queue.fenced(claim, (tx) => recordValidation(tx, version, result))
        logger.info({ model, number, ok: report.ok, reasons: result.ok ? [] : result.reasons }, 'validated')
      },
    )
    return {}
  }
}
