import type { Channel } from './channel.ts'
import type { OutgoingMessage } from './outgoing-message.ts'
import { postJson } from './post-json.ts'

export interface SlackChannelOptions {
  /** A secret: whoever has it can post. */
  readonly url: string
  readonly timeoutMs: number
}

/** Posts each message as one text with a link to an incoming webhook of Slack, or of what understands the same. */
export function createSlackChannel({ url, timeoutMs }: SlackChannelOptions): Channel {
  return {
    name: 'slack',
    send: (message, signal) => {
      const body = JSON.stringify({ text: slackText(message) })
      return postJson({ url, body, headers: { 'understudy-notification-id': message.id }, timeoutMs, signal })
    },
  }
}

/** The text in Slack's markup. What came from Git or a person cannot be markup: it calls nobody, and links nowhere. */
export function slackText({ title, sentence, environment, url }: OutgoingMessage): string {
  const link = url === null ? '' : `\n<${escaped(url)}|Open in Understudy>`
  return `*${escaped(title)}* (${escaped(environment)})\n${escaped(sentence)}${link}`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
