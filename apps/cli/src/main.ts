import { fileURLToPath } from 'node:url'
import { ERROR_REGISTRY, isPlatformError } from '@understudy/core'
import { Command } from 'commander'
import type { CliContext } from './cli-context.ts'

interface Verb {
  readonly summary: string
  /** The module of the verb, loaded only when it is the one asked for. */
  readonly load: () => Promise<{ createCommand(context: CliContext): Command }>
}

const VERBS: Readonly<Record<string, Verb>> = {
  up: {
    summary: 'run the whole platform on this machine until Ctrl-C',
    load: () => import('./commands/up.ts'),
  },
  push: {
    summary: 'add a model file to a clone as the next version, and push it',
    load: () => import('./commands/push.ts'),
  },
  validate: {
    summary: 'say offline what the platform would refuse, and why',
    load: () => import('./commands/validate.ts'),
  },
  status: {
    summary: 'what is live and what is being tried',
    load: () => import('./commands/status.ts'),
  },
  why: {
    summary: 'what a model waits for, and what to do',
    load: () => import('./commands/why.ts'),
  },
  evidence: {
    summary: 'the evidence of a rollout, its verdict computed again',
    load: () => import('./commands/evidence.ts'),
  },
  history: {
    summary: 'what was live since when, and who did what and why',
    load: () => import('./commands/history.ts'),
  },
  notifications: {
    summary: 'what people were told, and whether it reached them',
    load: () => import('./commands/notifications.ts'),
  },
  predict: {
    summary: 'make honest traffic from golden samples',
    load: () => import('./commands/predict.ts'),
  },
  approve: {
    summary: 'let the version in rollout go live',
    load: () => import('./commands/approve.ts'),
  },
  reject: {
    summary: 'end the rollout and keep what is live',
    load: () => import('./commands/reject.ts'),
  },
  retry: {
    summary: 'let a paused shadow go on, or try a version again',
    load: () => import('./commands/retry.ts'),
  },
  pause: {
    summary: 'stop the open rollout where it is',
    load: () => import('./commands/pause.ts'),
  },
  resume: {
    summary: 'let a paused rollout go on where it was',
    load: () => import('./commands/resume.ts'),
  },
  abort: {
    summary: 'end the open rollout; while it bakes, roll it back',
    load: () => import('./commands/abort.ts'),
  },
  promote: {
    summary: 'start the rollout of a version by hand, or let a paused one go live now',
    load: () => import('./commands/promote.ts'),
  },
  rehearse: {
    summary: 'try a version in shadow only: a verdict, and no promotion',
    load: () => import('./commands/rehearse.ts'),
  },
  rollback: {
    summary: 'let the previous version answer again and withdraw the live one',
    load: () => import('./commands/rollback.ts'),
  },
  hold: {
    summary: 'fix what is live, whatever Git says; --release ends it',
    load: () => import('./commands/hold.ts'),
  },
  lift: {
    summary: 'end the withdrawal of a version; it starts nothing',
    load: () => import('./commands/lift.ts'),
  },
  key: {
    summary: 'API keys of clients that predict: create, list, revoke',
    load: () => import('./commands/key.ts'),
  },
  audit: {
    summary: 'the audit log: verify',
    load: () => import('./commands/audit.ts'),
  },
}

const context: CliContext = {
  root: fileURLToPath(new URL('../../../', import.meta.url)),
  write: (text) => process.stdout.write(text),
}

async function run(args: readonly string[]): Promise<void> {
  const program = new Command('understudy').description('Model serving from Git, with evidence.')
  const asked = args[0] === 'help' ? args[1] : args[0]
  for (const [name, verb] of Object.entries(VERBS)) {
    program.addCommand(
      asked === name
        ? (await verb.load()).createCommand(context)
        : new Command(name).description(verb.summary),
    )
  }
  await program.parseAsync([...args], { from: 'user' })
}

/** One sentence and what to do about it; a stack helps nobody at a terminal. */
function describe(error: unknown): string {
  if (isPlatformError(error)) return `${error.message} ${ERROR_REGISTRY[error.code].remedy}`
  return error instanceof Error ? error.message : String(error)
}

try {
  await run(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`understudy: ${describe(error)}\n`)
  process.exit(1)
}
