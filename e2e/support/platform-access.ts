import { mkdtemp, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { StatusModel } from '@understudy/api/views'
import { waitFor } from '@understudy/testing'
import { Clone } from './clone.ts'
import { type Control, createControl } from './control.ts'
import { type Prediction, type PredictOptions, predict } from './prediction.ts'
import { type ProgramResult, runProgram } from './run-program.ts'

export const PROJECT = fileURLToPath(new URL('../../', import.meta.url))
export const BIN = path.join(PROJECT, 'apps/cli/bin/understudy.mjs')

/** A status is the whole record of a model: to ask more often takes a good part of a core from what is waited for. */
const STATUS_EVERY_MS = 250

/** Where a platform is. */
export interface PlatformPlace {
  /** Everything of it lies below. */
  readonly folder: string
  readonly restPort: number
  readonly grpcPort: number
  readonly consolePort: number
}

/** What people do with a platform that runs, whoever started it. */
export class PlatformAccess {
  readonly place: PlatformPlace
  readonly dataDir: string
  readonly control: Control

  constructor(place: PlatformPlace) {
    this.place = place
    this.dataDir = path.join(place.folder, 'data')
    this.control = createControl(this.consoleUrl)
  }

  get restPort(): number {
    return this.place.restPort
  }

  get grpcPort(): number {
    return this.place.grpcPort
  }

  get consolePort(): number {
    return this.place.consolePort
  }

  get restUrl(): string {
    return `http://127.0.0.1:${this.restPort}`
  }

  get consoleUrl(): string {
    return `http://127.0.0.1:${this.consolePort}`
  }

  get repositoryPath(): string {
    return path.join(this.dataDir, 'models.git')
  }

  /** The environment that a person's shell has. */
  get env(): Readonly<Record<string, string>> {
    return {
      PATH: process.env.PATH ?? '',
      HOME: path.join(this.place.folder, 'home'),
      UNDERSTUDY_DATA_DIR: this.dataDir,
      UNDERSTUDY_REST_PORT: String(this.restPort),
      UNDERSTUDY_GRPC_PORT: String(this.grpcPort),
      UNDERSTUDY_CONSOLE_PORT: String(this.consolePort),
    }
  }

  /** Runs a verb of the command line as a person would, in a clone or in an empty folder. */
  async cli(args: readonly string[], cwd = this.place.folder): Promise<ProgramResult> {
    return await runProgram(process.execPath, [BIN, ...args], { cwd, env: this.env })
  }

  /** What a verb printed; it must succeed. */
  async ok(args: readonly string[], cwd?: string): Promise<string> {
    const { code, stdout, stderr } = await this.cli(args, cwd)
    if (code !== 0) throw new Error(`understudy ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`)
    return stdout.trim()
  }

  /** A fresh clone of the models repository. */
  async clone(): Promise<Clone> {
    const folder = await mkdtemp(path.join(this.place.folder, 'clone-'))
    return await Clone.of(this.repositoryPath, folder, this.env)
  }

  async predict(model: string, body: unknown, options?: PredictOptions): Promise<Prediction> {
    return await predict(this.restUrl, model, body, options)
  }

  /** What `understudy status <model> --json` prints of one model. */
  async status(model: string): Promise<StatusModel> {
    const { models } = await this.control.status.query({ model })
    const [only] = models
    if (!only) throw new Error(`there is no model ${model}`)
    return only
  }

  /** Waits until the status of a model is as wanted, and returns it. */
  async until(
    model: string,
    what: string,
    holds: (status: StatusModel) => boolean,
    timeoutMs = 30_000,
  ): Promise<StatusModel> {
    let last: StatusModel | undefined
    try {
      return await waitFor(
        `${model}: ${what}`,
        async () => {
          last = await this.status(model)
          return holds(last) ? last : undefined
        },
        { timeoutMs, everyMs: STATUS_EVERY_MS },
      )
    } catch (error) {
      throw new Error(`${String(error)}; last seen: ${JSON.stringify(last)}`, { cause: error })
    }
  }

  /** Waits until a version is live in the record. */
  async untilLive(model: string, number: number): Promise<StatusModel> {
    return await this.until(model, `v${number} is live`, (status) => status.live === number)
  }

  async log(
    name: 'controller' | 'serving-node' | `serving-node-${number}` | 'console' | 'database',
  ): Promise<string> {
    return await readFile(path.join(this.dataDir, 'logs', `${name}.log`), 'utf8')
  }
}
