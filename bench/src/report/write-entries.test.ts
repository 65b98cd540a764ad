import { describe, expect, it } from 'vitest'
import { toEntry } from './entry.ts'
import { targetOf } from './target.ts'
import { mergeEntries } from './write-entries.ts'

const entry = (id: string, value: number) => toEntry(targetOf(id), { id, samples: [value] })

describe('mergeEntries', () => {
  it('renews what was measured and keeps the rest, one entry per figure, in the order of the targets', () => {
    const merged = mergeEntries([entry('1', 0.5), entry('9', 3)], [entry('9', 1.5), entry('2', 0.7)])
    expect(merged.map(({ id, value }) => [id, value])).toEqual([
      ['1', 0.5],
      ['2', 0.7],
      ['9', 1.5],
    ])
  })

  it('has exactly the keys that readers of the file expect', () => {
    const [only] = mergeEntries([], [entry('1', 0.5)])
    expect(Object.keys(only ?? {})).toEqual(['id', 'figure', 'value', 'floorToPass', 'goal', 'samples'])
  })

  it('drops figures that are no targets any more', () => {
    expect(mergeEntries([{ ...entry('1', 1), id: 'old' }], [])).toEqual([])
  })
})
