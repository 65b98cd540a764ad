import type { ErrorKind } from './error-kind.ts'

/** Errors of a serving node. */
export const SERVING_ERRORS = {
  'serving.artifact_damaged': {
    category: 'DATA_LOSS',
    fault: 'operator',
    retry: 'backoff',
    remedy: 'Restore the file that the message names from another copy; live versions go on meanwhile.',
  },
  'serving.cancelled': {
    category: 'CANCELLED',
    fault: 'caller',
    retry: 'never',
    remedy: 'Nothing: the client went away.',
  },
  'serving.certificate_unusable': {
    category: 'FAILED_PRECONDITION',
    fault: 'operator',
    retry: 'afterChange',
    remedy:
      'Correct UNDERSTUDY_TLS_CERT_FILE and UNDERSTUDY_TLS_KEY_FILE: PEM, without a passphrase, belonging together.',
  },
  'serving.deadline_exceeded': {
    category: 'DEADLINE_EXCEEDED',
    fault: 'caller',
    retry: 'backoff',
    remedy: 'Allow more time, or find out why the model is slow.',
  },
  'serving.disk_full': {
    category: 'RESOURCE_EXHAUSTED',
    fault: 'operator',
    retry: 'backoff',
    remedy: 'Free or add disk space below the data folder; live versions go on meanwhile.',
  },
  'serving.drain_timeout': {
    category: 'UNAVAILABLE',
    fault: 'platform',
    retry: 'backoff',
    remedy: 'Send the request again; the version was being unloaded.',
  },
  'serving.draining': {
    category: 'UNAVAILABLE',
    fault: 'platform',
    retry: 'backoff',
    remedy: 'Send the request to another node; this one is stopping.',
  },
  'serving.executor_lost': {
    category: 'UNAVAILABLE',
    fault: 'platform',
    retry: 'backoff',
    remedy: 'Send the request again; the executor is being replaced.',
  },
  'serving.input_refused': {
    category: 'FAILED_PRECONDITION',
    fault: 'modelAuthor',
    retry: 'never',
    remedy:
      'Send another input: this one ended the process that ran it, and is refused for a while. Mend the model.',
  },
  'serving.insufficient_memory': {
    category: 'RESOURCE_EXHAUSTED',
    fault: 'operator',
    retry: 'backoff',
    remedy: 'Give the node more memory, or retire versions.',
  },
  'serving.invalid_transition': {
    category: 'INTERNAL',
    fault: 'platform',
    retry: 'never',
    remedy: 'A defect: report it with the id.',
  },
  'serving.label_not_found': {
    category: 'INVALID_ARGUMENT',
    fault: 'caller',
    retry: 'never',
    remedy: 'Use a label that points to a loaded version.',
  },
  'serving.load_refused': {
    category: 'UNAVAILABLE',
    fault: 'caller',
    retry: 'never',
    remedy: 'Push to the models repository; what is served follows it.',
  },
  'serving.model_not_found': {
    category: 'NOT_FOUND',
    fault: 'caller',
    retry: 'never',
    remedy: 'Check the model name; `understudy status` lists what is served.',
  },
  'serving.override_invalid': {
    category: 'PERMISSION_DENIED',
    fault: 'caller',
    retry: 'never',
    remedy:
      'Use the secret of this installation (UNDERSTUDY_SECRET_KEY or secret.key), and check both clocks.',
  },
  'serving.override_refused': {
    category: 'FAILED_PRECONDITION',
    fault: 'caller',
    retry: 'never',
    remedy: 'Look at the node again, then decide on what it shows.',
  },
  'serving.override_unavailable': {
    category: 'FAILED_PRECONDITION',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Start the node with UNDERSTUDY_OVERRIDE_KEY, as `understudy up` does.',
  },
  'serving.plan_behind': {
    category: 'UNAVAILABLE',
    fault: 'platform',
    retry: 'backoff',
    remedy: 'Wait until this node has carried out the newer plan, or ask another node.',
  },
  'serving.plan_invalid': {
    category: 'DATA_LOSS',
    fault: 'platform',
    retry: 'afterChange',
    remedy:
      'The file is not used: the node goes on with the plan that it has, or waits for one. Replace the file by rename, in the form of this release.',
  },
  'serving.plan_unreadable': {
    category: 'UNAVAILABLE',
    fault: 'upstream',
    retry: 'backoff',
    remedy: 'Check the control plane; the node goes on with its last good plan.',
  },
  'serving.queue_full': {
    category: 'RESOURCE_EXHAUSTED',
    fault: 'caller',
    retry: { afterMs: 1000 },
    remedy: 'Send less, add nodes, or raise runtime.maxQueue.',
  },
  'serving.reload_refused': {
    category: 'FAILED_PRECONDITION',
    fault: 'caller',
    retry: 'never',
    remedy: 'Push to the models repository; what is served follows it.',
  },
  'serving.run_timeout': {
    category: 'DEADLINE_EXCEEDED',
    fault: 'modelAuthor',
    retry: 'never',
    remedy: 'Make the model faster or raise runtime.runTimeoutMs.',
  },
  'serving.stale_generation': {
    category: 'ABORTED',
    fault: 'platform',
    retry: 'never',
    remedy: 'Nothing: a newer plan has been carried out.',
  },
  'serving.version_not_available': {
    category: 'UNAVAILABLE',
    fault: 'platform',
    retry: 'backoff',
    remedy: 'Wait until the version is loaded and warm, then try again.',
  },
  'serving.version_not_found': {
    category: 'NOT_FOUND',
    fault: 'caller',
    retry: 'never',
    remedy: 'Ask for a loaded version, or for none to get the live one.',
  },
} as const satisfies Record<`serving.${string}`, ErrorKind>
