import {
  type InferenceRequest,
  type InferenceResponse,
  type PlannedVersion,
  type PlatformError,
  type ServableState,
  type ServedBy,
  type Signature,
  toPlatformError,
  type VersionSelector,
} from '@understudy/core'

/** Who would answer, with what signature, and what `model.yaml` says of it to clients. */
export interface VersionDescription extends Pick<PlannedVersion, 'signatures' | 'classLabels'> {
  readonly servedBy: ServedBy
  readonly signature: Signature
  /** Budget of a request that brings none. */
  readonly timeoutMs?: number | undefined
}

export interface VersionStatus {
  readonly version: number
  readonly state: ServableState
  readonly error?: PlatformError | undefined
}

/** Takes what became of one prediction: exactly one call, before `submit` returns or later. Must not throw. */
export interface PredictionReceiver {
  answered(response: InferenceResponse): void
  failed(error: PlatformError): void
}

/** The data plane as the wire protocols see it. Nothing in it waits for the control plane. */
export interface Predictor {
  /**
   * Answers one request from the version that it selects, or fails with a registered error.
   *
   * @throws PlatformError `serving.model_not_found`, `serving.version_not_found`, `serving.label_not_found`,
   * `serving.version_not_available`, `serving.queue_full`, `serving.deadline_exceeded`, `serving.draining`,
   * `serving.executor_lost`, `serving.run_timeout`, `serving.cancelled`, `onnx.input_*`, `onnx.output_unknown`, `onnx.run_failed`
   */
  predict(request: InferenceRequest): Promise<InferenceResponse>
  /**
   * The same without a promise: for fronts that answer many small requests. Use {@link submitTo}, which also takes predictors that have
   * only promises.
   */
  submit?(request: InferenceRequest, receiver: PredictionReceiver): void
  /** Same selection rules and errors as {@link Predictor.predict}, without running anything. Synchronous. */
  describe(model: string, selector: VersionSelector): VersionDescription
  /** Every version this node knows of the model, newest first; undefined when the model is not in the plan. */
  versions(model: string): readonly VersionStatus[] | undefined
  /** Names of all models in the plan. */
  models(): readonly string[]
  /** Milliseconds since the plan was last confirmed by the control plane; undefined while it is current. */
  planAgeMs(): number | undefined
}

/** Answers one request as {@link Predictor.predict} does, by one call of the receiver. Never throws. */
export function submitTo(
  predictor: Predictor,
  request: InferenceRequest,
  receiver: PredictionReceiver,
): void {
  if (predictor.submit !== undefined) {
    predictor.submit(request, receiver)
    return
  }
  predictor.predict(request).then(
    (response) => receiver.answered(response),
    (error) => receiver.failed(toPlatformError(error)),
  )
}
