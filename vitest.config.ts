import { defineConfig } from 'vitest/config'
import { LongestFirst } from './vitest.sequencer.ts'

/** Another one looks elsewhere: `UNDERSTUDY_SEED=7 npm test -- unit`. */
const seed = Number(process.env.UNDERSTUDY_SEED ?? 20_261_201)
const setupFiles = ['packages/testing/src/fixed-seed.ts']

const exclude = ['**/node_modules/**', '**/dist/**', '**/.next/**']

export default defineConfig({
  test: {
    provide: { seed },
    // Most of a test's time is waiting for other processes: one worker would leave a core idle.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // Platforms and databases that were shared are stopped in order, each within its time.
    teardownTimeout: 60_000,
    projects: [
      {
        test: {
          name: 'unit',
          setupFiles,
          include: [
            'packages/*/src/**/*.test.ts',
            'apps/*/src/**/*.test.{ts,tsx}',
            'bench/src/**/*.test.ts',
            'scripts/**/*.test.ts',
          ],
          exclude,
          // Files share their worker, which saves most of the time: what a test registers globally it takes back.
          isolate: false,
          testTimeout: 10_000,
        },
      },
      {
        test: {
          name: 'integration',
          setupFiles,
          include: ['packages/*/test/**/*.int.test.ts', 'apps/*/test/**/*.int.test.ts'],
          exclude,
          globalSetup: ['packages/db/test/support/database-server.ts'],
          // As above: to import the platform's modules anew for each file would cost more than many a file does.
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/**/*.e2e.ts'],
          exclude,
          globalSetup: ['e2e/support/shared-platform-setup.ts'],
          // As above.
          isolate: false,
          // A second, as vitest has it, is less than a page takes to come up on a busy machine.
          expect: { poll: { timeout: 20_000 } },
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
      {
        test: {
          name: 'readme',
          include: ['e2e/readme/**/*.readme.ts'],
          exclude,
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
      {
        test: {
          name: 'statistics',
          include: ['packages/*/statistics/**/*.stat.ts'],
          exclude,
          testTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'faults',
          include: ['{e2e,apps/*,packages/*}/faults/**/*.faults.ts'],
          exclude,
          globalSetup: [
            'packages/db/test/support/database-server.ts',
            'e2e/support/shared-platform-setup.ts',
          ],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
