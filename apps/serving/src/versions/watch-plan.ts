import type { PlanReader } from '@understudy/serving'
import type { VersionStore } from './version-store.ts'

/** The same reader; the store hears of every plan that was read, so that it keeps what is planned and nothing else. */
export function watchPlan(reader: PlanReader, store: Pick<VersionStore, 'plan'>): PlanReader {
  return {
    async read() {
      const plan = await reader.read()
      store.plan(plan.models.flatMap((model) => model.versions.map((version) => version.digest)))
      return plan
    },
    onHint: (hint) => reader.onHint(hint),
  }
}
