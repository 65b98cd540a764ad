import { expect, it } from 'vitest'
import { historyText } from './history-text.ts'

const at = '2026-01-02T03:04:05.678Z'
const entry = {
  ...{ seq: 9, at, actor: 'local:ada', action: 'rolledBack', model: 'iris', version: 2, hash: '' },
  ...{ sentence: 'local:ada rolled iris back from v2 to v1', reason: 'wrong answers' },
}

it('says what was live since when, then what was done and why', () => {
  const promotions = [
    { generation: 3, kind: 'rollback', from: 2, to: 1, actor: 'local:ada', reason: null, at },
  ] as const
  const text = historyText({ promotions, entries: [entry], total: 1 })
  expect(text).toMatch(/2026-01-02 03:04:05 +v2 +v1 +rollback +local:ada/)
  expect(text).toMatch(/2026-01-02 03:04:05 +local:ada rolled iris back from v2 to v1 +wrong answers$/m)
})

it('says that there is more, and that nothing was ever live', () => {
  const text = historyText({ promotions: [], entries: [entry], total: 500 })
  expect(text).toMatch(/^Nothing was ever live\./)
  expect(text).toMatch(/499 older entries are in the audit log\.$/)
})
