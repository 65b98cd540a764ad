import { KEY_VERBS, type KeyVerb, parseApiKey, parseDurationMs } from '@understudy/core'
import { Command, InvalidArgumentError } from 'commander'
import type { CliContext } from '../cli-context.ts'
import { ask } from '../control/control-client.ts'
import { readEnvironment } from '../env.ts'
import { createdKeyText, keyTable } from '../text/key-text.ts'
import { inputKey, keyCheckKey, overrideKey } from '../up/installation-secret.ts'

interface CreateOptions {
  readonly name: string
  readonly model?: readonly string[]
  readonly verb?: readonly KeyVerb[]
  readonly expires?: number
  readonly json?: boolean
}

function verbArgument(text: string, before: readonly KeyVerb[] = []): readonly KeyVerb[] {
  const verb = KEY_VERBS.find((known) => known === text)
  if (verb === undefined) throw new InvalidArgumentError(`A verb is one of: ${KEY_VERBS.join(', ')}.`)
  return [...before, verb]
}

function modelArgument(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text]
}

function expiresArgument(text: string): number {
  const ms = parseDurationMs(text)
  if (ms === undefined || ms < 1_000) throw new InvalidArgumentError('A time looks like 12h or 90d.')
  return ms
}

/** The id in what was given; of a whole key nothing but its id leaves this machine. */
function keyIdArgument(text: string): string {
  return parseApiKey(text)?.id ?? text
}

/** `understudy key`: API keys of clients that predict. A secret is printed once and kept nowhere. */
export function createCommand(context: CliContext): Command {
  const consoleUrl = () => readEnvironment(context.root).consoleUrl
  const create = new Command('create')
    .description('make an API key; it is shown this once')
    .requiredOption('--name <name>', 'what it is for')
    .option(
      '--model <model>',
      'a model it may be used for; repeat for several; every model when left out',
      modelArgument,
    )
    .option(
      '--verb <verb>',
      `what it may be used for: ${KEY_VERBS.join(', ')}; repeat for several; predict when left out`,
      verbArgument,
    )
    .option('--expires <time>', 'when it ends, such as 90d; never when left out', expiresArgument)
    .option('--json', 'print JSON')
    .action(async ({ name, model, verb, expires, json }: CreateOptions) => {
      const { created, known } = await ask(consoleUrl(), async (client) => ({
        known: model === undefined ? [] : (await client.status.query({})).models.map((one) => one.name),
        created: await client.keys.create.mutate({
          ...{ name, models: model && [...model], verbs: verb && [...verb], expiresInMs: expires },
        }),
      }))
      const unknown = (model ?? []).filter((one) => !known.includes(one))
      context.write(json ? `${JSON.stringify(created, null, 2)}\n` : createdKeyText(created, unknown))
    })
  const list = new Command('list')
    .description('all keys, without their secrets')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const keys = await ask(consoleUrl(), (client) => client.keys.list.query())
      context.write(`${json ? JSON.stringify(keys, null, 2) : keyTable(keys)}\n`)
    })
  const revoke = new Command('revoke')
    .description('refuse a key from now on, everywhere; twice is once')
    .argument('<id>', 'the id of the key', keyIdArgument)
    .action(async (id: string) => {
      const result = await ask(consoleUrl(), (client) => client.keys.revoke.mutate({ id }))
      context.write(`${result.sentence}\n`)
    })
  return new Command('key')
    .description('API keys of clients that predict')
    .addCommand(create)
    .addCommand(list)
    .addCommand(revoke)
    .addCommand(
      printing(context, 'check-key', {
        description: 'print what nodes on other machines check keys with (UNDERSTUDY_KEY_CHECK_KEY)',
        derive: keyCheckKey,
      }),
    )
    .addCommand(
      printing(context, 'input-key', {
        description:
          'print what nodes on other machines encrypt stored inputs with (UNDERSTUDY_INPUT_KEY): a secret',
        derive: inputKey,
      }),
    )
    .addCommand(
      printing(context, 'override-key', {
        description:
          'print what nodes on other machines check overrides with (UNDERSTUDY_OVERRIDE_KEY): a secret',
        derive: overrideKey,
      }),
    )
}

/** Prints what is derived from the secret of the installation on this machine. */
function printing(
  context: CliContext,
  name: string,
  { description, derive }: { readonly description: string; readonly derive: typeof keyCheckKey },
): Command {
  return new Command(name).description(description).action(async () => {
    const { dataDir, secretKey } = readEnvironment(context.root)
    context.write(`${await derive(dataDir, secretKey)}\n`)
  })
}
