import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TreeEntry } from '../mirror/tree-entry.ts'
import { parseSnapshot } from '../snapshot/parse-snapshot.ts'
import type { RepositorySnapshot } from '../snapshot/repository-snapshot.ts'
import { withTexts } from '../snapshot/with-texts.ts'
import { planSync } from './plan-sync.ts'
import type { RecordedModel, RecordedRepository, RecordedVersion } from './recorded-repository.ts'
import type { SyncAction, SyncPlan } from './sync-plan.ts'

const EMPTY: RecordedRepository = { repositoryId: 'r1', models: [] }

/** A snapshot out of `path → content`; equal contents have equal ids, `->` makes a symlink. */
function snapshot(files: Readonly<Record<string, string>>): RepositorySnapshot {
  const texts = new Map<string, Uint8Array>()
  const entries = Object.entries(files).map(([path, content]): TreeEntry => {
    const oid = Buffer.from(content).toString('hex').padEnd(40, '0').slice(0, 40)
    texts.set(oid, Buffer.from(content))
    return {
      mode: content.startsWith('->') ? '120000' : '100644',
      oid,
      sizeBytes: content.length,
      path: `models/${path}`,
    }
  })
  return withTexts(parseSnapshot('c', entries), texts)
}

/** What a store does with a plan, in the plainest way: the reference for "once the actions are applied". */
function apply(recorded: RecordedRepository, plan: SyncPlan): RecordedRepository {
  const models = new Map(recorded.models.map((model) => [model.name, model]))
  for (const action of plan.actions) models.set(action.model, applyTo(models.get(action.model), action))
  return { ...recorded, models: [...models.values()] }
}

function applyTo(known: RecordedModel | undefined, action: SyncAction): RecordedModel {
  if (action.type === 'newModel') {
    if (known) throw new Error(`${action.model} is on record`)
    return {
      name: action.model,
      repositoryId: 'r1',
      configText: action.configText,
      problems: [],
      versions: [],
    }
  }
  if (!known) throw new Error(`${action.model} is not on record`)
  const change = (with_: Partial<RecordedVersion>): RecordedModel => ({
    ...known,
    versions: known.versions.map((one) =>
      'number' in action && one.number === action.number ? { ...one, ...with_ } : one,
    ),
  })
  switch (action.type) {
    case 'configChanged':
      return { ...known, configText: action.configText }
    case 'problemsChanged':
      return { ...known, problems: action.problems }
    case 'newVersion': {
      const { number, servingFingerprint, goldenFingerprint, variantOf } = action.version
      const version = { number, servingFingerprint, goldenFingerprint, variantOf, atTip: true, refusals: [] }
      return { ...known, versions: [...known.versions, version] }
    }
    case 'mutatedVersion':
      return change({ refusals: [action.refusal] })
    case 'refusalEnded':
      return change({ refusals: [] })
    case 'goldenChanged':
      return change({ goldenFingerprint: action.version.goldenFingerprint })
    case 'notesChanged':
      return change({ variantOf: action.variantOf })
    case 'missingVersion':
      return change({ atTip: false })
    case 'returnedVersion':
      return change({ atTip: true })
  }
}

function types(plan: SyncPlan): string[] {
  return plan.actions.map((one) => `${one.type} ${one.model}${'number' in one ? `@${one.number}` : ''}`)
}

const IRIS = { 'iris/1/model.onnx': 'one', 'iris/model.yaml': 'kind: Model', 'iris/1/golden/a.json': '{}' }

describe('planSync', () => {
  const known = apply(EMPTY, planSync(snapshot(IRIS), EMPTY))
  const after = (files: Readonly<Record<string, string>>) => types(planSync(snapshot(files), known))

  it('records a new model with its version', () => {
    expect(types(planSync(snapshot(IRIS), EMPTY))).toEqual(['newModel iris', 'newVersion iris@1'])
  })

  it.each<[string, Record<string, string>, string[]]>([
    ['nothing for a commit that changes no model', { ...IRIS, 'iris/README.md': 'x' }, []],
    ['nothing for notes of a version', { ...IRIS, 'iris/1/version.yaml': 'trained: today' }, []],
    [
      'what its notes say it is a variant of',
      { ...IRIS, 'iris/1/version.yaml': 'variantOf: 7' },
      ['notesChanged iris@1'],
    ],
    [
      'a problem for notes that cannot be read',
      { ...IRIS, 'iris/1/version.yaml': 'variantOf: x' },
      ['problemsChanged iris'],
    ],
    ['a new version', { ...IRIS, 'iris/2/model.onnx': 'two' }, ['newVersion iris@2']],
    [
      'a refusal of changed bytes under a used number',
      { ...IRIS, 'iris/1/model.onnx': 'ONE' },
      ['mutatedVersion iris@1'],
    ],
    ['a refusal of an added serving file', { ...IRIS, 'iris/1/w.bin': 'w' }, ['mutatedVersion iris@1']],
    [
      'a refusal when the model became a symlink',
      { ...IRIS, 'iris/1/model.onnx': '->x' },
      ['mutatedVersion iris@1'],
    ],
    [
      'another validation for other golden samples',
      { ...IRIS, 'iris/1/golden/a.json': '[]' },
      ['goldenChanged iris@1'],
    ],
    ['a changed contract', { ...IRIS, 'iris/model.yaml': 'kind: X' }, ['configChanged iris']],
    [
      'the problem of a refused contract, which leaves the recorded one',
      { ...IRIS, 'iris/model.yaml': '->x' },
      ['problemsChanged iris'],
    ],
    [
      'a problem for a directory that is no number',
      { ...IRIS, 'iris/v2/model.onnx': 'x' },
      ['problemsChanged iris'],
    ],
    [
      'a problem, not a version, for one that cannot be taken',
      { ...IRIS, 'iris/2/model.onnx': '' },
      ['problemsChanged iris'],
    ],
    ['a missing version when it left Git', { 'iris/model.yaml': 'kind: Model' }, ['missingVersion iris@1']],
    ['a missing version when the model left Git', {}, ['missingVersion iris@1']],
    ['nothing for a new name that differs by case', { ...IRIS, 'Iris/1/model.onnx': 'x' }, []],
  ])('plans %s', (_, files, expected) => {
    expect(after(files)).toEqual(expected)
  })

  it('takes a corrected version under the same number as long as its bytes were never on record', () => {
    const empty = snapshot({ 'iris/1/model.onnx': '' })
    const recorded = apply(EMPTY, planSync(empty, EMPTY))
    expect(recorded.models[0]?.problems).toMatchObject([
      { path: 'models/iris/1/model.onnx', code: 'gitops.file_empty' },
    ])
    const plan = planSync(snapshot({ 'iris/1/model.onnx': 'one' }), recorded)
    expect(types(plan)).toEqual(['problemsChanged iris', 'newVersion iris@1'])
  })

  it('ends a refusal when the recorded bytes are back, or the number has left', () => {
    const mutated = apply(known, planSync(snapshot({ ...IRIS, 'iris/1/model.onnx': 'ONE' }), known))
    expect(mutated.models[0]?.versions[0]).toMatchObject({
      atTip: true,
      refusals: [{ code: 'gitops.version_mutated' }],
    })
    expect(types(planSync(snapshot(IRIS), mutated))).toEqual(['refusalEnded iris@1'])
    expect(types(planSync(snapshot({}), mutated))).toEqual(['refusalEnded iris@1', 'missingVersion iris@1'])
    const other = planSync(snapshot({ ...IRIS, 'iris/1/model.onnx': 'oNe' }), mutated)
    expect(types(other)).toEqual(['mutatedVersion iris@1'])
  })

  it('brings a number back only with its own bytes', () => {
    const gone = apply(known, planSync(snapshot({}), known))
    expect(types(planSync(snapshot(IRIS), gone))).toEqual(['returnedVersion iris@1'])
    expect(types(planSync(snapshot({ ...IRIS, 'iris/1/model.onnx': 'ONE' }), gone))).toEqual([
      'mutatedVersion iris@1',
    ])
  })

  it('lets no new name push a recorded one aside: case does not make another name', () => {
    const plan = planSync(snapshot({ ...IRIS, 'IRIS/1/model.onnx': 'x' }), known)
    expect(plan).toMatchObject({
      actions: [],
      problems: [{ path: 'models/IRIS', code: 'gitops.model_name_invalid' }],
    })
    const fresh = planSync(snapshot({ 'IRIS/1/model.onnx': 'x', 'iris/1/model.onnx': 'x' }), EMPTY)
    expect(types(fresh)).toEqual(['newModel IRIS', 'newVersion IRIS@1'])
    expect(fresh.problems).toMatchObject([{ path: 'models/iris' }])
  })

  it('leaves a name to the repository that brought it first', () => {
    const elsewhere = { repositoryId: 'r2', models: known.models }
    expect(planSync(snapshot(IRIS), elsewhere)).toMatchObject({
      actions: [],
      problems: [{ path: 'models/iris', code: 'gitops.model_owned_elsewhere' }],
    })
    expect(planSync(snapshot({}), elsewhere).actions).toEqual([])
  })

  const path = fc.constantFrom(
    'iris/1/model.onnx',
    'iris/2/model.onnx',
    'iris/2/golden/a.json',
    'iris/1/w.bin',
    'iris/model.yaml',
    'iris/v3/model.onnx',
    'Iris/1/model.onnx',
    'digits/1/model.onnx',
    'digits/1',
    'digits/model.yaml',
    'bad name/1/model.onnx',
    'digits',
  )
  const commit = fc.dictionary(path, fc.constantFrom('a', 'b', '', '->x')).map(snapshot)

  it('plans nothing for a snapshot that is on record, after any history', () => {
    fc.assert(
      fc.property(fc.array(commit, { minLength: 1, maxLength: 6 }), (history) => {
        let recorded = EMPTY
        for (const tip of history) {
          recorded = apply(recorded, planSync(tip, recorded))
          expect(planSync(tip, recorded).actions).toEqual([])
        }
      }),
    )
  })

  it('never changes what a number stands for, after any history', () => {
    fc.assert(
      fc.property(fc.array(commit, { minLength: 1, maxLength: 8 }), (history) => {
        const first = new Map<string, string>()
        let recorded = EMPTY
        for (const tip of history) {
          recorded = apply(recorded, planSync(tip, recorded))
          for (const model of recorded.models) {
            for (const version of model.versions) {
              const id = `${model.name}@${version.number}`
              expect(version.servingFingerprint).toBe(first.get(id) ?? version.servingFingerprint)
              first.set(id, version.servingFingerprint)
            }
          }
        }
      }),
    )
  })
})
