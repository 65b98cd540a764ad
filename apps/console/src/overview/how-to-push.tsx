'use client'

import type { PlatformView } from '@understudy/api/views'
import { Terminal } from 'lucide-react'
import { useState } from 'react'
import { Button } from '../components/button.tsx'
import { Command } from '../components/command.tsx'
import { Dialog, DialogFoot } from '../components/dialog.tsx'
import { PushCommands } from './push-commands.tsx'

/** The way from a file to a version, to copy. */
export function HowToPush({ platform }: { readonly platform: PlatformView }) {
  const [open, setOpen] = useState(false)
  const { repository, servingUrl } = platform
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <Terminal aria-hidden size={14} />
        How to push
      </Button>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title="Push a version"
        description="A push to the models repository is all it takes. The version is validated in quarantine, loaded beside the live one and compared on real requests."
      >
        <div className="grid gap-4 border-t px-6 py-4">
          {repository !== null && (
            <div className="grid gap-1.5">
              <h3 className="font-medium">Clone the models repository, once</h3>
              <Command what="clone command">{repository.cloneCommand}</Command>
            </div>
          )}
          <PushCommands model="iris" branch={repository?.branch ?? 'main'} />
          <div className="grid gap-1.5">
            <h3 className="font-medium">Ask it</h3>
            <Command what="curl command">{predictCommand(servingUrl, 'iris')}</Command>
          </div>
        </div>
        <DialogFoot>
          <Button height="large" onClick={() => setOpen(false)}>
            Close
          </Button>
        </DialogFoot>
      </Dialog>
    </>
  )
}

export function predictCommand(servingUrl: string, model: string): string {
  const address = servingUrl.replace(/\/$/, '')
  return `curl -d '{"instances":[[5.1,3.5,1.4,0.2]]}' \\\n  ${address}/v1/models/${model}:predict`
}
