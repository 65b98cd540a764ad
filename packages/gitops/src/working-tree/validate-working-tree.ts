import { chmod, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { ArtifactStore } from '../artifacts/artifact-store.ts'
import { ingestVersion } from '../ingest/ingest-version.ts'
import type { Problem } from '../snapshot/problem.ts'
import type { ModelSnapshot, VersionSnapshot } from '../snapshot/repository-snapshot.ts'
import { claimNames } from '../sync/claim-names.ts'
import {
  type ValidationPorts,
  type ValidationReport,
  validateVersion,
} from '../validation/validate-version.ts'
import { findScope } from './find-scope.ts'
import { readWorkingTree, type WorkingTree } from './read-working-tree.ts'

export interface VersionReport {
  readonly model: string
  readonly number: number
  readonly path: string
  readonly report: ValidationReport
}

/** What the platform would say to a push of these files. */
export interface WorkingTreeReport {
  /** What is refused without being a numbered version. */
  readonly problems: readonly Problem[]
  /** By model and number. */
  readonly versions: readonly VersionReport[]
}

export interface ValidateWorkingTreeOptions {
  readonly quarantine: ValidationPorts['quarantine']
  /** Called before each version is loaded: loads take a while. */
  readonly onVersion?: (model: string, number: number) => void
  readonly signal?: AbortSignal
}

/**
 * Says offline what the platform would refuse and why, by the very pipeline that the platform runs. The path is a clone, a model
 * directory or a version directory; it is only read. What only the record knows (the live contract, used numbers) is not checked.
 *
 * @throws PlatformError `gitops.clone_unusable`
 */
export async function validateWorkingTree(
  given: string,
  options: ValidateWorkingTreeOptions,
): Promise<WorkingTreeReport> {
  const scope = await findScope(given)
  const tree = await readWorkingTree(scope)
  const { models, problems } = tree.snapshot
  const claims = claimNames(
    models.map((model) => model.name),
    { repositoryId: '', models: [] },
  )
  const folder = await mkdtemp(path.join(os.tmpdir(), 'understudy-validate-'))
  await chmod(folder, 0o755) // quarantine may run under another uid
  try {
    const versions: VersionReport[] = []
    const run = new Run(tree, folder, options)
    for (const model of models.filter((one) => claims.claimed.has(one.name))) {
      for (const version of model.versions) versions.push(await run.validate(model, version))
    }
    const ofModels = models.flatMap((model) => model.problems)
    return { problems: [...problems, ...claims.problems, ...ofModels], versions }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** One offline validation with its throw-away store. */
class Run {
  readonly #tree: WorkingTree
  readonly #ports: ValidationPorts
  readonly #options: ValidateWorkingTreeOptions

  constructor(tree: WorkingTree, folder: string, options: ValidateWorkingTreeOptions) {
    this.#tree = tree
    this.#options = options
    this.#ports = {
      store: new ArtifactStore(path.join(folder, 'store')),
      workFolder: path.join(folder, 'work'),
      quarantine: options.quarantine,
      compareContract: () => [],
    }
  }

  async validate(model: ModelSnapshot, version: VersionSnapshot): Promise<VersionReport> {
    const { number, path: at } = version
    const refused = version.problems.map(({ code, message }) => ({ code, message }))
    const report =
      refused.length > 0 ? { ok: false as const, reasons: refused } : await this.#load(model, version)
    return { model: model.name, number, path: at, report }
  }

  async #load(model: ModelSnapshot, version: VersionSnapshot): Promise<ValidationReport> {
    this.#options.onVersion?.(model.name, version.number)
    const { signal } = this.#options
    const { files, golden } = await ingestVersion(this.#tree, version, this.#ports.store, signal)
    const configFile = `models/${model.name}/model.yaml`
    const input = {
      model: model.name,
      number: version.number,
      configText: model.configText ?? null,
      problems: model.problems.filter((one) => one.path === configFile),
      files,
      golden,
    }
    return await validateVersion(input, this.#ports, signal)
  }
}
