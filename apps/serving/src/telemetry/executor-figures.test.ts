import { describe, expect, it } from 'vitest'
import { executorFigures } from './executor-figures.ts'

describe('executorFigures', () => {
  it('adds up processes, models and memory by kind; of a process that has ended there is no memory', () => {
    const status = (pid: number) =>
      pid === 3 ? '' : `VmRSS:\t 30 kB\nRssAnon:\t      ${pid} kB\nRssFile:\t 20 kB\n`
    const processes = [
      { pid: 1, kind: 'shared', models: 4 },
      { pid: 2, kind: 'shared', models: 5 },
      { pid: 3, kind: 'spare', models: 0 },
    ]
    expect(executorFigures(processes, status)).toEqual([
      { kind: 'shared', processes: 2, models: 9, anonymousBytes: 3 * 1_024, mappedBytes: 40 * 1_024 },
      { kind: 'spare', processes: 1, models: 0, anonymousBytes: 0, mappedBytes: 0 },
    ])
  })
})
