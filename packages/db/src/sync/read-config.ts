import {
  defaultModelConfig,
  type ModelConfig,
  mappingMistakes,
  parseModelConfig,
  toPlatformError,
  versionName,
} from '@understudy/core'
import type { Tx } from '../database.ts'
import { loadLiveSignature } from '../validation/live-signature.ts'

/** The configuration at the tip, or why the last valid one goes on. */
export type ConfigAtTip =
  | { readonly config: ModelConfig; readonly problem: null }
  | { readonly config?: never; readonly problem: string }

function parse(file: string, configText: string): ConfigAtTip {
  try {
    return { config: parseModelConfig(configText, file), problem: null }
  } catch (error) {
    return { problem: toPlatformError(error).message }
  }
}

/** Reads `model.yaml` of a commit. It has to fit what is live: a version that is not live yet is looked at when it is validated. */
export async function readConfig(tx: Tx, model: string, configText: string | null): Promise<ConfigAtTip> {
  if (configText === null) return { config: defaultModelConfig(), problem: null }
  const file = `models/${model}/model.yaml`
  const read = parse(file, configText)
  if (read.config === undefined) return read
  const live = await loadLiveSignature(tx, model)
  const [mistake] = live === undefined ? [] : mappingMistakes(live.signature, read.config)
  if (live === undefined || mistake === undefined) return read
  return { problem: `${file} does not fit ${versionName(model, live.number)}, which is live: ${mistake}.` }
}
