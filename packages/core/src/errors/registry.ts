import type { Category, Fault, Retry } from './category.ts'

interface ErrorKind {
  readonly category: Category
  readonly fault: Fault
  readonly retry: Retry
  /** What the reader can do about it: shown in the generated reference. */
  readonly remedy: string
}

/**
 * Every error the platform can report. A code is `<domain>.<specific>` and is never used again for something else.
 * Loops branch on `retry` only; alerts on `fault` and `category`.
 */
export const ERROR_REGISTRY = {
  // Serving
  'serving.model_not_found': {
    category: 'NOT_FOUND',
    fault: 'caller',
    retry: 'never',
    remedy: 'Check the model name; `understudy status` lists what is served.',
  },
  'serving.version_not_found': {
    category: 'NOT_FOUND',
    fault: 'caller',
    retry: 'never',
    remedy: 'Ask for a loaded version, or for none to get the live one.',
  },
  'serving.label_not_found': {
    category: 'INVALID_ARGUMENT',
    fault: 'caller',
    retry: 'never',
    remedy: 'Use a label that points to a loaded version.',
  },
  'serving.version_not_available': {
    category: 'UNAVAILABLE',
    fault: 'platform',
    retry: 'backoff',
    remedy: 'Wait until the version is loaded and warm, then try again.',
  },
  'serving.queue_full': {
    category: 'RESOURCE_EXHAUSTED',
    fault: 'caller',
    retry: { afterMs: 1000 },
    remedy: 'Send less, add nodes, or raise runtime.maxQueue.',
  },
  'serving.deadline_exceeded': {
    category: 'DEADLINE_EXCEEDED',
    fault: 'caller',
    retry: 'backoff',
    remedy: 'Allow more time, or find out why the model is slow.',
  },
  'serving.drain_timeout': {
    category: 'UNAVAILABLE',
    fault: 'platform',
    retry: 'backoff',
    remedy: 'Send the request again; the version was being unloaded.',
  },
  'serving.executor_lost': {
    category: 'UNAVAILABLE',
    fault: 'platform',
    retry: 'backoff',
    remedy: 'Send the request again; the executor is being replaced.',
  },
  'serving.run_timeout': {
    category: 'DEADLINE_EXCEEDED',
    fault: 'modelAuthor',
    retry: 'never',
    remedy: 'Make the model faster or raise runtime.runTimeoutMs.',
  },
  'serving.cancelled': {
    category: 'CANCELLED',
    fault: 'caller',
    retry: 'never',
    remedy: 'Nothing: the client went away.',
  },
  'serving.draining': {
    category: 'UNAVAILABLE',
    fault: 'platform',
    retry: 'backoff',
    remedy: 'Send the request to another node; this one is stopping.',
  },
  'serving.invalid_transition': {
    category: 'INTERNAL',
    fault: 'platform',
    retry: 'never',
    remedy: 'A defect: report it with the id.',
  },
  'serving.insufficient_memory': {
    category: 'RESOURCE_EXHAUSTED',
    fault: 'operator',
    retry: 'backoff',
    remedy: 'Give the node more memory, or retire versions.',
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
    remedy: 'The plan kept on disk is not used; the node waits for the control plane.',
  },
  'serving.plan_unreadable': {
    category: 'UNAVAILABLE',
    fault: 'upstream',
    retry: 'backoff',
    remedy: 'Check the control plane; the node goes on with its last good plan.',
  },
  'serving.stale_generation': {
    category: 'ABORTED',
    fault: 'platform',
    retry: 'never',
    remedy: 'Nothing: a newer plan has been carried out.',
  },
  // Requests
  'request.malformed': {
    category: 'INVALID_ARGUMENT',
    fault: 'caller',
    retry: 'never',
    remedy: 'Correct the body as the message says.',
  },
  'request.too_large': {
    category: 'INVALID_ARGUMENT',
    fault: 'caller',
    retry: 'never',
    remedy: 'Send a smaller body.',
  },
  'request.unknown_route': {
    category: 'NOT_FOUND',
    fault: 'caller',
    retry: 'never',
    remedy: 'Check method and path.',
  },
  'request.unsupported': {
    category: 'UNIMPLEMENTED',
    fault: 'caller',
    retry: 'never',
    remedy: 'Use a supported protocol feature.',
  },
  // ONNX
  'onnx.input_missing': {
    category: 'INVALID_ARGUMENT',
    fault: 'caller',
    retry: 'never',
    remedy: 'Send every input of the signature.',
  },
  'onnx.input_unknown': {
    category: 'INVALID_ARGUMENT',
    fault: 'caller',
    retry: 'never',
    remedy: 'Send only inputs of the signature.',
  },
  'onnx.input_shape_mismatch': {
    category: 'INVALID_ARGUMENT',
    fault: 'caller',
    retry: 'never',
    remedy: 'Send the shape that the message names.',
  },
  'onnx.input_type_mismatch': {
    category: 'INVALID_ARGUMENT',
    fault: 'caller',
    retry: 'never',
    remedy: 'Send the type that the message names.',
  },
  'onnx.output_unknown': {
    category: 'INVALID_ARGUMENT',
    fault: 'caller',
    retry: 'never',
    remedy: 'Ask only for outputs of the signature.',
  },
  'onnx.not_a_model': {
    category: 'INVALID_ARGUMENT',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Export the model again and push the next number.',
  },
  'onnx.unsupported': {
    category: 'INVALID_ARGUMENT',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Export with the supported types and operators.',
  },
  'onnx.load_failed': {
    category: 'FAILED_PRECONDITION',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Read the reason, export the model again.',
  },
  'onnx.load_crashed': {
    category: 'FAILED_PRECONDITION',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'The process died while loading: export the model again.',
  },
  'onnx.load_timeout': {
    category: 'FAILED_PRECONDITION',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Make the model smaller or simpler to load.',
  },
  'onnx.memory_limit': {
    category: 'FAILED_PRECONDITION',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Make the model smaller or raise the memory limit.',
  },
  'onnx.run_failed': {
    category: 'INTERNAL',
    fault: 'modelAuthor',
    retry: 'never',
    remedy: 'The model failed on this input; see its message.',
  },
  'onnx.golden_mismatch': {
    category: 'FAILED_PRECONDITION',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Correct the model or its golden samples.',
  },
  'onnx.contract_changed': {
    category: 'FAILED_PRECONDITION',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Keep inputs and outputs, or serve it under a new model name.',
  },
  'onnx.frame_invalid': {
    category: 'INTERNAL',
    fault: 'platform',
    retry: 'never',
    remedy: 'The executor sent a broken frame and was replaced.',
  },
  'onnx.executor_unavailable': {
    category: 'UNAVAILABLE',
    fault: 'platform',
    retry: 'backoff',
    remedy:
      'See the reason; `npm run build` makes the executor, and the machine must permit another process.',
  },
  // Git and artifacts
  'gitops.fetch_failed': {
    category: 'UNAVAILABLE',
    fault: 'upstream',
    retry: 'backoff',
    remedy: 'Check address, credentials and network of the repository.',
  },
  'gitops.url_refused': {
    category: 'INVALID_ARGUMENT',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Use an allowed scheme: https, ssh or a file path.',
  },
  'gitops.branch_missing': {
    category: 'NOT_FOUND',
    fault: 'operator',
    retry: 'backoff',
    remedy: 'Push the branch, or name another with UNDERSTUDY_REPO_BRANCH.',
  },
  'gitops.history_rewritten': {
    category: 'FAILED_PRECONDITION',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Someone force-pushed. Acknowledge it, or push the old history back.',
  },
  'gitops.version_mutated': {
    category: 'FAILED_PRECONDITION',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Restore the bytes and push the change under the next number.',
  },
  'gitops.version_number_invalid': {
    category: 'INVALID_ARGUMENT',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Name version directories 1, 2, 3 and so on.',
  },
  'gitops.model_name_invalid': {
    category: 'INVALID_ARGUMENT',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Use letters, digits, dot, underscore and dash, 63 at most.',
  },
  'gitops.model_file_missing': {
    category: 'INVALID_ARGUMENT',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Put model.onnx into the version directory.',
  },
  'gitops.file_empty': {
    category: 'INVALID_ARGUMENT',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Push the file with its content.',
  },
  'gitops.symlink_refused': {
    category: 'INVALID_ARGUMENT',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Push the file itself instead of a link.',
  },
  'gitops.path_refused': {
    category: 'INVALID_ARGUMENT',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Keep every path below the version directory.',
  },
  'gitops.file_too_large': {
    category: 'INVALID_ARGUMENT',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Make the file smaller.',
  },
  'gitops.digest_mismatch': {
    category: 'DATA_LOSS',
    fault: 'platform',
    retry: 'backoff',
    remedy: 'The stored bytes changed: the artifact is fetched again.',
  },
  'gitops.config_invalid': {
    category: 'INVALID_ARGUMENT',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Correct the line that the message names.',
  },
  'gitops.golden_invalid': {
    category: 'INVALID_ARGUMENT',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Write request.inputs and response.outputs by name.',
  },
  'gitops.model_owned_elsewhere': {
    category: 'ALREADY_EXISTS',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Choose another model name: this one came with another repository.',
  },
  'gitops.clone_unusable': {
    category: 'FAILED_PRECONDITION',
    fault: 'caller',
    retry: 'never',
    remedy: 'Bring the clone in line with its remote (git pull --rebase), then push again.',
  },
  'gitops.git_missing': {
    category: 'FAILED_PRECONDITION',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Install git 2.30 or newer and make sure that it is on the PATH.',
  },
  'gitops.identity_missing': {
    category: 'FAILED_PRECONDITION',
    fault: 'caller',
    retry: 'never',
    remedy: 'Set user.name and user.email with `git config --global`.',
  },
  'gitops.mirror_damaged': {
    category: 'DATA_LOSS',
    fault: 'platform',
    retry: 'backoff',
    remedy: 'Nothing: the mirror is built again from the repository.',
  },
  'gitops.push_refused': {
    category: 'FAILED_PRECONDITION',
    fault: 'caller',
    retry: 'never',
    remedy: 'Read what the remote answered, then push again.',
  },
  'gitops.repository_unusable': {
    category: 'FAILED_PRECONDITION',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Choose a path that is free or holds a bare repository.',
  },
  'gitops.too_many_files': {
    category: 'INVALID_ARGUMENT',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Keep fewer files in the directory that the message names.',
  },
  // Rollouts
  'rollout.not_found': {
    category: 'NOT_FOUND',
    fault: 'caller',
    retry: 'never',
    remedy: 'Check model and version with `understudy status`.',
  },
  'rollout.not_open': {
    category: 'FAILED_PRECONDITION',
    fault: 'caller',
    retry: 'never',
    remedy: 'No rollout is open; `understudy why` says what is live and why.',
  },
  'rollout.no_verdict': {
    category: 'FAILED_PRECONDITION',
    fault: 'caller',
    retry: 'never',
    remedy: 'Wait for the verdict, or drive traffic.',
  },
  'rollout.stale_decision': {
    category: 'ABORTED',
    fault: 'caller',
    retry: 'never',
    remedy: 'Something changed since you looked. Look again, then decide.',
  },
  'rollout.reason_required': {
    category: 'INVALID_ARGUMENT',
    fault: 'caller',
    retry: 'never',
    remedy: 'Give a reason of 3 to 500 characters.',
  },
  'rollout.no_previous': {
    category: 'FAILED_PRECONDITION',
    fault: 'caller',
    retry: 'never',
    remedy: 'There is no earlier version to return to.',
  },
  'rollout.not_withdrawn': {
    category: 'FAILED_PRECONDITION',
    fault: 'caller',
    retry: 'never',
    remedy: 'Only a withdrawn version can be lifted.',
  },
  'rollout.retry_refused': {
    category: 'FAILED_PRECONDITION',
    fault: 'caller',
    retry: 'never',
    remedy: 'Push a better version; evidence already spoke against this one.',
  },
  'rollout.not_startable': {
    category: 'FAILED_PRECONDITION',
    fault: 'caller',
    retry: 'never',
    remedy: 'Name a validated version that is newer than what is live.',
  },
  'rollout.withdrawn': {
    category: 'FAILED_PRECONDITION',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Lift the withdrawal first: `understudy lift`.',
  },
  'rollout.invalid_transition': {
    category: 'INTERNAL',
    fault: 'platform',
    retry: 'never',
    remedy: 'A defect: report it with the id.',
  },
  // Control plane
  'control.fence_lost': {
    category: 'ABORTED',
    fault: 'platform',
    retry: 'backoff',
    remedy: 'Nothing: another controller took over and goes on.',
  },
  'control.database_unavailable': {
    category: 'UNAVAILABLE',
    fault: 'upstream',
    retry: 'backoff',
    remedy: 'Check that PostgreSQL runs and can be reached.',
  },
  'control.not_found': { category: 'NOT_FOUND', fault: 'caller', retry: 'never', remedy: 'Check the name.' },
  'control.forbidden_origin': {
    category: 'PERMISSION_DENIED',
    fault: 'caller',
    retry: 'never',
    remedy: 'Open the console under its own address.',
  },
  'control.invalid_input': {
    category: 'INVALID_ARGUMENT',
    fault: 'caller',
    retry: 'never',
    remedy: 'Correct the field that the message names.',
  },
  // The database and its migrations
  'db.account_missing': {
    category: 'FAILED_PRECONDITION',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Start as an ordinary user, or create the system account `postgres` or `nobody`.',
  },
  'db.migration_edited': {
    category: 'FAILED_PRECONDITION',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Restore the file as it was applied, and put the change into a new migration.',
  },
  'db.migration_failed': {
    category: 'FAILED_PRECONDITION',
    fault: 'platform',
    retry: 'afterChange',
    remedy: 'Correct the migration; what it did has been undone, unless it runs outside a transaction.',
  },
  'db.migration_lock_timeout': {
    category: 'UNAVAILABLE',
    fault: 'operator',
    retry: 'backoff',
    remedy: 'Another process is migrating this database: wait for it, or end it.',
  },
  'db.migration_unfinished': {
    category: 'FAILED_PRECONDITION',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Undo by hand what the migration left behind, then set rolled_back_at in its row.',
  },
  'db.migrations_unreadable': {
    category: 'FAILED_PRECONDITION',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Every folder of prisma/migrations holds one readable migration.sql.',
  },
  'db.postgres_failed': {
    category: 'UNAVAILABLE',
    fault: 'platform',
    retry: 'backoff',
    remedy: 'Read what PostgreSQL says, or set DATABASE_URL to a database of your own.',
  },
  'db.postgres_incompatible': {
    category: 'FAILED_PRECONDITION',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Install the PostgreSQL version that made the data, or move the data folder away.',
  },
  'db.postgres_missing': {
    category: 'FAILED_PRECONDITION',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Install PostgreSQL 15 or later, or set DATABASE_URL to a database of your own.',
  },
  // Starting everything on one machine
  'up.already_running': {
    category: 'ALREADY_EXISTS',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Stop the other one, or choose another data folder with UNDERSTUDY_DATA_DIR.',
  },
  'up.child_failed': {
    category: 'UNAVAILABLE',
    fault: 'platform',
    retry: 'afterChange',
    remedy: 'Read the log that the message names.',
  },
  'up.data_folder_closed': {
    category: 'FAILED_PRECONDITION',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Move the data folder to a place that other accounts may enter, with UNDERSTUDY_DATA_DIR.',
  },
  'up.data_folder_unwritable': {
    category: 'PERMISSION_DENIED',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Make the folder writable, or choose another one with UNDERSTUDY_DATA_DIR.',
  },
  'up.git_missing': {
    category: 'FAILED_PRECONDITION',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Install git and start again.',
  },
  'up.invalid_option': {
    category: 'INVALID_ARGUMENT',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Correct the variable that the message names.',
  },
  'up.not_built': {
    category: 'FAILED_PRECONDITION',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Run `npm start`, which builds first, or `npm run build`.',
  },
  'up.port_taken': {
    category: 'ALREADY_EXISTS',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Stop the process that holds the port, or choose another port.',
  },
  'platform.unexpected': {
    category: 'INTERNAL',
    fault: 'platform',
    retry: 'backoff',
    remedy: 'Look for the id in the log.',
  },
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof ERROR_REGISTRY
