import type { ExecutorIncident } from '@understudy/serving'
import { describe, expect, it } from 'vitest'
import { IncidentLog } from './incident-log.ts'

function incident(changes: Partial<ExecutorIncident> = {}): ExecutorIncident {
  return {
    ...{ id: { name: 'iris', version: 2 }, digest: 'd2', kind: 'crash', message: 'It ended.' },
    ...{ atMs: 1_000, confirmedInput: null, ...changes },
  }
}

describe('IncidentLog', () => {
  it('hands out each incident with a number of its own until it is recorded', () => {
    const log = new IncidentLog()
    log.observer.incident(incident())
    log.observer.incident(incident({ kind: 'hang', confirmedInput: 'ab' }))
    const pending = log.pending()
    expect(pending).toEqual([
      {
        ...{ seq: 1, model: 'iris', number: 2, digest: 'd2', kind: 'crash', message: 'It ended.' },
        ...{ confirmedInput: null, atMs: 1_000 },
      },
      expect.objectContaining({ seq: 2, kind: 'hang', confirmedInput: 'ab' }),
    ])
    expect(log.pending()).toEqual(pending)
    log.recorded(pending)
    expect(log.pending()).toEqual([])
  })

  it('keeps what happened while others were being recorded', () => {
    const log = new IncidentLog()
    log.observer.incident(incident())
    const pending = log.pending()
    log.observer.incident(incident({ kind: 'memory' }))
    log.recorded(pending)
    expect(log.pending()).toMatchObject([{ seq: 2, kind: 'memory' }])
  })

  it('stays bounded while nothing can be recorded, and keeps the newest under their numbers', () => {
    const log = new IncidentLog()
    for (let count = 0; count < 1_500; count += 1) log.observer.incident(incident())
    const pending = log.pending()
    expect([pending.length, pending[0]?.seq, pending.at(-1)?.seq]).toEqual([1_000, 501, 1_500])
  })
})
