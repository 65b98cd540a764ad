import { PlatformError, type VersionSelector } from '@understudy/core'
import {
  encodeMetadataAnswer,
  encodeStatusAnswer,
  modelStatus,
  requireModelSpec,
  SIGNATURE_DEF,
  shownName,
} from '@understudy/protocols'
import { GetModelMetadataRequest } from '@understudy/protocols/generated/tensorflow_serving/apis/get_model_metadata'
import { GetModelStatusRequest } from '@understudy/protocols/generated/tensorflow_serving/apis/get_model_status'
import type { ModelSpec } from '@understudy/protocols/generated/tensorflow_serving/apis/model'
import type { CallScope } from '../call-scope.ts'
import { decodeMessage } from '../decode-message.ts'
import { describedFor, subjectOf } from './tfs-call.ts'

function malformed(message: string): PlatformError {
  return new PlatformError('request.malformed', message)
}

function selectorOf({ versionChoice }: ModelSpec): VersionSelector | undefined {
  if (versionChoice?.$case === 'version') return { kind: 'number', number: Number(versionChoice.value ?? 0n) }
  return versionChoice && { kind: 'label', label: versionChoice.value }
}

/** `GetModelMetadata`: the signatures of one version. */
export function modelMetadata(message: Buffer, scope: CallScope): Uint8Array {
  const { modelSpec, metadataField } = decodeMessage(GetModelMetadataRequest, message)
  if (modelSpec === undefined) throw malformed('Missing ModelSpec')
  if (metadataField.length === 0) {
    throw malformed('GetModelMetadataRequest must specify at least one metadata_field')
  }
  const unknown = metadataField.find((field) => field !== SIGNATURE_DEF)
  if (unknown !== undefined) throw malformed(`Metadata field ${shownName(unknown)} is not supported`)
  const { name: model, signatureName } = modelSpec
  const subject = subjectOf(
    scope,
    requireModelSpec({ model, signatureName, selector: selectorOf(modelSpec) }),
  )
  return encodeMetadataAnswer(model, describedFor(scope, subject))
}

/** `GetModelStatus`: of one version by number, else of all. */
export function modelStatuses(message: Buffer, { predictor }: CallScope): Uint8Array {
  const { modelSpec } = decodeMessage(GetModelStatusRequest, message)
  if (modelSpec === undefined) throw malformed('Missing ModelSpec')
  const { name: model, versionChoice } = modelSpec
  const selector = selectorOf(modelSpec) ?? { kind: 'live' }
  const versionText = versionChoice?.$case === 'version' ? String(versionChoice.value ?? 0n) : ''
  const statuses = modelStatus({ model, selector, versionText }, predictor.versions(model))
  return encodeStatusAnswer(statuses)
}

/** `HandleReloadConfigRequest`. What is served is decided elsewhere. @throws PlatformError `serving.reload_refused` */
export function refuseReload(): never {
  throw new PlatformError(
    'serving.reload_refused',
    'The configuration cannot be reloaded: the Git repository decides what is served here',
  )
}

/** `SessionRun`. @throws PlatformError `request.unsupported` */
export function refuseSession(): never {
  throw new PlatformError('request.unsupported', 'There are no sessions here; use Predict.')
}
