import { CliError, type ControlClient } from './control-client.ts'

/** The version that an act means: the one given, else the one in the model's open (or last) rollout. */
export async function meantVersion(
  client: ControlClient,
  model: string,
  given: number | undefined,
): Promise<number> {
  if (given !== undefined) return given
  const { models } = await client.status.query({ model })
  const version = models[0]?.rollout?.version
  if (version === undefined)
    throw new CliError(`${model} has no rollout. \`understudy why ${model}\` says what it waits for.`)
  return version
}
