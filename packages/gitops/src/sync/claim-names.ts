import { type Problem, problem } from '../snapshot/problem.ts'
import type { RecordedModel, RecordedRepository } from './recorded-repository.ts'

/** Which names a snapshot may use, and why it may not use the others. */
export interface NameClaims {
  readonly claimed: ReadonlySet<string>
  readonly problems: readonly Problem[]
}

/**
 * Gives each name to one model: a recorded name beats a new one, else the first in order wins. Names that differ only by case
 * are one name, for some file systems cannot hold both; a name belongs to the repository that brought it first.
 */
export function claimNames(names: readonly string[], recorded: RecordedRepository): NameClaims {
  const owners = new Map<string, RecordedModel>()
  for (const model of recorded.models) owners.set(model.name.toLowerCase(), model)
  const firsts = new Map<string, string>()
  const claimed = new Set<string>()
  const problems: Problem[] = []
  for (const name of names) {
    const folded = name.toLowerCase()
    const owner = owners.get(folded)
    const holder = owner?.name ?? firsts.get(folded) ?? name
    firsts.set(folded, holder)
    if (owner && owner.repositoryId !== recorded.repositoryId) {
      const text = `The name "${name}" came first with another repository: choose another name.`
      problems.push(problem(`models/${name}`, 'gitops.model_owned_elsewhere', text))
    } else if (holder !== name) {
      const text = `The name "${name}" differs from "${holder}" only by upper and lower case: choose another name.`
      problems.push(problem(`models/${name}`, 'gitops.model_name_invalid', text))
    } else {
      claimed.add(name)
    }
  }
  return { claimed, problems }
}
