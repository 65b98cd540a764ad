import { toPlatformError } from '@understudy/core'
import { DescriptorIndex, GRPC_STATUS } from '@understudy/protocols'
import {
  ServerReflectionRequest,
  ServerReflectionResponse,
} from '@understudy/protocols/generated/grpc/reflection/v1/reflection'
import { decodeMessage, encodeMessage } from './decode-message.ts'
import type { GrpcSurface } from './grpc-surface.ts'
import { answerStream, failStream } from './stream-call.ts'

/** Both have the same messages: clients in use still ask for the older one. */
export const REFLECTION_SERVICES = [
  'grpc.reflection.v1.ServerReflection',
  'grpc.reflection.v1alpha.ServerReflection',
]
const IN_FLIGHT_MAX = 16

type Answer = ServerReflectionResponse['messageResponse']

/** Adds server reflection: what clients such as grpcurl list and describe. It tells nothing that is not public. */
export function addReflectionService(
  surface: GrpcSurface,
  options: { readonly services: readonly string[]; readonly drain: AbortSignal },
): void {
  let index: DescriptorIndex | undefined
  for (const service of REFLECTION_SERVICES) {
    surface.bidi(`/${service}/ServerReflectionInfo`, async (call) => {
      try {
        index ??= new DescriptorIndex()
        const answers = new ReflectionAnswers(index, options.services)
        await answerStream(call, {
          maxInFlight: IN_FLIGHT_MAX,
          drain: options.drain,
          answer: async (message) => answers.to(message),
        })
      } catch (error) {
        failStream(surface.context, call, error)
      }
    })
  }
}

class ReflectionAnswers {
  readonly #index: DescriptorIndex
  readonly #services: readonly string[]

  constructor(index: DescriptorIndex, services: readonly string[]) {
    this.#index = index
    this.#services = services
  }

  /** Never throws: what cannot be read is answered with an error. */
  to(message: Buffer): Uint8Array {
    try {
      const request = decodeMessage(ServerReflectionRequest, message)
      const messageResponse = this.#answer(request.messageRequest)
      return encodeMessage(ServerReflectionResponse, {
        ...{ validHost: request.host, originalRequest: request, messageResponse },
      })
    } catch (error) {
      const messageResponse = failure(GRPC_STATUS.INVALID_ARGUMENT, toPlatformError(error).publicMessage)
      return encodeMessage(ServerReflectionResponse, {
        ...{ validHost: '', originalRequest: undefined, messageResponse },
      })
    }
  }

  #answer(asked: ServerReflectionRequest['messageRequest']): Answer {
    switch (asked?.$case) {
      case 'listServices': {
        const service = this.#services.map((name) => ({ name }))
        return { $case: 'listServicesResponse', value: { service } }
      }
      case 'fileByFilename':
        return files(this.#index.file(asked.value), asked.value)
      case 'fileContainingSymbol':
        return files(this.#index.fileOf(asked.value), asked.value)
      case 'allExtensionNumbersOfType':
        if (!this.#index.hasMessage(asked.value)) return notFound(asked.value)
        return {
          $case: 'allExtensionNumbersResponse',
          value: { baseTypeName: asked.value, extensionNumber: [] },
        }
      case 'fileContainingExtension':
        return notFound(asked.value.containingType)
      default:
        return failure(GRPC_STATUS.INVALID_ARGUMENT, 'The message asks for nothing.')
    }
  }
}

function files(found: readonly Uint8Array[] | undefined, name: string): Answer {
  if (found === undefined) return notFound(name)
  return { $case: 'fileDescriptorResponse', value: { fileDescriptorProto: [...found] } }
}

function notFound(name: string): Answer {
  return failure(GRPC_STATUS.NOT_FOUND, `There is no "${name.slice(0, 200)}" here.`)
}

function failure(errorCode: number, errorMessage: string): Answer {
  return { $case: 'errorResponse', value: { errorCode, errorMessage } }
}
