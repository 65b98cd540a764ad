import { isPlatformError } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { pinnedSelector } from './pinned-selector.ts'

const live = { kind: 'live' } as const
const one = { kind: 'number', number: 1 } as const
const stable = { kind: 'label', label: 'stable' } as const

const chosen = (...given: Parameters<typeof pinnedSelector>) => {
  try {
    return pinnedSelector(...given)
  } catch (error) {
    return isPlatformError(error) ? error.code : String(error)
  }
}

describe('pinnedSelector', () => {
  it.each([
    ['nothing pinned', {}, live, live],
    ['the version of the path', {}, one, one],
    ['a version', { 'understudy-version': ' 1 ' }, live, one],
    ['a label', { 'understudy-label': 'stable' }, live, stable],
    ['the version of the path again', { 'understudy-version': '1' }, one, one],
    ['the label of the path again', { 'understudy-label': 'stable' }, stable, stable],
  ] as const)('takes %s', (_what, headers, ofPath, selector) => {
    expect(chosen(headers, ofPath)).toEqual(selector)
  })

  it.each([
    ['another version than the path', { 'understudy-version': '2' }, one],
    ['a label beside a version of the path', { 'understudy-label': 'stable' }, one],
    ['both', { 'understudy-version': '1', 'understudy-label': 'stable' }, live],
    ['a version that is no number', { 'understudy-version': '1.0' }, live],
    ['a version beyond 2^53', { 'understudy-version': '9999999999999999' }, live],
    ['an empty label', { 'understudy-label': ' ' }, live],
    ['a very long label', { 'understudy-label': 'x'.repeat(201) }, live],
  ] as const)('refuses %s', (_what, headers, ofPath) => {
    expect(chosen(headers, ofPath)).toBe('request.malformed')
  })
})
