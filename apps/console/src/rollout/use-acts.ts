'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTRPC } from '../trpc/client.ts'

/** The acts of a person. Whatever came of one, the page asks again for the truth; nothing is assumed. */
export function useActs() {
  const control = useTRPC()
  const queries = useQueryClient()
  const onSettled = () => queries.invalidateQueries()
  return {
    approve: useMutation(control.approve.mutationOptions({ onSettled })),
    reject: useMutation(control.reject.mutationOptions({ onSettled })),
    retry: useMutation(control.retry.mutationOptions({ onSettled })),
    abort: useMutation(control.abort.mutationOptions({ onSettled })),
    pause: useMutation(control.pause.mutationOptions({ onSettled })),
    resume: useMutation(control.resume.mutationOptions({ onSettled })),
    promoteNow: useMutation(control.promoteNow.mutationOptions({ onSettled })),
    rehearse: useMutation(control.rehearse.mutationOptions({ onSettled })),
    hold: useMutation(control.hold.mutationOptions({ onSettled })),
    releaseHold: useMutation(control.releaseHold.mutationOptions({ onSettled })),
    rollback: useMutation(control.rollback.mutationOptions({ onSettled })),
    lift: useMutation(control.lift.mutationOptions({ onSettled })),
  }
}
