import type { ErrorKind } from './error-kind.ts'

/** Errors of the models repository and its artifacts. */
export const GITOPS_ERRORS = {
  'gitops.branch_missing': {
    category: 'NOT_FOUND',
    fault: 'operator',
    retry: 'backoff',
    remedy: 'Push the branch, or name another with UNDERSTUDY_REPO_BRANCH.',
  },
  'gitops.clone_unusable': {
    category: 'FAILED_PRECONDITION',
    fault: 'caller',
    retry: 'never',
    remedy: 'Bring the clone in line with its remote (git pull --rebase), then push again.',
  },
  'gitops.config_invalid': {
    category: 'INVALID_ARGUMENT',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Correct the line that the message names.',
  },
  'gitops.digest_mismatch': {
    category: 'DATA_LOSS',
    fault: 'platform',
    retry: 'backoff',
    remedy: 'The stored bytes changed: the artifact is fetched again.',
  },
  'gitops.fetch_failed': {
    category: 'UNAVAILABLE',
    fault: 'upstream',
    retry: 'backoff',
    remedy: 'Check address, credentials and network of the repository.',
  },
  'gitops.file_empty': {
    category: 'INVALID_ARGUMENT',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Push the file with its content.',
  },
  'gitops.file_too_large': {
    category: 'INVALID_ARGUMENT',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Make the file smaller.',
  },
  'gitops.git_missing': {
    category: 'FAILED_PRECONDITION',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Install git 2.30 or newer and make sure that it is on the PATH.',
  },
  'gitops.golden_invalid': {
    category: 'INVALID_ARGUMENT',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Write request.inputs and response.outputs by name.',
  },
  'gitops.identity_missing': {
    category: 'FAILED_PRECONDITION',
    fault: 'caller',
    retry: 'never',
    remedy: 'Set user.name and user.email with `git config --global`.',
  },
  'gitops.label_refused': {
    category: 'FAILED_PRECONDITION',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Name a validated version that is not withdrawn in the environment file, or take the label out.',
  },
  'gitops.mapping_invalid': {
    category: 'INVALID_ARGUMENT',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy:
      'Make signatures and labels in model.yaml fit the inputs and outputs of the model, as the message says.',
  },
  'gitops.mirror_damaged': {
    category: 'DATA_LOSS',
    fault: 'platform',
    retry: 'backoff',
    remedy: 'Nothing: the mirror is built again from the repository.',
  },
  'gitops.model_file_missing': {
    category: 'INVALID_ARGUMENT',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Put model.onnx into the version directory.',
  },
  'gitops.model_name_invalid': {
    category: 'INVALID_ARGUMENT',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Use letters, digits, dot, underscore and dash, 63 at most.',
  },
  'gitops.model_owned_elsewhere': {
    category: 'ALREADY_EXISTS',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Choose another model name: this one came with another repository.',
  },
  'gitops.path_refused': {
    category: 'INVALID_ARGUMENT',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Keep every path below the version directory.',
  },
  'gitops.pointer_unknown': {
    category: 'NOT_FOUND',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Push the model that the environment file names, or take its entry out.',
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
  'gitops.symlink_refused': {
    category: 'INVALID_ARGUMENT',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Push the file itself instead of a link.',
  },
  'gitops.too_many_files': {
    category: 'INVALID_ARGUMENT',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Keep fewer files in the directory that the message names.',
  },
  'gitops.url_refused': {
    category: 'INVALID_ARGUMENT',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Use an allowed scheme: https, ssh or a file path.',
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
} as const satisfies Record<`gitops.${string}`, ErrorKind>
