/** Next calls this once, before the first request: the composition root of the console. */
export async function register(): Promise<void> {
  // Replaced by the bundler: without it the graph would be built for the edge runtime too, where nothing of it runs.
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const { compose } = await import('./server/compose.ts')
  compose()
}
