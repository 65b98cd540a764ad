import type { RolloutPolicy } from '@understudy/core'
import type { ModelRecord } from '@understudy/db'
import { formatDuration, formatPercent, formatPoints } from '@understudy/rollout'
import type { PolicyLine } from '../../views/index.ts'

/** The rules that rollouts of a model follow, in the order in which they come to matter, and where each comes from. */
export function policyLines(record: ModelRecord): readonly PolicyLine[] {
  const { rollout, runtime, privacy } = record.config
  const text = record.configText ?? ''
  const line = (name: string, value: string, key: string): PolicyLine => ({
    name,
    value,
    source: new RegExp(`^\\s*(?:.*[{,]\\s*)?["']?${key}["']?\\s*:`, 'm').test(text)
      ? 'model.yaml'
      : 'default',
  })
  const { capture } = privacy
  return [
    line('Strategy', rollout.strategy, 'strategy'),
    line('Trigger', rollout.trigger, 'trigger'),
    line('Sample', formatPercent(rollout.shadow.sample), 'sample'),
    line('Evidence from', rollout.shadow.require.join(' and '), 'require'),
    line('Least pairs', String(rollout.shadow.minPairs), 'minPairs'),
    line('Least time', formatDuration(rollout.shadow.minDuration), 'minDuration'),
    line('Longest time', formatDuration(rollout.shadow.maxDuration), 'maxDuration'),
    ...gateLines(rollout.gates, line),
    line('Approvals', approvalWords(rollout.approval), 'approval'),
    line(
      'Canary',
      rollout.canary.length === 0 ? 'none' : rollout.canary.map((w) => `${w} %`).join(', '),
      'canary',
    ),
    line('Bake', rollout.bake === 0 ? 'none' : formatDuration(rollout.bake), 'bake'),
    line('Freeze windows', rollout.freeze.length === 0 ? 'none' : String(rollout.freeze.length), 'freeze'),
    line('Captured requests', capture === undefined ? 'none' : formatPercent(capture.share), 'capture'),
    line('Batch size', String(runtime.batching.maxBatchSize), 'maxBatchSize'),
    line('Deadline', formatDuration(runtime.timeoutMs), 'timeoutMs'),
  ]
}

type Line = (name: string, value: string, key: string) => PolicyLine

function gateLines({ errors, latency, disagreement, quality }: RolloutPolicy['gates'], line: Line) {
  const slow =
    latency?.overMs === undefined ? '' : `; ${formatPercent(latency.overMargin)} over ${latency.overMs} ms`
  const optional = quality?.optional === true ? ', shown only' : ''
  return [
    line('Errors', `at most ${formatPoints(errors.margin)} more`, 'errors'),
    line(
      'Latency',
      latency === undefined ? 'not compared' : `at most ${formatPoints(latency.margin)} more${slow}`,
      'latency',
    ),
    line(
      'Disagreement',
      disagreement === undefined ? 'shown, does not gate' : `at most ${formatPercent(disagreement.budget)}`,
      'disagreement',
    ),
    line(
      'Quality',
      quality === undefined
        ? 'no outcomes asked for'
        : `at most ${formatPoints(quality.margin)} worse${optional}`,
      'quality',
    ),
  ]
}

function approvalWords({ required, selfApprove, groups }: RolloutPolicy['approval']): string {
  const from = groups.map(({ name, required: needed }) => `${needed} of ${name}`).join(', ')
  const parts = [String(required), from, selfApprove ? '' : 'not who pushed it']
  return parts.filter((part) => part !== '').join(', ')
}
