import { describe, expect, it } from 'vitest'
import { assessReport } from './vitest-report.mjs'

const file = (statuses: readonly string[], status = 'passed', message = '') => ({
  name: '/project/a.test.ts',
  status,
  message,
  assertionResults: statuses.map((one, index) => ({ fullName: `t${index}`, status: one })),
})
const assess = (files: readonly object[], code: number) =>
  assessReport({ testResults: files }, { code, project: 'unit', root: '/project' })

describe('assessReport', () => {
  it('counts what passed', () => {
    expect(assess([file(['passed', 'passed'])], 0)).toEqual({ passed: 2, failures: [] })
  })

  it('counts a skipped test as failed, and says that it did not run', () => {
    expect(assess([file(['passed', 'skipped', 'todo'])], 0)).toEqual({
      passed: 1,
      failures: ['a.test.ts > t1 (skipped: it did not run)', 'a.test.ts > t2 (todo: it did not run)'],
    })
  })

  it('names each failed test', () => {
    expect(assess([file(['failed'], 'failed', 'AssertionError')], 1).failures).toEqual(['a.test.ts > t0'])
  })

  it('counts a file that could not be loaded, and a suite whose teardown failed', () => {
    expect(assess([file([], 'failed', 'SyntaxError: no\nat x')], 1).failures).toEqual([
      'a.test.ts: SyntaxError: no',
    ])
    expect(assess([file(['passed'], 'failed')], 1)).toEqual({
      passed: 1,
      failures: ['a.test.ts: the file failed'],
    })
  })

  it('counts a failure that no test shows, and a run without a report', () => {
    expect(assess([], 1).failures).toEqual(['unit: vitest ended with code 1'])
    expect(assessReport(undefined, { code: 137, project: 'unit', root: '/' }).failures).toHaveLength(1)
  })
})
