import type { PointerEntry } from '@understudy/core'
import { type Problem, problem } from '../snapshot/problem.ts'
import type { RecordedRepository } from './recorded-repository.ts'
import type { SyncAction } from './sync-plan.ts'

/** Entries of the environment file by model, and what is refused of them. */
export interface ClaimedPointers {
  readonly models: Readonly<Record<string, PointerEntry>>
  readonly problems: readonly Problem[]
}

/** What a sync knows of the models that there are. */
export interface KnownModels {
  readonly recorded: RecordedRepository
  readonly actions: readonly SyncAction[]
}

/**
 * Takes the entries of models that this repository brought, before or with this commit; each of the others is a problem, and stops
 * nothing else. Models of another repository are not this one's to point.
 */
export function claimPointers(
  file: string,
  said: Readonly<Record<string, PointerEntry>>,
  { recorded, actions }: KnownModels,
): ClaimedPointers {
  const own = recorded.models.filter((model) => model.repositoryId === recorded.repositoryId)
  const known = new Set([
    ...own.map((model) => model.name),
    ...actions.filter(({ type }) => type === 'newModel').map(({ model }) => model),
  ])
  const named = Object.entries(said)
  const strangers = named.filter(([name]) => !known.has(name))
  return {
    models: Object.fromEntries(named.filter(([name]) => known.has(name))),
    problems: strangers.map(([name]) =>
      problem(
        file,
        'gitops.pointer_unknown',
        `${file} names the model ${name}, which this repository does not hold. Push it, or take the entry out.`,
      ),
    ),
  }
}
