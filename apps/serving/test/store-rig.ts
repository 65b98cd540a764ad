import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { chmod, lstat, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ArtifactStore } from '@understudy/gitops/artifacts'
import { OnnxBuilder } from '@understudy/testing'
import { IngestClient } from '../src/versions/ingest-client.ts'
import { type StoredVersion, VersionStore } from '../src/versions/version-store.ts'

const APP = path.resolve(import.meta.dirname, '..')
const WORKER = path.join(APP, 'dist/versions/worker.mjs')

/** A version store over real files and the real worker, with artifacts to ingest. */
export class StoreRig {
  /** Kinds of the tasks that the worker was given. */
  readonly tasks: string[] = []
  readonly sweepErrors: unknown[] = []
  readonly folder: string
  store: VersionStore
  readonly #root: string
  readonly artifacts: ArtifactStore
  readonly #models = new Map<string, Uint8Array>()
  #client: IngestClient

  private constructor(root: string) {
    this.#root = root
    this.folder = path.join(root, 'versions')
    this.artifacts = new ArtifactStore(path.join(root, 'artifacts'))
    this.#client = new IngestClient({ workerPath: WORKER })
    this.store = this.storeAt(this.folder)
  }

  /** The same bundle as in production. */
  static bundleWorker(): void {
    execFileSync(process.execPath, ['../../packages/tooling/src/bundle.mjs', 'src/versions/worker.ts'], {
      cwd: APP,
    })
  }

  static async create(): Promise<StoreRig> {
    const root = StoreRig.scratch('store')
    await chmod(root, 0o755)
    return new StoreRig(root)
  }

  static scratch(name: string): string {
    return mkdtempSync(path.join(tmpdir(), `understudy-${name}-`))
  }

  storeAt(folder: string): VersionStore {
    const client = this.#client
    return new VersionStore({
      folder,
      artifactPath: (sha256) => this.artifacts.path(sha256),
      ingest: {
        run: (task) => {
          this.tasks.push(task.kind)
          return client.run(task)
        },
      },
      onPlain: () => undefined,
      onSweepError: (error) => this.sweepErrors.push(error),
    })
  }

  /** Stores a linear model of `rows * 4000` bytes as a version with this digest. */
  async addVersion(digest: string, rows: number): Promise<StoredVersion> {
    const data = new Float32Array(rows * 1_000).fill(rows)
    const model = new OnnxBuilder()
      .input('x', 'float32', ['N', rows])
      .output('y', 'float32', ['N', 1_000])
      .initializer('W', { dtype: 'float32', shape: [rows, 1_000], data })
      .node('MatMul', [['x', 'W'], ['y']])
      .build()
    return await this.addModel(digest, model)
  }

  /** Stores these bytes as a version with this digest. */
  async addModel(digest: string, model: Uint8Array): Promise<StoredVersion> {
    const identity = await this.#put(model)
    this.#models.set(identity.sha256, model)
    return { digest, entryPoint: 'model.onnx', files: [{ path: 'model.onnx', ...identity }] }
  }

  versionFolder(version: StoredVersion): string {
    return path.join(this.folder, version.digest)
  }

  artifactPath(version: StoredVersion): string {
    return this.artifacts.path(version.files[0]?.sha256 ?? '')
  }

  /** Other bytes under the same size and time: what only reading the file again can find. */
  async overwriteInPlace(file: string): Promise<void> {
    const { atime, mtime, size } = await lstat(file)
    await chmod(file, 0o644)
    await writeFile(file, Buffer.alloc(size))
    await utimes(file, atime, mtime)
  }

  async hideArtifacts(): Promise<void> {
    await rename(this.artifacts.root, `${this.artifacts.root}-away`)
  }

  async restoreArtifacts(): Promise<void> {
    await rm(`${this.artifacts.root}-away`, { recursive: true, force: true })
    for (const [sha256, model] of this.#models) {
      const found = await lstat(this.artifacts.path(sha256)).catch(() => undefined)
      if (found?.size !== model.byteLength) await this.#put(model)
    }
  }

  /** Another process takes over the folder; the worker of the one before ends at once. */
  restart(): void {
    this.#client.close().catch(() => undefined)
    this.#client = new IngestClient({ workerPath: WORKER })
    this.store = this.storeAt(this.folder)
  }

  /** An empty folder and whole artifacts for the next test. */
  async reset(): Promise<void> {
    await this.#client.close()
    this.restart()
    await rm(this.folder, { recursive: true, force: true })
    await this.restoreArtifacts()
    this.tasks.length = 0
    this.sweepErrors.length = 0
  }

  async remove(): Promise<void> {
    await this.#client.close()
    rmSync(this.#root, { recursive: true, force: true })
  }

  #put(model: Uint8Array) {
    return this.artifacts.put(
      (async function* () {
        yield model
      })(),
      model.byteLength,
    )
  }
}
