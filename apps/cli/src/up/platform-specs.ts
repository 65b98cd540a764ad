import path from 'node:path'
import type { Clock } from '@understudy/core'
import type { EmbeddedPostgres } from '@understudy/db/embedded'
import { type GuardedProgram, guardedCommand } from '@understudy/db/guard'
import { formatNodes } from '../balancer/env.ts'
import type { BackendNode } from '../balancer/node-table.ts'
import type { ChildSpec } from './child-spec.ts'
import { ask, untilOk } from './probes.ts'
import { type NodePlan, nodeEnvironment } from './serving-nodes.ts'

/** Files of the built platform, absolute. */
export interface PlatformFiles {
  readonly guard: string
  readonly controller: string
  readonly serving: string
  readonly balancer: string
  readonly consoleServer: string
  readonly migrations: string
  readonly modelsTemplate: string
}

/** Where everything lies in a repository that was built. */
export function platformFiles(root: string): PlatformFiles {
  return {
    guard: path.join(root, 'apps/cli/dist/up/guard.mjs'),
    controller: path.join(root, 'apps/controller/dist/main.mjs'),
    serving: path.join(root, 'apps/serving/dist/main.mjs'),
    balancer: path.join(root, 'apps/cli/dist/balancer/main.mjs'),
    consoleServer: path.join(root, 'apps/console/.next/standalone/apps/console/server.js'),
    migrations: path.join(root, 'prisma/migrations'),
    modelsTemplate: path.join(root, 'models-repo-template'),
  }
}

/** What the children of one platform have in common. */
export interface SpecContext {
  readonly files: PlatformFiles
  readonly env: Readonly<Record<string, string>>
  /** Folder for what must be found again after everything was killed. */
  readonly runDir: string
  readonly clock: Clock
  /** Where the node on the public port answers. */
  readonly servingUrl: string
  readonly consolePort: number
  /** For those who check or make API keys. */
  readonly keyCheckKey: string
  /** For nodes, which keep inputs of clients encrypted. */
  readonly inputKey: string
  /** For nodes, which check signed overrides. */
  readonly overrideKey: string
  /** For the controller, which tells people. */
  readonly notify: Readonly<Record<string, string>>
}

export function postgresSpec(
  postgres: EmbeddedPostgres,
  context: Pick<SpecContext, 'files' | 'runDir'> & { readonly path: string },
): ChildSpec {
  return guarded({
    name: 'database',
    guard: context.files.guard,
    program: { ...postgres.program, identityFile: path.join(context.runDir, 'database.json') },
    env: { PATH: context.path },
    beforeStart: () => postgres.clearLeftovers(),
    ready: { kind: 'probe', probe: (signal) => postgres.untilReady(signal) },
    stopWithinMs: 12_000,
  })
}

export function controllerSpec({ files, env, notify, consolePort }: SpecContext): ChildSpec {
  // Links of notifications lead to our own console, unless people reach it under another address.
  const own = { UNDERSTUDY_CONSOLE_URL: `http://127.0.0.1:${consolePort}`, ...env, ...notify }
  return {
    ...nodeProgram('controller', files.controller, own),
    ready: { kind: 'logLine' },
    stopWithinMs: 10_000,
  }
}

/** The serving node on the public port; or several on ports of their own, which a balancer there stands before. */
export function servingSpecs(context: SpecContext, nodes: readonly NodePlan[]): ChildSpec[] {
  const { env, servingUrl } = context
  if (nodes.length === 0) return [servingSpec(context, { name: 'serving node', env, url: servingUrl })]
  return nodes.map((node, index) => {
    const own = nodeEnvironment(env, node, nodes.length)
    const url = `http://127.0.0.1:${node.port}`
    return servingSpec(context, { name: `serving node ${index + 1}`, env: own, url })
  })
}

/**
 * The flags that the README of the serving node asks for: without them a busy node spends a third of its time collecting memory.
 */
const SERVING_FLAGS = ['--max-semi-space-size=64', '--initial-old-space-size=128']

function servingSpec(
  { files, clock, keyCheckKey, inputKey, overrideKey }: SpecContext,
  { name, env, url }: { readonly name: string; readonly env: SpecContext['env']; readonly url: string },
): ChildSpec {
  const keys = {
    UNDERSTUDY_KEY_CHECK_KEY: keyCheckKey,
    UNDERSTUDY_INPUT_KEY: inputKey,
    UNDERSTUDY_OVERRIDE_KEY: overrideKey,
  }
  return {
    ...nodeProgram(name, files.serving, { ...env, ...keys }),
    args: [...SERVING_FLAGS, files.serving],
    ready: whenOk(`${url}/v2/health/ready`, clock),
    // Its drain included.
    stopWithinMs: 20_000,
  }
}

export function balancerSpec({ files, env }: SpecContext, nodes: readonly BackendNode[]): ChildSpec {
  // It has no business with the database.
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => name !== 'DATABASE_URL'))
  return {
    ...nodeProgram('balancer', files.balancer, { ...own, UNDERSTUDY_BALANCER_NODES: formatNodes(nodes) }),
    ready: { kind: 'logLine' },
    stopWithinMs: 8_000,
  }
}

export function consoleSpec({ files, env, clock, consolePort, runDir, keyCheckKey }: SpecContext): ChildSpec {
  return guarded({
    name: 'console',
    guard: files.guard,
    program: {
      file: process.execPath,
      args: [files.consoleServer],
      cwd: path.dirname(files.consoleServer),
      // It waits for open connections, and pages hold one each: no reason to wait for those.
      endSteps: [{ signal: 'SIGTERM', waitMs: 1_500 }],
      identityFile: path.join(runDir, 'console.json'),
    },
    env: {
      ...env,
      ...{ HOSTNAME: '127.0.0.1', PORT: String(consolePort), NEXT_TELEMETRY_DISABLED: '1' },
      UNDERSTUDY_KEY_CHECK_KEY: keyCheckKey,
    },
    ready: whenOk(`http://127.0.0.1:${consolePort}/api/health`, clock),
    stopWithinMs: 5_000,
  })
}

function nodeProgram(name: string, main: string, env: Readonly<Record<string, string>>) {
  return { name, file: process.execPath, args: [main], cwd: path.dirname(main), env }
}

function guarded(
  child: Omit<ChildSpec, 'file' | 'args' | 'cwd' | 'identityFile'> & {
    readonly guard: string
    readonly program: GuardedProgram
  },
): ChildSpec {
  const { guard, program, ...rest } = child
  const [file = '', ...args] = guardedCommand([process.execPath, guard], program)
  return { ...rest, file, args, cwd: path.dirname(guard), identityFile: program.identityFile }
}

function whenOk(url: string, clock: Clock): ChildSpec['ready'] {
  return {
    kind: 'probe',
    probe: async (signal) => {
      if (!(await untilOk((inner) => ask(url, { signal: inner }), { clock, signal }))) {
        throw new Error(`${url} was given up`)
      }
    },
  }
}
