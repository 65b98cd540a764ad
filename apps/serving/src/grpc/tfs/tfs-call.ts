import { isPlatformError, PlatformError, type VersionSelector } from '@understudy/core'
import { type TfsSubject, tfsErrorMessage } from '@understudy/protocols'
import type { VersionDescription } from '@understudy/serving'
import type { CallScope } from '../call-scope.ts'

/** The version that answers a call, with TensorFlow Serving's text when there is none; errors and answers say who it is. */
export function describedFor(scope: CallScope, subject: TfsSubject): VersionDescription {
  const { model, selector } = subject
  return inTfsWords(subject, () => {
    const description = scope.predictor.describe(model, selector)
    scope.servedBy = description.servedBy
    return description
  })
}

/** Gives what it throws TensorFlow Serving's text. */
export function inTfsWords<T>(subject: TfsSubject, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw isPlatformError(error)
      ? new PlatformError(error.code, tfsErrorMessage(error, subject), { cause: error })
      : error
  }
}

export function subjectOf(
  scope: CallScope,
  spec: { readonly model: string; readonly selector: VersionSelector | undefined },
): TfsSubject {
  return { model: spec.model, selector: scope.selector(spec.selector) }
}
