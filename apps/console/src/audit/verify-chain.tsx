'use client'

import { useQuery } from '@tanstack/react-query'
import { Link2, Link2Off } from 'lucide-react'
import { Button } from '../components/button.tsx'
import { counted } from '../text/numbers.ts'
import { flatText } from '../text/plain-text.ts'
import { useTRPC } from '../trpc/client.ts'
import { controlFailure } from '../trpc/control-error.ts'

/** Computes the whole hash chain again, on demand, and says what came of it. */
export function VerifyChain() {
  const check = useQuery({ ...useTRPC().verifyAudit.queryOptions(), enabled: false })
  return (
    <>
      <p role="status" className="min-w-0 text-ink-2 text-second">
        {check.error !== null && controlFailure(check.error).message}
        {check.error === null &&
          check.data === undefined &&
          'Append-only; each entry carries the hash of the one before it'}
        {check.error === null && check.data?.ok === true && (
          <span className="flex items-center gap-1.5">
            <Link2 aria-hidden size={14} className="text-ok" />
            Chain intact: {counted(check.data.entries, 'entry', 'entries')}
          </span>
        )}
        {check.error === null && check.data?.ok === false && (
          <span className="flex items-center gap-1.5 font-medium text-bad">
            <Link2Off aria-hidden size={14} />
            Chain broken at entry {check.data.seq}: {flatText(check.data.problem)}
          </span>
        )}
      </p>
      <Button
        className="ml-auto"
        onClick={() => void check.refetch()}
        acting={check.isFetching ? 'Verifying…' : undefined}
      >
        <Link2 aria-hidden size={14} />
        Verify now
      </Button>
    </>
  )
}
