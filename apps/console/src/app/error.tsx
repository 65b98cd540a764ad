'use client'

import { Button } from '../components/button.tsx'

/** A defect of the page itself. What is served goes on; the page can be tried again. */
export default function PageError({
  error,
  reset,
}: {
  readonly error: Error & { digest?: string }
  readonly reset: () => void
}) {
  return (
    <div className="mx-auto max-w-250 py-10">
      <h1 className="font-semibold text-first">This page could not be shown</h1>
      <p className="mt-2 max-w-xl text-ink-2">
        What is served is not touched by this. Try again; if it stays, quote this when you report it:{' '}
        <span className="font-mono text-second">{error.digest ?? error.name}</span>
      </p>
      <p className="mt-5">
        <Button look="primary" height="large" onClick={reset}>
          Try again
        </Button>
      </p>
    </div>
  )
}
