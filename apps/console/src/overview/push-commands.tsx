'use client'

import { Tabs } from 'radix-ui'
import { Command } from '../components/command.tsx'

interface PushCommandsProps {
  readonly model: string
  readonly branch: string
}

const TAB =
  'h-8 border-transparent border-b-2 text-ink-2 text-second data-[state=active]:border-ink data-[state=active]:font-medium data-[state=active]:text-ink touch:h-11'

/** Two ways to push the same version. */
export function PushCommands({ model, branch }: PushCommandsProps) {
  return (
    <div className="grid gap-1.5">
      <h3 className="font-medium">Push a version</h3>
      <Tabs.Root defaultValue="cli">
        <Tabs.List aria-label="Ways to push" className="flex gap-4 border-b">
          <Tabs.Trigger value="cli" className={TAB}>
            With the CLI
          </Tabs.Trigger>
          <Tabs.Trigger value="git" className={TAB}>
            With Git
          </Tabs.Trigger>
        </Tabs.List>
        <Tabs.Content value="cli" className="mt-2 grid gap-2 outline-none">
          <Command what="push command">{`npx --no-install understudy push model.onnx --model ${model}`}</Command>
          <p className="text-ink-2 text-second">
            Run it in the folder of the platform. It takes the next number, copies the file, commits and
            pushes.
          </p>
        </Tabs.Content>
        <Tabs.Content value="git" className="mt-2 grid gap-2 outline-none">
          <Command what="Git commands">
            {`mkdir -p models/${model}/2 && cp model.onnx models/${model}/2/\ngit add models && git commit -m "${model} 2"\ngit push origin HEAD:${branch}`}
          </Command>
          <p className="text-ink-2 text-second">
            The directory is the number of the version. Its bytes are immutable: a change is the next number.
          </p>
        </Tabs.Content>
      </Tabs.Root>
    </div>
  )
}
