import { z } from 'zod'
import { isModelName } from '../ids.ts'
import { SYSTEM_LABELS } from '../states.ts'
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

/** Each label keeps a version loaded on every node. */
const LABELS_MAX = 10

/** A label that is only digits could not be told from a number where both stand in one field. */
const LABEL = /^[A-Za-z][A-Za-z0-9._-]{0,62}$/

const isSystemLabel = (label: string) => SYSTEM_LABELS.some((one) => one === label.toLowerCase())

const labelName = z
  .string()
  .regex(LABEL, {
    message: 'expected a letter and then at most 62 letters, digits, dots, dashes or underscores',
  })
  .refine((label) => !isSystemLabel(label), {
    error: ({ input }) =>
      `the label ${input} is moved by rollouts: choose another name for a label of your own`,
  })

const NUMBER_EXPECTED = 'expected the number of a version, 1 or more'

const isVersionNumber = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 1

const labelledNumber = z.custom<number>(isVersionNumber, { message: NUMBER_EXPECTED })

const liveNumber = z.custom<number>(isVersionNumber, {
  error: ({ input }) =>
    input === 'none' ? 'no model can be taken off by this file yet: name a version' : NUMBER_EXPECTED,
})

const pointerEntry = z
  .strictObject({
    /** The version that shall be live; without it the trigger of `model.yaml` decides. */
    live: liveNumber.optional(),
    /** Versions that clients may ask for by a name of the user's own. */
    labels: z
      .record(labelName, labelledNumber)
      .refine((labels) => Object.keys(labels).length <= LABELS_MAX, {
        message: `expected at most ${LABELS_MAX} labels: each keeps a version loaded`,
      })
      .default({}),
  })
  .refine(({ live, labels }) => live !== undefined || Object.keys(labels).length > 0, {
    message: 'expected a live version or labels',
  })

const models = z.record(member, pointerEntry)

const environmentFileSchema = z.strictObject({
  /** What shall be live of a model, and which labels it has, by the name of the model. */
  models: models.default({}),
  /** Models that go live together or not at all, by the name of the group. */
  releases: releases.default({}),
})

/** What the environment file says of one model. */
export type PointerEntry = z.infer<typeof pointerEntry>

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
