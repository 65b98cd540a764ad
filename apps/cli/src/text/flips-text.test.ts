import type { EvidenceView, FlipsView } from '@understudy/api/views'
import { expect, it } from 'vitest'
import { flipLines } from './flips-text.ts'

const flips: FlipsView = {
  ...{ output: 'score', threshold: 0.5, source: 'live', up: 31, down: 7, neither: 962 },
  logDiffers: Math.log(140),
}

function shown(some: readonly FlipsView[], baseline: number | null = 1): string {
  const analysis: EvidenceView['analysis'] = {
    ...{ outcome: 'collecting', summary: '', pairs: 0, minPairs: 0, admitted: 0, lost: 0, attempt: 1 },
    ...{ gates: [], secondsToDecision: null, steps: [], segments: [], calibration: null, coverage: null },
    ...{ updatedAt: null, flips: some },
  }
  return flipLines({ candidate: 2, baseline, analysis }).join('\n')
}

it('says how many rows went over the threshold each way, in which version, and how sure it is that the ways differ', () => {
  const text = shown([
    flips,
    { ...flips, output: 'risk', threshold: null, source: 'replay', up: 0, down: 0, logDiffers: 0 },
  ])
  expect(text).toContain('rows over the threshold (shown): UP only in v2, DOWN only in v1')
  expect(text).toMatch(/OUTPUT +AT +SOURCE +UP +DOWN +NEITHER +DIFFERS/)
  expect(text).toMatch(/score +0\.5 +live +31 +7 +962 +140x/)
  expect(text).toMatch(/risk +replay +0 +0 +962 +1\.0x/)
})

it('says nothing where no output is compared with a threshold', () => {
  expect(shown([])).toBe('')
})

it('needs no version before', () => {
  expect(shown([flips], null)).toContain('DOWN only in the version before')
})
