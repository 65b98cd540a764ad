import path from 'node:path'
import { type VersionReport, validateWorkingTree } from '@understudy/gitops'
import { createQuarantineRunner, probeSpawnTools } from '@understudy/onnx'
import { Command } from 'commander'
import type { CliContext } from '../cli-context.ts'
import { CliError } from '../control/control-client.ts'

function reportLines({ model, number, report }: VersionReport): readonly string[] {
  const name = `${model} v${number}`
  if (!report.ok) return report.reasons.map((reason) => `✗ ${name}: ${reason.message}`)
  const batch = report.batchable ? 'batches' : 'no batch axis'
  return [`✓ ${name}: loads in ${Math.round(report.loadMs)} ms, ${batch}`]
}

/** `understudy validate [path]`: what the platform would refuse, offline, for the same reasons. Exit code 1 when something is refused. */
export function createCommand(context: CliContext): Command {
  return new Command('validate')
    .description('say offline what the platform would refuse, and why')
    .argument('[path]', 'a clone, a model directory or a version directory', '.')
    .action(async (given: string) => {
      const entry = path.join(context.root, 'packages/onnx/dist/executor/main.mjs')
      const quarantine = createQuarantineRunner({ entry, tools: await probeSpawnTools() })
      const { problems, versions } = await validateWorkingTree(given, { quarantine })
      const lines = [...problems.map((problem) => `✗ ${problem.message}`), ...versions.flatMap(reportLines)]
      context.write(`${lines.join('\n')}\n`)
      const refused = problems.length + versions.filter((version) => !version.report.ok).length
      if (lines.length === 0)
        throw new CliError(`There is no model below ${given}: expected models/<name>/<number>/model.onnx.`)
      if (refused > 0)
        throw new CliError(`${refused} of ${problems.length + versions.length} would be refused.`)
    })
}
