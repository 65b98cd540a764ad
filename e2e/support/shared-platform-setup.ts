import { createServer, type Server } from 'node:http'
import os from 'node:os'
import path from 'node:path'
import type { TestProject } from 'vitest/node'
import { OtlpReceiver } from './otlp-receiver.ts'
import { Platform } from './platform.ts'
import type { SharedPlace } from './shared-platform.ts'

/**
 * Vitest global setup: one platform for all test files that look at models of their own only, so that they need not start one each. Several
 * files may work with it at once, as teams do. Files ask over a Unix socket (`sharedPlatform`); the first one that asks has it started.
 *
 * At the end it is stopped as a person would, and what it leaves behind fails the run. Polling is as good as off: pushes are noticed by the
 * hook. Everything is traced.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const socketPath = path.join(os.tmpdir(), `understudy-shared-${process.pid}.sock`)
  const collector = await OtlpReceiver.listen()
  let platform: Promise<Platform> | undefined

  const server = createServer((_request, response) => {
    platform ??= start(collector)
    platform.then(
      ({ place }) => {
        const shared: SharedPlace = { place, collectorUrl: collector.endpoint }
        response.end(JSON.stringify(shared))
      },
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
  await listen(server, socketPath)
  project.provide('sharedPlatformSocket', socketPath)
  return async () => {
    await new Promise((resolve) => server.close(resolve))
    try {
      await (await platform)?.stop()
    } catch (error) {
      // Vitest only logs what a teardown throws.
      process.exitCode = 1
      throw error
    } finally {
      collector.close()
    }
  }
}

async function start(collector: OtlpReceiver): Promise<Platform> {
  const platform = await Platform.create({
    name: 'shared',
    env: {
      UNDERSTUDY_POLL_INTERVAL_MS: '3600000',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      UNDERSTUDY_TRACE_SAMPLE: '1',
      // Verdicts come in seconds: no test of this platform is about the pace of its shadows.
      UNDERSTUDY_SHADOW_RUNS_PER_SECOND: '500',
    },
  })
  try {
    await platform.up().running()
    return platform
  } catch (error) {
    await platform.close()
    throw error
  }
}

function listen(server: Server, socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(socketPath, () => resolve())
  })
}
