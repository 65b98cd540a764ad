import { describe, expect, it } from 'vitest'
import { describeCoverage, findBlindAnswers } from './describe-coverage.ts'

const grant = { answer: 'grant', kept: 400, reported: 320 }
const refuse = { answer: 'refuse', kept: 240, reported: 3 }

describe('coverage by outcomes', () => {
  it('names the answer of live that keeps its outcomes from existing', () => {
    expect(findBlindAnswers([grant, refuse])).toEqual([refuse])
    const warning = describeCoverage({ kept: 640, reported: 323 }, [grant, refuse])
    expect(warning).toMatch(/^Where live answered "refuse".*3 of 240 predictions, and for 80 % of the others/)
  })

  it('names the most frequent of several', () => {
    const rare = { answer: 'defer', kept: 40, reported: 0 }
    expect(findBlindAnswers([rare, grant, refuse]).map(({ answer }) => answer)).toEqual(['refuse', 'defer'])
  })

  it.each([
    ['all answers are equally seldom known', [grant, { ...refuse, reported: 150 }]],
    ['there are too few predictions to tell', [grant, { ...refuse, kept: 29, reported: 0 }]],
    ['there is only one answer', [refuse]],
    [
      'nothing was reported at all',
      [
        { ...grant, reported: 0 },
        { ...refuse, reported: 0 },
      ],
    ],
  ] as const)('blames no answer when %s', (_why, answers) => {
    expect(findBlindAnswers(answers)).toEqual([])
  })

  it('warns in general while outcomes are missing, and is silent when they are known', () => {
    expect(describeCoverage({ kept: 100, reported: 41 }, [])).toMatch(/^Outcomes are known for 41 % of the/)
    expect(describeCoverage({ kept: 100, reported: 95 }, [])).toBeNull()
    expect(describeCoverage({ kept: 0, reported: 0 }, [])).toBeNull()
  })
})
