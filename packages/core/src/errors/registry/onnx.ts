import type { ErrorKind } from './error-kind.ts'

/** Errors of models: their bytes, signatures, golden samples and executors. */
export const ONNX_ERRORS = {
  'onnx.contract_changed': {
    category: 'FAILED_PRECONDITION',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Keep inputs and outputs, or serve it under a new model name.',
  },
  'onnx.executor_unavailable': {
    category: 'UNAVAILABLE',
    fault: 'platform',
    retry: 'backoff',
    remedy:
      'See the reason; `npm run build` makes the executor, and the machine must permit another process.',
  },
  'onnx.frame_invalid': {
    category: 'INTERNAL',
    fault: 'platform',
    retry: 'never',
    remedy: 'The executor sent a broken frame and was replaced.',
  },
  'onnx.golden_mismatch': {
    category: 'FAILED_PRECONDITION',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Correct the model or its golden samples.',
  },
  'onnx.input_missing': {
    category: 'INVALID_ARGUMENT',
    fault: 'caller',
    retry: 'never',
    remedy: 'Send every input of the signature.',
  },
  'onnx.input_shape_mismatch': {
    category: 'INVALID_ARGUMENT',
    fault: 'caller',
    retry: 'never',
    remedy: 'Send the shape that the message names.',
  },
  'onnx.input_text_invalid': {
    category: 'INVALID_ARGUMENT',
    fault: 'caller',
    retry: 'never',
    remedy: 'Send texts without the character U+0000: the model would take them only up to there.',
  },
  'onnx.input_type_mismatch': {
    category: 'INVALID_ARGUMENT',
    fault: 'caller',
    retry: 'never',
    remedy: 'Send the type that the message names.',
  },
  'onnx.input_unknown': {
    category: 'INVALID_ARGUMENT',
    fault: 'caller',
    retry: 'never',
    remedy: 'Send only inputs of the signature.',
  },
  'onnx.load_crashed': {
    category: 'FAILED_PRECONDITION',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'The process died while loading: export the model again.',
  },
  'onnx.load_failed': {
    category: 'FAILED_PRECONDITION',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Read the reason, export the model again.',
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
  'onnx.not_a_model': {
    category: 'INVALID_ARGUMENT',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Export the model again and push the next number.',
  },
  'onnx.output_unknown': {
    category: 'INVALID_ARGUMENT',
    fault: 'caller',
    retry: 'never',
    remedy: 'Ask only for outputs of the signature.',
  },
  'onnx.run_crashed': {
    category: 'INTERNAL',
    fault: 'modelAuthor',
    retry: 'never',
    remedy: 'The model ended its executor on this input; mend the model.',
  },
  'onnx.run_failed': {
    category: 'INTERNAL',
    fault: 'modelAuthor',
    retry: 'never',
    remedy: 'The model failed on this input; see its message.',
  },
  'onnx.unsupported': {
    category: 'INVALID_ARGUMENT',
    fault: 'modelAuthor',
    retry: 'afterChange',
    remedy: 'Export with the supported types and operators.',
  },
} as const satisfies Record<`onnx.${string}`, ErrorKind>
