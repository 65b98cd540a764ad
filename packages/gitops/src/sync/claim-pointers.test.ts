import { expect, it } from 'vitest'
import { claimPointers } from './claim-pointers.ts'
import type { RecordedModel } from './recorded-repository.ts'

const FILE = 'environments/production.yaml'
const ENTRY = { live: 3, labels: {} }

function model(name: string, repositoryId: string): RecordedModel {
  return { name, repositoryId, configText: null, problems: [], versions: [] }
}

it('takes the entries of models that the repository holds, or brings with this commit', () => {
  const recorded = { repositoryId: 'one', models: [model('iris', 'one')] }
  const actions = [{ type: 'newModel' as const, model: 'rose', configText: null }]
  expect(claimPointers(FILE, { iris: ENTRY, rose: ENTRY }, { recorded, actions })).toEqual({
    models: { iris: ENTRY, rose: ENTRY },
    problems: [],
  })
})

it('refuses the entry of a model that there is not, or that another repository owns, and takes the others', () => {
  const recorded = { repositoryId: 'one', models: [model('iris', 'one'), model('rose', 'two')] }
  const said = { iris: ENTRY, rose: ENTRY, tulip: ENTRY }
  const { models, problems } = claimPointers(FILE, said, { recorded, actions: [] })
  expect(models).toEqual({ iris: ENTRY })
  expect(problems).toMatchObject([
    { path: FILE, code: 'gitops.pointer_unknown', message: expect.stringContaining('the model rose,') },
    { path: FILE, code: 'gitops.pointer_unknown', message: expect.stringContaining('the model tulip,') },
  ])
})
