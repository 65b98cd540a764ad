import { parseDurationMs } from '@understudy/core'
import { Command, InvalidArgumentError } from 'commander'
import type { CliContext } from '../cli-context.ts'
import { ask, CliError } from '../control/control-client.ts'
import { readEnvironment } from '../env.ts'
import { openLoop, quantile, type RequestOutcome } from '../traffic/open-loop.ts'
import { predictSample, predictTarget } from '../traffic/predict-sample.ts'

interface PredictOptions {
  readonly golden?: boolean
  readonly rate: number
  readonly for: number
}

function rateArgument(text: string): number {
  const rate = Number(text)
  if (!(rate > 0 && rate <= 10_000))
    throw new InvalidArgumentError('A rate is a number of requests a second, at most 10000.')
  return rate
}

function durationArgument(text: string): number {
  const ms = parseDurationMs(text)
  if (ms === undefined || ms < 1 || ms > 86_400_000)
    throw new InvalidArgumentError('A duration looks like 30s or 5m.')
  return ms
}

/** What a run of traffic came to, in a few lines. */
function summary(model: string, outcomes: readonly RequestOutcome[]): string {
  const answered = outcomes.filter((outcome) => outcome.error === null)
  const versions = new Map<string, number>()
  for (const { version } of answered) versions.set(version ?? '?', (versions.get(version ?? '?') ?? 0) + 1)
  const latencies = answered.map((outcome) => outcome.latencyMs).sort((a, b) => a - b)
  const failed = outcomes.length - answered.length
  const lines = [
    `${outcomes.length} requests to ${model}: ${answered.length} answered, ${failed} failed`,
    ...[...versions].sort().map(([version, count]) => `  v${version} answered ${count}`),
    `  p50 ${quantile(latencies, 0.5).toFixed(1)} ms, p99 ${quantile(latencies, 0.99).toFixed(1)} ms`,
  ]
  const error = outcomes.find((outcome) => outcome.error !== null)?.error
  return [...lines, ...(error ? [`  first failure: ${error}`] : [])].join('\n')
}

/** `understudy predict <model> --golden`: sends golden samples and training rows, one row a request, in random order. */
export function createCommand(context: CliContext): Command {
  return new Command('predict')
    .description('make honest traffic from golden samples and training rows')
    .argument('<model>')
    .requiredOption('--golden', 'take the inputs from the golden samples of the live version')
    .option('--rate <perSecond>', 'requests a second', rateArgument, 50)
    .option('--for <duration>', 'how long', durationArgument, 30_000)
    .action(async (model: string, options: PredictOptions) => {
      const { consoleUrl, servingUrl, apiKey } = readEnvironment(context.root)
      const samples = await ask(consoleUrl, (client) => client.samples.query({ model }))
      const target = predictTarget(servingUrl, model, apiKey)
      const outcomes = await openLoop({
        ratePerSecond: options.rate,
        durationMs: options.for,
        send: () => {
          const sample = samples[Math.floor(Math.random() * samples.length)]
          return predictSample(target, sample?.inputs ?? {})
        },
      })
      target.agent.destroy()
      context.write(`${summary(model, outcomes)}\n`)
      const failed = outcomes.filter((outcome) => outcome.error !== null).length
      if (failed > 0) throw new CliError(`${failed} requests failed.`)
    })
}
