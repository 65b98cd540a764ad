import {
  createFileRegistry,
  type DescFile,
  type FileRegistry,
  fromBinary,
  toBinary,
} from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { DESCRIPTORS } from '../generated/descriptors.ts'

/** What the `.proto` files say, by name: what server reflection hands out. */
export class DescriptorIndex {
  readonly #registry: FileRegistry
  readonly #files: ReadonlyMap<string, DescFile>

  constructor() {
    const bytes = Buffer.from(DESCRIPTORS, 'base64')
    this.#registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes))
    this.#files = new Map([...this.#registry.files].map((file) => [file.proto.name, file]))
  }

  /** The serialized file of that name and all that it imports, itself first; undefined when there is none. */
  file(name: string): readonly Uint8Array[] | undefined {
    const file = this.#files.get(name)
    return file === undefined ? undefined : serialized(file)
  }

  /** The same for the file in which a message, enum, service, method or field is declared, by its full name. */
  fileOf(symbol: string): readonly Uint8Array[] | undefined {
    const file =
      this.#declared(symbol) ?? this.#declared(symbol.slice(0, Math.max(0, symbol.lastIndexOf('.'))))
    return file === undefined ? undefined : serialized(file)
  }

  hasMessage(name: string): boolean {
    return this.#registry.getMessage(name) !== undefined
  }

  #declared(symbol: string): DescFile | undefined {
    const found = this.#registry.get(symbol)
    return found?.file
  }
}

function serialized(first: DescFile): readonly Uint8Array[] {
  const wanted = new Set<DescFile>([first])
  // A set goes on with what is added while it is walked.
  for (const file of wanted) for (const other of file.dependencies) wanted.add(other)
  return [...wanted].map((file) => toBinary(FileDescriptorProtoSchema, file.proto))
}
