import { parseYaml } from './parse-yaml.ts'
import { type ModelConfig, modelConfigSchema } from './schema.ts'

/**
 * Reads `model.yaml`: a value with every default filled in, or an error that names file, line and column of the first mistake.
 *
 * @throws PlatformError `gitops.config_invalid`
 */
export function parseModelConfig(text: string, file = 'model.yaml'): ModelConfig {
  return parseYaml(text, file, modelConfigSchema)
}

/** The configuration of a model without `model.yaml`. */
export function defaultModelConfig(): ModelConfig {
  return modelConfigSchema.parse({})
}
