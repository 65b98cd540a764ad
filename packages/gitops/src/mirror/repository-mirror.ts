import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { isPlatformError, PlatformError } from '@understudy/core'
import { tracer, withSpan } from '@understudy/telemetry'
import { gitClient } from '../git/git-client.ts'
import { type HostEnvironment, isolatedEnvironment } from '../git/git-environment.ts'
import { cleanGitText, isMissingGit, missingGit } from '../git/git-failure.ts'
import { askGit, type GitProcessOptions } from '../git/git-process.ts'
import type { BlobSource } from './blob-source.ts'
import { type CommitInfo, findLastCommitFor, readCommitInfo } from './commit-info.ts'
import { ensureMirrorFolder, type MirrorFolder, mirrorFolder } from './mirror-folder.ts'
import { openBlob, readSmallBlobs, readTree } from './object-reader.ts'
import { checkBranchName, parseRepositoryUrl, type RepositoryUrl } from './repository-url.ts'
import type { TreeEntry } from './tree-entry.ts'

export interface RepositoryMirrorOptions {
  readonly url: string
  readonly branch: string
  /** The mirror's own folder. One process owns it at a time. */
  readonly folder: string
  /** @defaultValue false: `file:` and absolute paths are refused. */
  readonly allowLocal?: boolean
  /** Variables of the machine; only PATH, SSH_AUTH_SOCK, proxies and certificates are taken. */
  readonly environment?: HostEnvironment
  /** For one fetch. @defaultValue 120 000 */
  readonly fetchTimeoutMs?: number
  /** For reading one object or tree. @defaultValue 600 000 */
  readonly readTimeoutMs?: number
}

export interface FetchOptions {
  /** The commit that was last accepted on the record; without it the mirror's own last tip counts. */
  readonly accepted?: string | undefined
  readonly signal?: AbortSignal | undefined
}

export interface FetchResult {
  /** The tip of the branch. */
  readonly commit: string
  /** What the tip was compared with; undefined on the first fetch. */
  readonly previous: string | undefined
  /** The previous commit is no ancestor of the tip: someone force-pushed. The caller stalls. */
  readonly rewritten: boolean
}

/**
 * A bare mirror of one branch, from which objects are read and nothing is ever checked out: no hook, filter or link of the
 * repository can act. The mirror is a cache: whatever happens to its folder, the next fetch makes a good one again.
 *
 * Concurrency: fetches run one after the other; objects may be read at any time.
 */
export class RepositoryMirror implements BlobSource {
  readonly branch: string
  readonly #url: RepositoryUrl
  readonly #folder: MirrorFolder
  readonly #environment: Readonly<Record<string, string>>
  readonly #fetchTimeoutMs: number
  readonly #readTimeoutMs: number
  #queue: Promise<unknown> = Promise.resolve()
  #damaged = false

  /** @throws PlatformError `gitops.url_refused` */
  constructor(options: RepositoryMirrorOptions) {
    this.#url = parseRepositoryUrl(options.url, { allowLocal: options.allowLocal ?? false })
    this.branch = checkBranchName(options.branch)
    this.#folder = mirrorFolder(path.resolve(options.folder))
    this.#environment = isolatedEnvironment(options.environment ?? {}, {
      home: this.#folder.home,
      protocols: this.#url.protocols,
    })
    this.#fetchTimeoutMs = options.fetchTimeoutMs ?? 120_000
    this.#readTimeoutMs = options.readTimeoutMs ?? 600_000
  }

  /** Guarantees a usable, perhaps still empty mirror. Called by every fetch. */
  async ensure(): Promise<void> {
    await this.#exclusively(() => this.#ensure())
  }

  /**
   * Brings the tip of the branch into the mirror, with its history.
   *
   * A rewritten branch is fetched but not taken over: it is reported again until the caller passes a commit of the new
   * history as `accepted`.
   * @throws PlatformError `gitops.branch_missing` (also for an empty repository), `gitops.fetch_failed`, `gitops.git_missing`
   */
  async fetch(options: FetchOptions = {}): Promise<FetchResult> {
    return await this.#exclusively(() =>
      withSpan(tracer('gitops'), 'gitops.fetch', {}, () => this.#fetch(options)),
    )
  }

  /** Entries at or below `models` of a commit. @throws PlatformError `gitops.mirror_damaged` */
  async readTree(commit: string, below = 'models', signal?: AbortSignal): Promise<TreeEntry[]> {
    return await this.#reading(() => readTree(commit, below, this.#reader(signal)))
  }

  /** Same guarantee as {@link BlobSource.openBlob}. @throws PlatformError `gitops.mirror_damaged` */
  async *openBlob(oid: string, signal?: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* openBlob(oid, this.#reader(signal))
    } catch (error) {
      throw this.#note(error)
    }
  }

  /** Small blobs by id, in one process. @throws PlatformError `gitops.mirror_damaged`, `gitops.file_too_large` */
  async readSmallBlobs(oids: readonly string[], maxBytes: number): Promise<Map<string, Buffer>> {
    return await this.#reading(() => readSmallBlobs(oids, { ...this.#reader(), maxBytes }))
  }

  async commitInfo(commit: string): Promise<CommitInfo> {
    return await this.#reading(() => readCommitInfo(commit, this.#reader()))
  }

  /** The commit that brought what is at `path`, seen from `commit`. */
  async lastCommitFor(commit: string, path: string): Promise<string> {
    return await this.#reading(() => findLastCommitFor(commit, path, this.#reader()))
  }

  async #fetch({ accepted, signal }: FetchOptions): Promise<FetchResult> {
    await this.#ensure()
    const kept = await this.#resolve(this.#keptRef)
    const commit = await this.#tip(signal)
    const previous = accepted ?? kept
    const rewritten =
      previous !== undefined && previous !== commit && !(await this.#isAncestor(previous, commit))
    if (!rewritten && kept !== commit) await this.#git().raw(['update-ref', this.#keptRef, commit])
    return { commit, previous, rewritten }
  }

  /** The remote's tip, in the mirror with all that it reaches: a ref moves only after its objects are complete. */
  async #tip(signal: AbortSignal | undefined): Promise<string> {
    const remote = await this.#remoteTip(signal)
    const fetched = await this.#resolve(this.#fetchedRef)
    if (fetched === remote) return remote
    await this.#download(signal).catch(async (error: unknown) => {
      if (fetched && (await askGit(['cat-file', '-e', `${fetched}^{tree}`], this.#reader())) !== 0) {
        this.#damaged = true
      }
      throw error
    })
    return (await this.#resolve(this.#fetchedRef)) ?? remote
  }

  /** The tip as the remote names it, which costs far less than a fetch and tells an absent branch from a broken remote. */
  async #remoteTip(signal: AbortSignal | undefined): Promise<string> {
    const ref = `refs/heads/${this.branch}`
    const output = await this.#remotely(() => this.#git(signal).raw(['ls-remote', this.#url.url, ref]))
    for (const line of output.split('\n')) {
      const [oid = '', name] = line.trim().split('\t')
      if (name === ref && /^[0-9a-f]{40,64}$/.test(oid)) return oid
    }
    throw new PlatformError(
      'gitops.branch_missing',
      `The repository has no branch "${this.branch}": it is empty, or the branch has another name.`,
    )
  }

  async #download(signal: AbortSignal | undefined): Promise<void> {
    const refspec = `+refs/heads/${this.branch}:${this.#fetchedRef}`
    const args = [
      'fetch',
      '--quiet',
      '--prune',
      '--no-tags',
      '--no-write-fetch-head',
      '--no-recurse-submodules',
    ]
    await this.#remotely(() => this.#git(signal).raw([...args, this.#url.url, refspec]))
  }

  async #remotely<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      if (isMissingGit(cause)) throw missingGit(cause)
      const said = cleanGitText(cause instanceof Error ? cause.message : String(cause))
      throw new PlatformError('gitops.fetch_failed', `The repository cannot be fetched: ${said}`, { cause })
    }
  }

  async #ensure(): Promise<void> {
    if (this.#damaged) await rm(this.#folder.gitFolder, { recursive: true, force: true })
    await mkdir(this.#folder.gitFolder, { recursive: true })
    await this.#remotely(() =>
      ensureMirrorFolder(this.#folder, {
        localPath: this.#url.localPath,
        environment: this.#environment,
        timeoutMs: this.#fetchTimeoutMs,
      }),
    )
    this.#damaged = false
  }

  async #resolve(ref: string): Promise<string | undefined> {
    const output = await this.#git().raw(['for-each-ref', '--format=%(objectname)', ref])
    return output.trim() || undefined
  }

  async #isAncestor(ancestor: string, descendant: string): Promise<boolean> {
    if (!/^[0-9a-f]{40,64}$/.test(ancestor)) return false
    const answer = await askGit(['merge-base', '--is-ancestor', ancestor, descendant], this.#reader())
    if (answer === 0 || answer === 1) return answer === 0
    // Neither yes nor no: either the old commit is gone from the history, which is a rewrite, or the mirror is broken.
    if ((await askGit(['cat-file', '-e', ancestor], this.#reader())) !== 0) return false
    this.#damaged = true
    throw new PlatformError('gitops.mirror_damaged', `The history of ${ancestor} cannot be read.`)
  }

  get #keptRef(): string {
    return `refs/heads/${this.branch}`
  }

  get #fetchedRef(): string {
    return `refs/understudy/fetched/${this.branch}`
  }

  #git(signal?: AbortSignal) {
    return gitClient({
      folder: this.#folder.gitFolder,
      environment: this.#environment,
      timeoutMs: this.#fetchTimeoutMs,
      signal,
    })
  }

  #reader(signal?: AbortSignal): GitProcessOptions {
    const { gitFolder: folder } = this.#folder
    return { folder, environment: this.#environment, timeoutMs: this.#readTimeoutMs, signal }
  }

  async #reading<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw this.#note(error)
    }
  }

  /** Remembers that an object could not be read, so that the next fetch starts from an empty mirror. */
  #note(error: unknown): unknown {
    if (isPlatformError(error) && error.code === 'gitops.mirror_damaged') this.#damaged = true
    return error
  }

  async #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work)
    this.#queue = turn.catch(() => undefined)
    return await turn
  }
}
