import path from 'node:path'
import { waitFor } from '@understudy/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Platform, PROJECT } from '../support/platform.ts'
import { type ReadmeCommand, readTour, withoutChance } from '../support/readme.ts'
import { runProgram } from '../support/run-program.ts'

/** Commands that only look: what they show may come a moment later. */
const LOOKS = /^(curl|npx --no-install understudy (why|status))\b/

describe('the README', () => {
  let platform: Platform

  beforeAll(async () => {
    platform = await Platform.create({ name: 'readme' })
    await platform.up({}, ['npm', 'start']).running()
    await runProgram('git', ['config', '--global', 'user.name', 'Ada'], { cwd: PROJECT, env: platform.env })
    await runProgram('git', ['config', '--global', 'user.email', 'ada@example.org'], {
      cwd: PROJECT,
      env: platform.env,
    })
  })

  afterAll(() => platform.stop())

  /** The command of the README on this platform's folder and ports. */
  function here(command: string): string {
    return command
      .replaceAll('.understudy/models.git', platform.repositoryPath)
      .replaceAll('../my-models', path.join(platform.dataDir, '..', 'my-models'))
      .replaceAll(':8501', `:${platform.restPort}`)
  }

  async function run({ command }: ReadmeCommand): Promise<string> {
    const { code, stdout, stderr } = await runProgram('sh', ['-c', here(command)], {
      cwd: PROJECT,
      env: platform.env,
    })
    if (code !== 0) throw new Error(`${command} ended with ${code}: ${stdout}${stderr}`)
    return withoutChance(stdout)
  }

  function missing(output: string, shown: readonly string[]): string | undefined {
    return shown.map(withoutChance).find((line) => !output.includes(line))
  }

  it('prints a curl that works when pasted', async () => {
    const curl = platform.run.output.split('\n').find((line) => line.trim().startsWith('curl '))
    const { stdout } = await runProgram('sh', ['-c', curl ?? 'false'], { cwd: PROJECT, env: platform.env })
    expect(JSON.parse(stdout).predictions[0].label).toBe('setosa')
  })

  it('has a tour of which every command works and prints what is shown', async () => {
    const tour = await readTour()
    expect(tour.length).toBeGreaterThan(10)
    for (const step of tour) {
      if (!LOOKS.test(step.command)) {
        const output = await run(step)
        expect({ command: step.command, missing: missing(output, step.shown), output }).toMatchObject({
          missing: undefined,
        })
        continue
      }
      let output = ''
      await waitFor(`${step.command} to print what the README shows`, async () => {
        output = await run(step)
        const line = missing(output, step.shown)
        if (line !== undefined) throw new Error(`no line "${line}" in: ${output}`)
        return true
      })
    }
  })
})
