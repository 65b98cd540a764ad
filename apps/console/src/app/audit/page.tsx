import type { Metadata } from 'next'
import { Suspense } from 'react'
import { AuditPage } from '../../audit/audit-page.tsx'
import { Skeleton } from '../../components/skeleton.tsx'

export const metadata: Metadata = { title: 'Audit' }

export default function Page() {
  return (
    <Suspense fallback={<Skeleton what="The audit log" rows={8} />}>
      <AuditPage />
    </Suspense>
  )
}
