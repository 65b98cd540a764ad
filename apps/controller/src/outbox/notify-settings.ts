import { parseDurationMs } from '@understudy/core'
import { NOTIFICATION_KINDS } from '@understudy/db'
import { z } from 'zod'

const SECRET_CHARS_MIN = 16

/** No message may repeat a value: they are secrets, or hold some. */
const httpUrl = z
  .string()
  .refine(
    (text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
    'must be an http or https URL',
  )
  .refine(
    (text) => !URL.canParse(text) || new URL(text).username + new URL(text).password === '',
    'must not hold a user or password: they would not be sent',
  )

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
)

const kinds = list.pipe(z.array(z.enum(NOTIFICATION_KINDS)).min(1))

const duration = z.string().transform((text, ctx) => {
  const ms = parseDurationMs(text)
  if (ms !== undefined && ms >= 1_000) return ms
  ctx.addIssue({ code: 'custom', message: 'must be a time such as 30m or 2h' })
  return z.NEVER
})

/** The variables that say whom the controller tells of what. */
export const NOTIFY_VARIABLES = {
  /** Gets every notification as signed JSON; together with its secret. */
  UNDERSTUDY_NOTIFY_WEBHOOK_URL: httpUrl.optional(),
  UNDERSTUDY_NOTIFY_WEBHOOK_SECRET: z
    .string()
    .min(SECRET_CHARS_MIN, `must have at least ${SECRET_CHARS_MIN} characters`)
    .optional(),
  /** Incoming webhook of Slack, or of what understands the same. */
  UNDERSTUDY_NOTIFY_SLACK_URL: httpUrl.optional(),
  /** Mail server; together with the addresses. */
  UNDERSTUDY_NOTIFY_SMTP_URL: z
    .string()
    .regex(/^smtps?:\/\/[^\s]+$/, 'must be an smtp or smtps URL')
    .refine((text) => URL.canParse(text), 'must be an smtp or smtps URL')
    .optional(),
  UNDERSTUDY_NOTIFY_EMAIL_FROM: z.string().includes('@', { message: 'must be an e-mail address' }).optional(),
  UNDERSTUDY_NOTIFY_EMAIL_TO: list
    .pipe(z.array(z.string().includes('@', { message: 'must be e-mail addresses' })).min(1))
    .optional(),
  /** What is told, separated by commas; everything when it is not set. */
  UNDERSTUDY_NOTIFY_KINDS: kinds.default([...NOTIFICATION_KINDS]),
  /** Where people open the console: links of notifications begin with it. */
  UNDERSTUDY_CONSOLE_URL: httpUrl.optional(),
  /** Drift that lasts longer is told. */
  UNDERSTUDY_DRIFT_ALARM: duration.default(3_600_000),
} as const

type NotifyVariables = z.infer<z.ZodObject<typeof NOTIFY_VARIABLES>>

/** Variables that make sense only together. */
const TOGETHER = [
  ['UNDERSTUDY_NOTIFY_WEBHOOK_URL', 'UNDERSTUDY_NOTIFY_WEBHOOK_SECRET'],
  ['UNDERSTUDY_NOTIFY_SMTP_URL', 'UNDERSTUDY_NOTIFY_EMAIL_FROM', 'UNDERSTUDY_NOTIFY_EMAIL_TO'],
] as const satisfies readonly (readonly (keyof NotifyVariables)[])[]

/** Says of each variable that misses its partners which ones. */
export function missingPartners(
  env: NotifyVariables,
): { readonly variable: string; readonly message: string }[] {
  return TOGETHER.flatMap((names) => {
    const given = names.filter((name) => env[name] !== undefined)
    const [first] = given
    if (first === undefined || given.length === names.length) return []
    const others = names.filter((name) => env[name] === undefined)
    return [{ variable: first, message: `needs ${others.join(' and ')} too` }]
  })
}
