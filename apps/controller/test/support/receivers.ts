import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

export interface ReceivedPost {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Somebody's webhook: takes posts and answers as it is told, 200 unless said otherwise. */
export class WebhookReceiver {
  readonly posts: ReceivedPost[] = []
  /** Answers of the next posts, in turn; `hang` leaves one open until the receiver is closed. */
  readonly answers: (number | 'hang')[] = []
  headers: Readonly<Record<string, string>> = {}
  readonly #server: Server

  constructor() {
    this.#server = createServer((request, response) => {
      let body = ''
      request.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk
      })
      request.on('end', () => {
        this.posts.push({ headers: request.headers, body })
        const answer = this.answers.shift() ?? 200
        if (answer !== 'hang') response.writeHead(answer, this.headers).end('x'.repeat(1_000_000))
      })
    })
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook?token=do-not-show`
  }

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

export interface ReceivedMail {
  readonly from: string
  readonly to: readonly string[]
  readonly text: string
}

/** A mail server that asks for a login, and turns mail away when it is told to. */
export class MailServer {
  readonly mails: ReceivedMail[] = []
  /** Response codes of the next mails, in turn. */
  readonly refusals: number[] = []
  readonly #server: SMTPServer
  readonly #login: { readonly user: string; readonly password: string }

  constructor(login: { readonly user: string; readonly password: string }) {
    this.#login = login
    this.#server = new SMTPServer({
      // Plain, as on a machine's own relay.
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _session, done) => {
        const isRight = username === this.#login.user && password === this.#login.password
        done(isRight ? null : new Error('Invalid login'), isRight ? { user: username } : undefined)
      },
      onData: (stream, { envelope }, done) => {
        let text = ''
        stream.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        stream.on('end', () => {
          const responseCode = this.refusals.shift()
          if (responseCode !== undefined) return done(Object.assign(new Error('not now'), { responseCode }))
          const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address
          this.mails.push({ from, to: envelope.rcptTo.map(({ address }) => address), text })
          done()
        })
      },
    })
    this.#server.on('error', () => undefined)
  }

  url(password = this.#login.password): string {
    const { port } = this.#server.server.address() as AddressInfo
    return `smtp://${this.#login.user}:${password}@127.0.0.1:${port}`
  }

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(resolve))
  }
}
