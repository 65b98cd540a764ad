import type { BenchContext } from '../bench-context.ts'
import type { LoadClient } from '../load/load-client.ts'
import { predictRequest } from '../load/predict-request.ts'
import { TINY_ROW, tinyModel } from '../models.ts'
import { monotonicMs } from '../monotonic.ts'
import { Platform } from '../platform.ts'
import type { Finding } from '../report/entry.ts'
import type { Row } from '../row.ts'
import { answerOf } from '../run-cost.ts'
import { median } from '../stats/quantile.ts'
import { describeFailures } from '../stats/windows.ts'

const RATE = 200
/** Golden samples alone decide: no shadow, no approval. */
const CONFIG = 'rollout: {strategy: immediate}\n'

/** The way from a push to clients, and back, through the whole platform. */
export const PLATFORM_TIMES: Row = {
  ids: ['15', '16'],
  limitMs: 180_000,
  run: async (bench) => {
    const platform = await bench.own(await Platform.start(bench.options.project))
    const load = await bench.load()
    return [await pushes(bench, platform, load), await rollbacks(bench, platform, load)]
  },
}

async function pushes(bench: BenchContext, platform: Platform, load: LoadClient): Promise<Finding> {
  await platform.push({ ...(await version('pushed', 1)), 'models/pushed/model.yaml': CONFIG }, monotonicMs)
  await platform.untilLive('pushed', 1)
  begin(platform, load, 'pushed')
  await load.answeredBy(1)
  const samples: number[] = []
  const inPush: number[] = []
  for (let number = 2; number <= bench.rounds + 1; number++) {
    const { beganMs, returnedMs } = await platform.push(await version('pushed', number), monotonicMs)
    samples.push((await load.answeredBy(number)) - beganMs)
    inPush.push(returnedMs - beganMs)
  }
  const failures = describeFailures(await load.stop())
  return {
    id: '15',
    samples,
    notes: [
      `of it, git push itself: ${median(inPush).toFixed(0)} ms; failed requests: ${failures || 'none'}`,
    ],
  }
}

async function rollbacks(bench: BenchContext, platform: Platform, load: LoadClient): Promise<Finding> {
  const models = Array.from({ length: bench.rounds }, (_, round) => `back-${round}`)
  const configs = Object.fromEntries(models.map((model) => [`models/${model}/model.yaml`, CONFIG]))
  await platform.push({ ...(await versions(models, 1)), ...configs }, monotonicMs)
  for (const model of models) await platform.untilLive(model, 1)
  await platform.push(await versions(models, 2), monotonicMs)
  for (const model of models) await platform.untilLive(model, 2)
  const samples: number[] = []
  const calls: number[] = []
  for (const model of models) {
    begin(platform, load, model)
    await load.answeredBy(2)
    const beganMs = monotonicMs()
    await platform.control('rollback', { model, from: 2, reason: 'measured' })
    calls.push(monotonicMs() - beganMs)
    samples.push((await load.answeredBy(1)) - beganMs)
    await load.stop()
  }
  return { id: '16', samples, notes: [`of it, the call itself: ${median(calls).toFixed(0)} ms; one node`] }
}

function begin(platform: Platform, load: LoadClient, model: string): void {
  const requests = [predictRequest(model, [TINY_ROW], platform.authorization)]
  load.open({ port: platform.restPort, requests, ratePerSecond: RATE, seed: 6 })
}

type Files = Readonly<Record<string, string | Uint8Array>>

/** The files of a small version with one golden sample. Its weights are those of its name and number. */
async function version(model: string, number: number): Promise<Files> {
  const tiny = tinyModel(number + 100 * model.charCodeAt(model.length - 1))
  const y = [await answerOf(tiny, TINY_ROW)]
  const golden = JSON.stringify({ request: { inputs: { x: [TINY_ROW] } }, response: { outputs: { y } } })
  const folder = `models/${model}/${number}`
  return { [`${folder}/model.onnx`]: tiny.files, [`${folder}/golden/samples.json`]: golden }
}

async function versions(models: readonly string[], number: number): Promise<Files> {
  return Object.assign({}, ...(await Promise.all(models.map((model) => version(model, number)))))
}
