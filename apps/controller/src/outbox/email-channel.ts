import { createTransport } from 'nodemailer'
import type { Channel, SendOutcome } from './channel.ts'
import type { OutgoingMessage } from './outgoing-message.ts'

export interface EmailChannelOptions {
  /** `smtp://` or `smtps://`, with user and password where the server asks for them. */
  readonly smtpUrl: string
  readonly from: string
  readonly to: readonly string[]
  readonly timeoutMs: number
}

/** Sends each message as a plain text e-mail. Its Message-ID is made of the id, so that mail programs show a repeated one once. */
export function createEmailChannel({ smtpUrl, from, to, timeoutMs }: EmailChannelOptions): Channel {
  const transport = createTransport({
    url: smtpUrl,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    socketTimeout: timeoutMs,
  })
  return {
    name: 'email',
    send: async (message, signal) => {
      try {
        await transport.sendMail({
          ...{ from, to: [...to], subject: emailSubject(message), text: emailText(message) },
          messageId: `<${message.id}@${domainOf(from)}>`,
          headers: { 'X-Understudy-Notification-Id': message.id, 'Auto-Submitted': 'auto-generated' },
          disableFileAccess: true,
          disableUrlAccess: true,
          signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        })
        return { type: 'delivered' }
      } catch (error) {
        return failedOf(error)
      }
    },
  }
}

/** One line: what came from Git or a person can add no header. */
export function emailSubject({ title, environment }: OutgoingMessage): string {
  return `[understudy ${environment}] ${title}`.replace(/\p{Cc}+/gu, ' ').slice(0, 200)
}

export function emailText({ sentence, url, environment, at, kind, id }: OutgoingMessage): string {
  const link = url === null ? [] : ['', url]
  return [sentence, ...link, '', '-- ', `${kind} in ${environment} at ${at}`, `Notification ${id}`, ''].join(
    '\n',
  )
}

function domainOf(from: string): string {
  return /@([A-Za-z0-9.-]+)/.exec(from)?.[1] ?? 'understudy.invalid'
}

/** Codes only: texts of a mail server may hold the account. */
function failedOf(error: unknown): SendOutcome {
  const { code, responseCode, command } = fieldsOf(error)
  const status = responseCode === undefined ? '' : ` ${responseCode}`
  const at = command === undefined ? '' : ` at ${command}`
  // A server that refuses the login, or is broken, refuses every message alike.
  const refused = responseCode !== undefined && responseCode >= 500 && code !== 'EAUTH'
  return { type: 'failed', reason: `the mail server failed: ${code ?? 'no answer'}${status}${at}`, refused }
}

function fieldsOf(error: unknown) {
  const fields: Readonly<Record<string, unknown>> =
    typeof error === 'object' && error !== null ? { ...error } : {}
  const { code, responseCode, command } = fields
  return {
    code: typeof code === 'string' ? code : undefined,
    responseCode: typeof responseCode === 'number' ? responseCode : undefined,
    command: typeof command === 'string' && /^[A-Z ]{1,20}$/.test(command) ? command : undefined,
  }
}
