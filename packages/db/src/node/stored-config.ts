import { defaultModelConfig, type ModelConfig } from '@understudy/core'

type Plain = Readonly<Record<string, unknown>>

const DEFAULTS = defaultModelConfig() as unknown as Plain

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What is stored, with the defaults of keys that it lacks. A block that has no default is as it was written: whole. */
function filled(defaults: Plain, stored: Plain): Plain {
  const entries = Object.entries(stored).map(([key, value]): [string, unknown] => {
    const byDefault = Object.hasOwn(defaults, key) ? defaults[key] : undefined
    return [key, isPlain(byDefault) && isPlain(value) ? filled(byDefault, value) : value]
  })
  return { ...defaults, ...Object.fromEntries(entries) }
}

/**
 * A configuration of the record as this release knows it: keys that did not exist when it was stored have their defaults.
 *
 * It was parsed before it was stored, so it is not parsed again: durations are milliseconds there.
 */
export function storedConfig(json: unknown): ModelConfig {
  return filled(DEFAULTS, isPlain(json) ? json : {}) as unknown as ModelConfig
}
