import { expect, test } from 'vitest'
import { breadcrumb, modelHref, rolloutHref } from './breadcrumb.ts'

const names = (path: string) => breadcrumb(path).map((crumb) => crumb.name)

test('the way to each page is told by its path', () => {
  expect(names('/')).toEqual(['Overview'])
  expect(names('/models')).toEqual(['Models'])
  expect(names('/models/iris')).toEqual(['Models', 'iris'])
  expect(names('/models/iris/rollouts/r1')).toEqual(['Models', 'iris', 'Rollout'])
  expect(names('/audit')).toEqual(['Audit'])
  expect(names('/nowhere')).toEqual(['Not found'])
})

test('the last part is never a link, the ones before always are', () => {
  expect(breadcrumb('/models/iris/rollouts/r1').map((crumb) => crumb.href)).toEqual([
    '/models',
    '/models/iris',
    undefined,
  ])
})

test('a broken escape in a path does not break the page', () => {
  expect(names('/models/%E0%A4%A')).toEqual(['Models', '%E0%A4%A'])
})

test('addresses escape what they carry', () => {
  expect(modelHref('a b')).toBe('/models/a%20b')
  expect(rolloutHref('iris', 'r/1')).toBe('/models/iris/rollouts/r%2F1')
})
