import type { CreatedKeyView, KeyView } from '@understudy/api/views'
import Table from 'cli-table3'
import { BORDERLESS } from './borderless.ts'

const day = (iso: string) => iso.slice(0, 10)

function modelsText({ models }: KeyView): string {
  return models === null ? 'every model' : models.join(', ')
}

/** All keys, one line each. */
export function keyTable(keys: readonly KeyView[]): string {
  if (keys.length === 0) return 'There are no API keys. `understudy key create --name <name>` makes one.'
  const table = new Table({
    ...BORDERLESS,
    head: ['ID', 'NAME', 'MODELS', 'VERBS', 'STATE', 'CREATED', 'EXPIRES'],
  })
  for (const key of keys) {
    const { id, name, verbs, state, createdAt, createdBy, expiresAt } = key
    const created = `${day(createdAt)} by ${createdBy}`
    table.push([
      ...[id, name, modelsText(key), verbs.join(', '), state, created],
      expiresAt === null ? 'never' : day(expiresAt),
    ])
  }
  return table.toString()
}

/** What a person needs who just made a key. @param unknown models of the key that are not there (yet) */
export function createdKeyText({ key, token }: CreatedKeyView, unknown: readonly string[]): string {
  const until = key.expiresAt === null ? 'does not expire' : `expires at ${key.expiresAt}`
  return [
    `API key ${key.id} "${key.name}": may ${key.verbs.join(' and ')} for ${modelsText(key)}; ${until}.`,
    '',
    `  ${token}`,
    '',
    'Keep it now: it is stored nowhere and cannot be shown again.',
    'Clients send it as the header `Authorization: Bearer <key>`, over gRPC as metadata `authorization`.',
    ...unknown.map((model) => `There is no model ${model} yet; check the name.`),
    '',
  ].join('\n')
}
