import { malformed } from '../oip/oip-error-texts.ts'
import { TENSORS_MAX } from '../oip/read-members.ts'

/** Going through a few names is quicker than a set of them. */
const FEW = 16

/** Names that must differ. In time bounded by their number, whatever a message holds. */
export class DistinctNames {
  readonly #what: string
  readonly #few: string[] = []
  #many: Set<string> | undefined

  /** @param what they are names of, for messages */
  constructor(what: string) {
    this.#what = what
  }

  /** False when the name is there already. @throws PlatformError `request.malformed` when there are too many */
  add(name: string): boolean {
    const few = this.#few
    if (this.#many === undefined && few.length < FEW) {
      if (few.includes(name)) return false
      few.push(name)
      return true
    }
    this.#many ??= new Set(few)
    if (this.#many.has(name)) return false
    if (this.#many.size === TENSORS_MAX) throw malformed(`there are more than ${TENSORS_MAX} ${this.#what}`)
    this.#many.add(name)
    return true
  }
}
