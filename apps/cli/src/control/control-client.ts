import { createTRPCClient, httpLink, TRPCClientError } from '@trpc/client'
import type { ControlRouter } from '@understudy/api/control'
import superjson from 'superjson'

/** A failure that one sentence tells whole; nothing about it needs a stack. */
export class CliError extends Error {}

/** A client of the control API of a running platform. */
export function createControlClient(consoleUrl: string) {
  return createTRPCClient<ControlRouter>({
    links: [
      httpLink({
        url: `${consoleUrl}/api/trpc`,
        transformer: superjson,
        // Tells the console that no browser page sends this.
        headers: { 'x-understudy-client': 'cli' },
      }),
    ],
  })
}

export type ControlClient = ReturnType<typeof createControlClient>

/**
 * Runs one call; what the platform refuses, and a platform that is not there, come out as one sentence.
 *
 * @throws CliError
 */
export async function ask<T>(consoleUrl: string, call: (client: ControlClient) => Promise<T>): Promise<T> {
  try {
    return await call(createControlClient(consoleUrl))
  } catch (error) {
    if (!(error instanceof TRPCClientError)) throw error
    const answered = error.data !== undefined && error.data !== null
    throw new CliError(
      answered
        ? error.message
        : `The platform does not answer at ${consoleUrl}. Start it with \`npm start\`, or set UNDERSTUDY_CONSOLE_PORT.`,
      { cause: error },
    )
  }
}
