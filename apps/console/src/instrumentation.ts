/** Next calls this once, before the first request: the composition root of the console. */
export async function register(): Promise<void> {
  const { compose } = await import('./server/compose.ts')
  compose()
}
