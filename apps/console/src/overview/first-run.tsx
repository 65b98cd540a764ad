import type { PlatformView } from '@understudy/api/views'
import { Check, GitCommitHorizontal, PackageCheck, Radio, ScanSearch } from 'lucide-react'
import type { ReactNode } from 'react'
import { cn } from '../components/cn.ts'
import { Command } from '../components/command.tsx'
import { CopyButton } from '../components/copy-button.tsx'
import { Fact, Facts, Panel } from '../components/panel.tsx'
import { RelativeTime } from '../components/time.tsx'
import { predictCommand } from './how-to-push.tsx'
import { PushCommands } from './push-commands.tsx'

/** The page of an installation without a model: the one next step, and what will happen then. */
export function FirstRun({ platform }: { readonly platform: PlatformView }) {
  const { repository, servingUrl, nodes } = platform
  const branch = repository?.branch ?? 'main'
  return (
    <div className="mx-auto max-w-250 py-4">
      <h1 className="font-semibold text-first">Push your first model</h1>
      <p className="mt-2 max-w-xl text-ink-2">
        The platform is running and watches your repository. A directory with one ONNX file is enough. This
        page changes by itself when your push arrives.
      </p>
      <div className="mt-6 grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_328px]">
        <ol className="rounded-panel border bg-surface px-5 py-5">
          <Step sign={<Check aria-hidden size={14} />} state="done" title="Repository connected">
            {repository === null ? (
              <p className="text-ink-2 text-second">No repository is known yet.</p>
            ) : (
              <>
                <p className="mb-2 text-ink-2 text-second">
                  branch <code className="font-mono">{branch}</code> ·{' '}
                  {repository.commit === null ? 'no commits yet' : `at ${repository.commit.slice(0, 7)}`}
                  {repository.syncedAt !== null && (
                    <>
                      {' '}
                      · looked <RelativeTime at={repository.syncedAt} />
                    </>
                  )}
                </p>
                <Command what="clone command">{repository.cloneCommand}</Command>
              </>
            )}
          </Step>
          <Step sign="2" state="now" title="Push a version" heading={false}>
            <PushCommands model="iris" branch={branch} />
            <p className="mt-3 inline-flex h-8 items-center gap-2 rounded-control border border-line-strong px-3 text-second">
              <Radio aria-hidden size={14} className="text-cand" />
              Waiting for a push to <code className="font-mono">{branch}</code>
            </p>
          </Step>
          <Step sign="3" state="ahead" title="Ask it" last>
            <Command what="curl command">{predictCommand(servingUrl, 'iris')}</Command>
            <p className="mt-2 text-ink-2 text-second">Answers 404 until step 2 is done.</p>
          </Step>
        </ol>
        <div className="grid gap-4">
          <WhatHappens />
          <Panel title="This installation">
            <Facts>
              <Fact name="Predict, REST">
                <span className="inline-flex items-center font-mono">
                  {servingUrl.replace(/^https?:\/\//, '')}
                  <CopyButton what="address of predict" text={servingUrl} />
                </span>
              </Fact>
              <Fact name="Nodes">
                {nodes.ready} of {nodes.total} ready
              </Fact>
            </Facts>
          </Panel>
        </div>
      </div>
    </div>
  )
}

interface StepProps {
  readonly sign: ReactNode
  readonly state: 'done' | 'now' | 'ahead'
  readonly title: string
  readonly heading?: boolean
  readonly last?: boolean
  readonly children: ReactNode
}

const SIGN: Readonly<Record<StepProps['state'], string>> = {
  done: 'border-base bg-base text-surface',
  now: 'border-ink border-2 font-semibold',
  ahead: 'border-control text-ink-2',
}

function Step({ sign, state, title, heading = true, last = false, children }: StepProps) {
  return (
    <li
      className={cn('relative flex gap-4', !last && 'pb-6')}
      aria-current={state === 'now' ? 'step' : undefined}
    >
      {!last && <span aria-hidden className="absolute top-8 bottom-1 left-3 w-px bg-line-strong" />}
      <span
        className={cn(
          'inline-flex size-6 shrink-0 items-center justify-center rounded-full border text-second',
          SIGN[state],
        )}
      >
        {sign}
      </span>
      <div className="min-w-0 flex-1 pt-0.5">
        {heading && <h2 className="mb-1.5 font-semibold text-lead">{title}</h2>}
        {children}
      </div>
    </li>
  )
}

const AFTER_PUSH = [
  { icon: <GitCommitHorizontal aria-hidden size={14} />, name: 'Push', where: 'you' },
  { icon: <ScanSearch aria-hidden size={14} />, name: 'Validate', where: 'in quarantine' },
  { icon: <PackageCheck aria-hidden size={14} />, name: 'Load and warm', where: 'in its own process' },
  {
    icon: <span aria-hidden className="size-2 rounded-full bg-ink" />,
    name: 'Live',
    where: 'first version: no approval',
  },
]

function WhatHappens() {
  return (
    <Panel title="What happens to your push">
      <ol className="grid gap-3 px-4 py-3">
        {AFTER_PUSH.map((step) => (
          <li key={step.name} className="flex items-center gap-3 text-second">
            <span className="inline-flex size-7 items-center justify-center rounded-control border border-line-strong">
              {step.icon}
            </span>
            <span className="font-medium">{step.name}</span>
            <span className="ml-auto text-ink-3">{step.where}</span>
          </li>
        ))}
      </ol>
      <p className="border-t px-4 py-3 text-ink-2 text-second">
        From the second version on, it first runs in shadow beside the live one, on real requests. Its answers
        are compared and never returned. You decide with the evidence.
      </p>
    </Panel>
  )
}
