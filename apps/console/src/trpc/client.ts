import {
  createTRPCClient,
  httpBatchLink,
  httpSubscriptionLink,
  splitLink,
  type TRPCClient,
  type TRPCLink,
} from '@trpc/client'
import { createTRPCContext } from '@trpc/tanstack-react-query'
import type { ControlRouter } from '@understudy/api/control'
import superjson from 'superjson'

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<ControlRouter>()

const URL_OF_CONTROL = '/api/trpc'

export type ControlClient = TRPCClient<ControlRouter>

export function createControlClient(): ControlClient {
  const links: TRPCLink<ControlRouter>[] = [
    splitLink({
      condition: (operation) => operation.type === 'subscription',
      true: httpSubscriptionLink({ url: URL_OF_CONTROL, transformer: superjson }),
      false: httpBatchLink({ url: URL_OF_CONTROL, transformer: superjson }),
    }),
  ]
  return createTRPCClient<ControlRouter>({ links })
}
