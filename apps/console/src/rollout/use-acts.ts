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
    rollback: useMutation(control.rollback.mutationOptions({ onSettled })),
    lift: useMutation(control.lift.mutationOptions({ onSettled })),
  }
}
