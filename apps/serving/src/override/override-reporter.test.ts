import { deriveOverrideKey, signOverride } from '@understudy/core'
import { silentLogger } from '@understudy/telemetry'
import { TestClock, waitFor } from '@understudy/testing'
import { expect, it } from 'vitest'
import { OverrideReporter } from './override-reporter.ts'
import type { KeptOverride } from './override-store.ts'

const signed = signOverride(deriveOverrideKey('x'), {
  ...{ id: '0b9f0f3e-6f0b-4c46-9d0e-0d6f6f4f1f10', model: 'iris', generation: 7, from: 3, to: 2 },
  ...{ reason: 'it flips', actor: 'local:ada', issuedAtMs: 0 },
})

it('tells of an override until the control plane has it, and then no more', async () => {
  const clock = new TestClock()
  let kept: KeptOverride[] = []
  let begun = () => {}
  let isAway = true
  const told: unknown[] = []
  const reporter = new OverrideReporter({
    overrides: {
      unreported: () => kept.filter(({ reported }) => !reported),
      reported: async (ids) => {
        kept = kept.map((one) => ({ ...one, reported: ids.includes(one.signed.document.id) }))
      },
      onChange: (listener) => {
        begun = () => listener('iris')
        return () => {}
      },
    },
    record: {
      recordOverrides: async (reports) => {
        told.push(...reports)
        if (isAway) throw new Error('away')
      },
    },
    ...{ clock, logger: silentLogger, retryMs: 1_000 },
  })
  reporter.start()
  expect(told).toEqual([])
  kept = [{ signed, acceptedAtMs: 5, reported: false }]
  begun()
  await waitFor('the first report', () => told.length === 1)
  isAway = false
  await waitFor('the second report', async () => {
    await clock.advance(1_000)
    return kept.every(({ reported }) => reported)
  })
  expect(told).toEqual([
    { ...signed, acceptedAtMs: 5 },
    { ...signed, acceptedAtMs: 5 },
  ])
  await clock.advance(60_000)
  expect(told).toHaveLength(2)
  await reporter.close()
})
