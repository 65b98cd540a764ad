export const dynamic = 'force-dynamic'

/** Says that this process answers. Waits for nothing, so a database away does not restart the console. */
export function GET(): Response {
  return Response.json({ status: 'ok' })
}
