import { z } from 'zod'
import { parseYaml } from './parse-yaml.ts'

/** `version.yaml` of one version. Other keys are its author's own notes: nothing reads them. */
const versionNotesSchema = z.looseObject({
  /** Number of the version that this one is a compressed form of. */
  variantOf: z.int().min(1).max(Number.MAX_SAFE_INTEGER).nullable().default(null),
})

/** What the platform reads of a `version.yaml`. */
export interface VersionNotes {
  readonly variantOf: number | null
}

export const NO_VERSION_NOTES: VersionNotes = { variantOf: null }

/**
 * Reads `version.yaml`: what it says to the platform, or an error that names file, line and column of the first mistake.
 *
 * @throws PlatformError `gitops.config_invalid`
 */
export function parseVersionNotes(text: string, file = 'version.yaml'): VersionNotes {
  const { variantOf } = parseYaml(text, file, versionNotesSchema)
  return { variantOf }
}
