import { mkdir, readdir } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '@understudy/core'
import { EmbeddedPostgres } from '@understudy/db/embedded'
import { untilLeftoverEnded } from '@understudy/db/guard'
import { checkDatabase, deployMigrations } from '@understudy/db/migrate'
import type { CliEnvironment } from '../env.ts'
import { checkBuilt, checkGit, checkPorts, type WantedPort } from './checks.ts'
import { childEnvironment } from './child-environment.ts'
import { type DataFolder, prepareDataFolder } from './data-folder.ts'
import { inputKey, keyCheckKey, overrideKey } from './installation-secret.ts'
import type { CreateModelsRepository } from './models-repository.ts'
import { nodePorts } from './node-ports.ts'
import {
  balancerSpec,
  consoleSpec,
  controllerSpec,
  type PlatformFiles,
  postgresSpec,
  type SpecContext,
  servingSpecs,
} from './platform-specs.ts'
import { ask, untilOk } from './probes.ts'
import { Progress } from './progress.ts'
import { checkNodeCount, type NodePlan, planNodes } from './serving-nodes.ts'
import type { StopRequests } from './stop-requests.ts'
import { FIRST_REQUEST, predictUrl, summary } from './summary.ts'
import { Supervisor } from './supervisor.ts'
import { lockDataFolder } from './up-lock.ts'

const FIRST_ANSWER_WITHIN_MS = 90_000
const SETTLE_WITHIN_MS = 10_000
/** A serving node whose supervisor was killed drains before it ends. */
const LEFTOVERS_END_WITHIN_MS = 25_000

export interface UpOptions {
  readonly config: CliEnvironment
  readonly files: PlatformFiles
  /** Serving nodes; more than one stand behind a balancer. */
  readonly nodes: number
  readonly clock: Clock
  readonly requests: StopRequests
  readonly createModelsRepository: CreateModelsRepository
  readonly write: (text: string) => void
}

/**
 * Runs the whole platform on this machine until asked to stop; resolves when every process it started has ended.
 *
 * @throws PlatformError one of `up.*`, `db.*`, `control.database_unavailable`: nothing that was started is left then
 */
export async function up(options: UpOptions): Promise<void> {
  const { config, files, clock, requests, write } = options
  const progress = new Progress(clock, write)
  checkNodeCount(options.nodes, config)
  await checkGit()
  checkBuilt([files.guard, files.controller, files.serving, files.balancer, files.consoleServer])
  const folder = await prepareDataFolder(config.dataDir, { asRoot: process.getuid?.() === 0 })
  const lock = lockDataFolder(folder.realPath)
  const supervisor = new Supervisor({ clock, progress, logDir: path.join(folder.realPath, 'logs') })
  const kill = () => {
    supervisor.kill()
    lock.release()
    process.exit(1)
  }
  requests.kill.addEventListener('abort', kill, { once: true })
  const starting = new Start(options, { folder, supervisor, progress, takenOver: lock.takenOver }).run()
  try {
    await Promise.race([starting, asked(requests.stop)])
    await asked(requests.stop)
    progress.line('stopping')
  } finally {
    // What is being created when we are asked to stop comes to its end, so that nothing goes on without us.
    const settled = Promise.race([starting.catch(() => undefined), clock.sleep(SETTLE_WITHIN_MS)])
    await Promise.all([supervisor.stop(), settled])
    requests.kill.removeEventListener('abort', kill)
    lock.release()
  }
}

interface StartParts {
  readonly folder: DataFolder
  readonly supervisor: Supervisor
  readonly progress: Progress
  readonly takenOver: boolean
}

/** The way from a prepared data folder to a platform that answers. */
class Start {
  readonly #options: UpOptions
  readonly #parts: StartParts

  constructor(options: UpOptions, parts: StartParts) {
    this.#options = options
    this.#parts = parts
  }

  async run(): Promise<void> {
    const { config, nodes } = this.#options
    const { folder, progress, takenOver } = this.#parts
    if (folder.realPath !== folder.path) progress.line(`data lies in ${folder.realPath}`)
    for (const name of ['logs', 'run']) {
      await mkdir(path.join(folder.realPath, name), { recursive: true, mode: 0o700 })
    }
    if (takenOver) progress.line('the last run was killed: ending what is left of it')
    await endLeftovers(this.#runDir)
    await checkPorts(wantedPorts(config), takenOver ? LEFTOVERS_END_WITHIN_MS : 0)
    const databaseUrl = await this.#database()
    const modelsRepository = config.repoUrl === undefined ? path.join(folder.path, 'models.git') : undefined
    if (modelsRepository !== undefined) await this.#repository(modelsRepository)
    const repoUrl = config.repoUrl ?? path.join(folder.path, 'models.git')
    const several = await this.#severalNodes()
    await this.#services(
      several,
      childEnvironment(config, { databaseUrl, repoUrl, dataDir: folder.realPath }),
    )
    const { servingUrl, consolePort, predictNeedsKey: needsKey } = config
    const answered = modelsRepository !== undefined && !needsKey && (await this.#firstAnswer())
    if (this.#options.requests.stop.aborted) return
    const grpcPorts = several.length === 0 ? [config.grpcPort] : several.map(({ grpcPort }) => grpcPort)
    const facts = { servingUrl, grpcPorts, needsKey, consolePort, nodes, modelsRepository, repoUrl, answered }
    progress.block(summary({ ...facts, dataDir: folder.path }))
  }

  get #runDir(): string {
    return path.join(this.#parts.folder.realPath, 'run')
  }

  /** Starts the embedded database or checks the user's own; migrated, it is ready for all. */
  async #database(): Promise<string> {
    const { config, files } = this.#options
    const { progress } = this.#parts
    let url = config.databaseUrl
    if (url === undefined) {
      progress.line('starting PostgreSQL')
      url = await this.#embeddedDatabase()
    } else await checkDatabase(url)
    const { applied } = await deployMigrations(url, files.migrations)
    progress.line(
      applied.length === 0 ? 'the database is up to date' : `${applied.length} migrations applied`,
    )
    return url
  }

  async #embeddedDatabase(): Promise<string> {
    const { config, files } = this.#options
    const { folder, supervisor } = this.#parts
    const postgres = await EmbeddedPostgres.prepare({
      folder: path.join(folder.realPath, 'postgres'),
      port: config.postgresPort,
    })
    const runDir = this.#runDir
    await supervisor.start(postgresSpec(postgres, { files, runDir, path: config.passedOn.PATH ?? '' }))
    return postgres.connectionString
  }

  async #repository(at: string): Promise<void> {
    const { createModelsRepository, files, config } = this.#options
    await createModelsRepository({
      path: at,
      templateDir: files.modelsTemplate,
      branch: config.repoBranch,
      exclude: ['next'],
      author: { name: 'Understudy', email: 'understudy@localhost' },
    })
    this.#parts.progress.line(`models repository: ${at}`)
  }

  async #services(nodes: readonly NodePlan[], env: Readonly<Record<string, string>>): Promise<void> {
    const { config, files, clock } = this.#options
    const { supervisor, progress } = this.#parts
    const serving = nodes.length === 0 ? 'serving node' : `${nodes.length} serving nodes, balancer`
    progress.line(`starting controller, ${serving} and console`)
    const { servingUrl, consolePort, notify, secretKey } = config
    const { realPath } = this.#parts.folder
    const context: SpecContext = {
      ...{ files, env, runDir: this.#runDir, clock, servingUrl, consolePort, notify },
      inputKey: await inputKey(realPath, secretKey),
      keyCheckKey: await keyCheckKey(realPath, secretKey),
      overrideKey: await overrideKey(realPath, secretKey),
    }
    await Promise.all([
      supervisor.start(controllerSpec(context)),
      // Nodes stop before it: a drain ends their connections, which it would else wait for.
      ...(nodes.length === 0 ? [] : [supervisor.start(balancerSpec(context, nodes))]),
      supervisor.start(...servingSpecs(context, nodes)),
      supervisor.start(consoleSpec(context)),
    ])
  }

  /** The nodes behind the balancer; empty when there is one node, on the public port. */
  async #severalNodes(): Promise<NodePlan[]> {
    const { config, nodes: count, clock } = this.#options
    if (count === 1) return []
    const { folder, takenOver } = this.#parts
    const ports = await nodePorts({
      file: path.join(folder.realPath, 'node-ports.json'),
      count: 2 * count,
      reserved: wantedPorts(config).map(({ port }) => port),
      patienceMs: takenOver ? LEFTOVERS_END_WITHIN_MS : 0,
      clock,
    })
    return planNodes(ports)
  }

  /** Waits until the first request of the summary is really answered. */
  async #firstAnswer(): Promise<boolean> {
    const { clock, config, requests } = this.#options
    this.#parts.progress.line('waiting for the first models to be live')
    const url = predictUrl(config.servingUrl, FIRST_REQUEST.model)
    const signal = AbortSignal.any([requests.stop, AbortSignal.timeout(FIRST_ANSWER_WITHIN_MS)])
    return await untilOk((inner) => ask(url, { body: FIRST_REQUEST.body, signal: inner }), { clock, signal })
  }
}

/** Programs that outlived their guards, because everything else was killed at once, would hold our ports. */
async function endLeftovers(runDir: string): Promise<void> {
  for (const name of await readdir(runDir)) await untilLeftoverEnded(path.join(runDir, name))
}

function wantedPorts(config: CliEnvironment): WantedPort[] {
  const wanted = [
    { port: config.restPort, use: 'predictions over REST', variable: 'UNDERSTUDY_REST_PORT' },
    { port: config.grpcPort, use: 'predictions over gRPC', variable: 'UNDERSTUDY_GRPC_PORT' },
    { port: config.consolePort, use: 'the console', variable: 'UNDERSTUDY_CONSOLE_PORT' },
  ]
  if (config.databaseUrl === undefined && config.postgresPort !== undefined) {
    wanted.push({ port: config.postgresPort, use: 'PostgreSQL', variable: 'UNDERSTUDY_POSTGRES_PORT' })
  }
  return wanted
}

function asked(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
