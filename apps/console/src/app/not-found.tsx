import type { Metadata } from 'next'
import Link from 'next/link'
import { buttonLook } from '../components/button.tsx'

export const metadata: Metadata = { title: 'Not found' }

export default function NotFound() {
  return (
    <div className="mx-auto max-w-250 py-10">
      <h1 className="font-semibold text-first">There is nothing here</h1>
      <p className="mt-2 max-w-xl text-ink-2">
        The address names no model, rollout or page of this installation. A model appears by itself when its
        first version is pushed.
      </p>
      <p className="mt-5 flex gap-2">
        <Link href="/" className={buttonLook({ look: 'primary', height: 'large' })}>
          Overview
        </Link>
        <Link href="/audit" className={buttonLook({ height: 'large' })}>
          Audit
        </Link>
      </p>
    </div>
  )
}
