import { CONTROL_ERRORS } from './registry/control.ts'
import { DB_ERRORS } from './registry/db.ts'
import { GITOPS_ERRORS } from './registry/gitops.ts'
import { ONNX_ERRORS } from './registry/onnx.ts'
import { OUTCOMES_ERRORS } from './registry/outcomes.ts'
import { PLATFORM_ERRORS } from './registry/platform.ts'
import { REQUEST_ERRORS } from './registry/request.ts'
import { ROLLOUT_ERRORS } from './registry/rollout.ts'
import { SERVING_ERRORS } from './registry/serving.ts'
import { UP_ERRORS } from './registry/up.ts'

/**
 * Every error the platform can report. A code is `<domain>.<specific>` and is never used again for something else.
 * Loops branch on `retry` only; alerts on `fault` and `category`.
 */
export const ERROR_REGISTRY = {
  ...SERVING_ERRORS,
  ...REQUEST_ERRORS,
  ...ONNX_ERRORS,
  ...GITOPS_ERRORS,
  ...ROLLOUT_ERRORS,
  ...OUTCOMES_ERRORS,
  ...CONTROL_ERRORS,
  ...DB_ERRORS,
  ...UP_ERRORS,
  ...PLATFORM_ERRORS,
} as const

export type ErrorCode = keyof typeof ERROR_REGISTRY
