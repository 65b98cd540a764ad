import { createTRPCClient, httpLink } from '@trpc/client'
import type { ControlRouter } from '@understudy/api/control'

/** The wire form of the control API for values that JSON has: everything that the scenarios read and send. */
const JSON_ONLY = {
  serialize: (value: unknown) => ({ json: value }),
  deserialize: (value: { json: unknown }) => value.json,
}

/** A client of the control API as the console has one. Times arrive as ISO 8601 texts. */
export function createControl(consoleUrl: string) {
  return createTRPCClient<ControlRouter>({
    links: [
      httpLink({
        url: `${consoleUrl}/api/trpc`,
        transformer: JSON_ONLY,
        headers: { 'x-understudy-client': 'e2e' },
      }),
    ],
  })
}

export type Control = ReturnType<typeof createControl>
