import { createServer, type Server } from 'node:http'
import os from 'node:os'
import path from 'node:path'
import type { TestProject } from 'vitest/node'
import { Platform } from './platform.ts'

/**
 * Vitest global setup: lends platforms to test files whose models do not disturb one another, so that they need not start one each.
 *
 * One file at a time has a platform; who asks while all are lent gets a new one. Files ask over a Unix socket (`borrowPlatform`).
 * At the end each platform is stopped as a person would, and what it leaves behind fails the run. Polling is as good as off: pushes
 * are noticed by the hook.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const socketPath = path.join(os.tmpdir(), `understudy-lender-${process.pid}.sock`)
  const all: Platform[] = []
  const free: Platform[] = []

  async function lend(): Promise<Platform> {
    const returned = free.pop()
    if (returned) return returned
    const platform = await Platform.create({
      name: `lent-${all.length + 1}`,
      env: { UNDERSTUDY_POLL_INTERVAL_MS: '3600000' },
    })
    all.push(platform)
    await platform.up().running()
    return platform
  }

  const server = createServer((request, response) => {
    const returned = all.find(({ place }) => request.url === `/return${place.folder}`)
    if (returned) {
      free.push(returned)
      response.end()
      return
    }
    lend().then(
      ({ place }) => response.end(JSON.stringify(place)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
  await listen(server, socketPath)
  project.provide('platformLender', socketPath)
  return async () => {
    await new Promise((resolve) => server.close(resolve))
    // One that never came up is closed as it is.
    const ends = await Promise.allSettled(
      all.map((platform) => (platform.run.ended ? platform.close() : platform.stop())),
    )
    const reasons = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []))
    if (reasons.length === 0) return
    // Vitest only logs what a teardown throws.
    process.exitCode = 1
    throw new AggregateError(reasons, reasons.map(String).join('; '))
  }
}

function listen(server: Server, socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(socketPath, () => resolve())
  })
}
