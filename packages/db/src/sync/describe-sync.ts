import type { SyncAction } from '@understudy/gitops'

function word(action: SyncAction): string {
  switch (action.type) {
    case 'newModel':
      return 'the model is new'
    case 'configChanged':
      return 'model.yaml changed'
    case 'problemsChanged':
      return action.problems[0]?.message ?? 'earlier problems are gone'
    case 'newVersion':
      return `v${action.number} was pushed`
    case 'goldenChanged':
      return `golden samples of v${action.number} changed`
    case 'notesChanged':
      return action.variantOf === null
        ? `v${action.number} is a variant of none`
        : `v${action.number} is a variant of v${action.variantOf}`
    case 'mutatedVersion':
      return action.refusal.message
    case 'refusalEnded':
      return `v${action.number} has its recorded bytes again`
    case 'missingVersion':
      return `v${action.number} left Git`
    case 'returnedVersion':
      return `v${action.number} is back in Git`
  }
}

/** What a commit did to one model, in one sentence for the audit log. */
export function describeSync(model: string, actions: readonly SyncAction[]): string {
  return `${model}: ${actions.map(word).join('; ')}`
}
