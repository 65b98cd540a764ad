import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Files that take longest, dearest first. One that starts last keeps one core busy while the other has nothing left to do. Only the
 * order comes from here: a path that is wrong or missing costs a little time and nothing else.
 */
const DEAREST: readonly string[] = [
  'e2e/console/console-pages.e2e.ts',
  'e2e/scenarios/push-to-serve.e2e.ts',
  'e2e/scenarios/bad-input.e2e.ts',
  'e2e/console/tour.e2e.ts',
  'e2e/scenarios/evidence.e2e.ts',
  'e2e/scenarios/hot-update.e2e.ts',
  'apps/cli/test/up.int.test.ts',
  'packages/gitops/test/push-model.int.test.ts',
  'packages/db/test/release.int.test.ts',
  'packages/db/test/rollback.int.test.ts',
  'packages/db/test/embedded-postgres.int.test.ts',
  'apps/controller/test/bad-input.int.test.ts',
  'packages/db/test/rollout-acts.int.test.ts',
  'apps/cli/test/rollback-node.int.test.ts',
  'packages/db/test/strategy.int.test.ts',
  'packages/db/test/rollout-decided.int.test.ts',
  'packages/db/test/override.int.test.ts',
  'packages/onnx/test/forms.int.test.ts',
  'packages/onnx/test/pool-loss.int.test.ts',
  'apps/serving/test/metrics.int.test.ts',
  'packages/db/test/node-evidence.int.test.ts',
  'packages/onnx/test/executor-limits.int.test.ts',
  'packages/db/test/incidents.int.test.ts',
  'packages/db/test/rollout.int.test.ts',
  'packages/onnx/test/quarantine.int.test.ts',
  'packages/db/test/nodes.int.test.ts',
  'apps/serving/test/plan-file-node.int.test.ts',
]

/** Starts the dearest files first, then the others as vitest would. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = DEAREST.findIndex((path) => moduleId.endsWith(`/${path}`))
      return at < 0 ? DEAREST.length : at
    }
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}
