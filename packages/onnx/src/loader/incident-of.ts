import type { ErrorCode } from '@understudy/core'
import type { VersionIncident } from './executor-events.ts'

const KINDS: Partial<Record<ErrorCode, VersionIncident['kind']>> = {
  'onnx.run_crashed': 'crash',
  'onnx.load_crashed': 'crash',
  'serving.run_timeout': 'hang',
  'onnx.load_timeout': 'hang',
  'onnx.memory_limit': 'memory',
  'onnx.frame_invalid': 'frame',
}

/** The kind of incident that an error tells of; undefined when no executor was ended by the call that got it. */
export function incidentKindOf(code: ErrorCode): VersionIncident['kind'] | undefined {
  return KINDS[code]
}
