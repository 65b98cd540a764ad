import { z } from 'zod'
import { isModelName } from '../ids.ts'
import { parseYaml } from './parse-yaml.ts'

const member = z.string().refine(isModelName, { message: 'expected the name of a model' })

const releases = z
  .record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/), z.array(member).min(2).max(50))
  .refine((groups) => Object.keys(groups).length <= 50, { message: 'expected at most 50 releases' })
  .superRefine((groups, context) => {
    const seen = new Set<string>()
    for (const [name, models] of Object.entries(groups)) {
      for (const [index, model] of models.entries()) {
        if (seen.has(model)) {
          const message = `${model} stands in the releases twice: a model goes live with one group`
          context.addIssue({ code: 'custom', path: [name, index], message })
        }
        seen.add(model)
      }
    }
  })

const environmentFileSchema = z.strictObject({
  /** Models that go live together or not at all, by the name of the group. */
  releases: releases.default({}),
})

/** What `environments/<name>.yaml` says. */
export type EnvironmentFile = z.infer<typeof environmentFileSchema>

/**
 * Reads `environments/<name>.yaml`, or says file, line and column of its first mistake.
 *
 * @throws PlatformError `gitops.config_invalid`
 */
export function parseEnvironmentFile(text: string, file: string): EnvironmentFile {
  return parseYaml(text, file, environmentFileSchema)
}
