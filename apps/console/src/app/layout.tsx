import './globals.css'
import { HydrationBoundary } from '@tanstack/react-query'
import { GeistMono } from 'geist/font/mono'
import { GeistSans } from 'geist/font/sans'
import type { Metadata, Viewport } from 'next'
import { headers } from 'next/headers'
import type { ReactNode } from 'react'
import { Providers } from '../shell/providers.tsx'
import { SideBar } from '../shell/side-bar.tsx'
import { TopBar } from '../shell/top-bar.tsx'
import { dehydrated, prefetch, requestQueryClient, serverControl } from '../trpc/prefetch.ts'

export const metadata: Metadata = {
  title: { default: 'Understudy', template: '%s · Understudy' },
  description:
    'GitOps model serving: push a version, watch it rehearse on real traffic, promote it with evidence.',
  robots: { index: false, follow: false },
}

export const viewport: Viewport = {
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#ffffff' },
    { media: '(prefers-color-scheme: dark)', color: '#101218' },
  ],
}

export default async function RootLayout({ children }: { readonly children: ReactNode }) {
  const nonce = (await headers()).get('x-nonce') ?? ''
  await prefetch(() => requestQueryClient().fetchQuery(serverControl().platform.queryOptions()))
  return (
    <html lang="en" className={`${GeistSans.variable} ${GeistMono.variable}`} suppressHydrationWarning>
      <body>
        <Providers nonce={nonce}>
          <HydrationBoundary state={dehydrated()}>
            <a
              href="#content"
              className="-translate-y-16 fixed top-2 left-2 z-50 rounded-control bg-ink px-3 py-2 font-medium text-surface focus:translate-y-0"
            >
              Skip to the content
            </a>
            <div className="flex">
              <SideBar />
              <div className="min-w-0 flex-1">
                <TopBar />
                <main id="content" tabIndex={-1} className="max-w-350 p-4 outline-none md:p-6">
                  {children}
                </main>
              </div>
            </div>
          </HydrationBoundary>
        </Providers>
      </body>
    </html>
  )
}
