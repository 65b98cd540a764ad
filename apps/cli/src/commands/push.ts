import { shortCommit } from '@understudy/core'
import { pushModel } from '@understudy/gitops'
import { Command } from 'commander'
import type { CliContext } from '../cli-context.ts'
import { readEnvironment } from '../env.ts'

interface PushOptions {
  readonly model: string
  readonly repo: string
  readonly message?: string
}

/** `understudy push model.onnx --model iris`: next number, copy, commit, push. The same file twice is one version. */
export function createCommand(context: CliContext): Command {
  return new Command('push')
    .description('add a model file to a clone of the models repository as the next version, and push it')
    .argument('<file>', 'the ONNX file; a golden/ folder beside it goes with it')
    .requiredOption('--model <name>')
    .option('--repo <clone>', 'a clone of the models repository', '.')
    .option('--message <text>', 'the commit message')
    .action(async (file: string, options: PushOptions) => {
      const pushed = await pushModel({
        clone: options.repo,
        modelFile: file,
        environment: readEnvironment(context.root).host,
        model: options.model,
        message: options.message,
      })
      const name = `${options.model} v${pushed.number}`
      context.write(
        pushed.created
          ? `Pushed ${name} in ${shortCommit(pushed.commit)}. \`npx --no-install understudy why ${options.model}\` says what it waits for.\n`
          : `${name} has these bytes already: nothing new was pushed.\n`,
      )
    })
}
