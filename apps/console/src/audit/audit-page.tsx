'use client'

import { usePathname, useRouter, useSearchParams } from 'next/navigation'
import { useEffect, useState } from 'react'
import { PageTitle } from '../shell/page-title.tsx'
import { AuditLog } from './audit-log.tsx'
import { LiveAt } from './live-at.tsx'
import { fromAddress } from './moment.ts'
import { VerifyChain } from './verify-chain.tsx'

/** What was live at any moment, and everything that happened. What one looks at is in the address. */
export function AuditPage() {
  const search = useSearchParams()
  const router = useRouter()
  const path = usePathname()
  const set = (name: string, value: string | undefined) => {
    const next = new URLSearchParams(search)
    if (value === undefined) next.delete(name)
    else next.set(name, value)
    router.replace(`${path}${next.size > 0 ? `?${next}` : ''}`, { scroll: false })
  }
  const now = useStartOfVisit()
  const at = fromAddress(search.get('at')) ?? now
  return (
    <div className="grid gap-4">
      <PageTitle>Audit</PageTitle>
      <header className="flex min-h-8 flex-wrap items-center gap-x-3 gap-y-1">
        <h1 className="font-semibold text-title">Audit</h1>
        <VerifyChain />
      </header>
      {at !== undefined && <LiveAt at={at} onAt={(moment) => set('at', moment.toISOString())} />}
      <AuditLog model={search.get('model') ?? undefined} onModel={(model) => set('model', model)} />
    </div>
  )
}

/** The moment the page was opened, in the reader's zone; unknown to the server. */
function useStartOfVisit(): Date | undefined {
  const [now, setNow] = useState<Date>()
  useEffect(() => setNow(new Date()), [])
  return now
}
