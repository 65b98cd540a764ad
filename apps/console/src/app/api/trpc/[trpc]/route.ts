import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { controlRouter } from '@understudy/api/control'
import { PlatformError } from '@understudy/core'
import { consolePort } from '../../../../env.ts'
import { composition } from '../../../../server/composition.ts'
import { judgeControlRequest } from '../../../../server/control-guard.ts'

export const dynamic = 'force-dynamic'

const ENDPOINT = '/api/trpc'

async function handle(request: Request): Promise<Response> {
  const refusal = judgeControlRequest(request, { port: consolePort(), endpoint: ENDPOINT })
  if (refusal !== undefined) return refused(new PlatformError('control.forbidden_origin', refusal))
  return fetchRequestHandler({
    endpoint: ENDPOINT,
    req: request,
    router: controlRouter,
    createContext: composition,
    responseMeta: () => ({ headers: { 'cache-control': 'no-store' } }),
  })
}

function refused(error: PlatformError): Response {
  return Response.json(
    { error: { message: error.publicMessage, understudyCode: error.code, id: error.id } },
    { status: 403, headers: { 'cache-control': 'no-store' } },
  )
}

export { handle as GET, handle as POST }
