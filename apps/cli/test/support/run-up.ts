import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { ERROR_REGISTRY, isPlatformError, systemClock } from '@understudy/core'
import { readEnvironment } from '../../src/env.ts'
import { listenForStopRequests } from '../../src/up/stop-requests.ts'
import { up } from '../../src/up/up.ts'

// `understudy up` as it is and the bundled guard, with small programs in the places of controller, serving node and console.
const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))
const config = readEnvironment(here('.'))
try {
  await up({
    config,
    files: {
      guard: here('../../dist/up/guard.mjs'),
      controller: here(process.argv[2] ?? 'controller.mjs'),
      serving: here('serving.mjs'),
      balancer: here('balancer.mjs'),
      consoleServer: here('console-server.js'),
      migrations: here('../../../../prisma/migrations'),
      modelsTemplate: here('../../../../models-repo-template'),
    },
    nodes: Number(process.argv[3] ?? 1),
    clock: systemClock,
    requests: listenForStopRequests({ parentPipe: config.parentPipe }),
    createModelsRepository: async (options) => {
      if (!existsSync(path.join(options.path, 'HEAD')))
        execFileSync('git', ['init', '-q', '--bare', options.path])
    },
    write: (text) => process.stdout.write(text),
  })
  process.exit(0)
} catch (error) {
  process.stderr.write(
    isPlatformError(error) ? `${error.message} ${ERROR_REGISTRY[error.code].remedy}\n` : `${error}\n`,
  )
  process.exit(1)
}
