import { join } from 'node:path'
import type { NextConfig } from 'next'

const repositoryRoot = join(import.meta.dirname, '../..')

const config: NextConfig = {
  output: 'standalone',
  outputFileTracingRoot: repositoryRoot,
  turbopack: { root: repositoryRoot },
  transpilePackages: [
    '@understudy/api',
    '@understudy/core',
    '@understudy/db',
    '@understudy/gitops',
    '@understudy/rollout',
    '@understudy/serving',
    '@understudy/telemetry',
  ],
  serverExternalPackages: ['pg', 'pino', '@prisma/client', '@prisma/adapter-pg', '@opentelemetry/api'],
  // `npm run check:types` checks the whole program; a build need not do it again.
  typescript: { ignoreBuildErrors: true },
  poweredByHeader: false,
  reactStrictMode: true,
  devIndicators: false,
}

export default config
