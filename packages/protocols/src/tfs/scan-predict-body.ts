import type { Signature } from '@understudy/core'
import { BodyScanner, canScan } from './body-scanner.ts'
import type { PredictBody } from './predict-body.ts'

const OBJECT_BEGIN = 0x7b
const OBJECT_END = 0x7d

const FORMS = ['instances', 'inputs'] as const

function scan(scanner: BodyScanner, signature: Signature): PredictBody | undefined {
  if (scanner.next() !== OBJECT_BEGIN) return undefined
  scanner.at += 1
  const form = FORMS[scanner.key(FORMS)]
  if (form === undefined) return undefined
  const inputs = form === 'instances' ? scanner.rows(signature) : readColumns(scanner, signature)
  if (inputs === undefined || scanner.next() !== OBJECT_END) return undefined
  scanner.at += 1
  if (scanner.next() !== -1) return undefined
  return { form: form === 'instances' ? 'row' : 'columnar', inputs }
}

function readColumns(scanner: BodyScanner, signature: Signature) {
  return scanner.next() === OBJECT_BEGIN ? scanner.columns(signature) : scanner.onlyInput(signature)
}

/**
 * Reads the usual body of `:predict`, numbers in dense lists, without making a document of it: undefined for any other, right or
 * wrong, which the general reader then reads or refuses.
 */
export function scanPredictBody(bytes: Uint8Array, signature: Signature): PredictBody | undefined {
  return canScan(signature) ? scan(new BodyScanner(bytes), signature) : undefined
}
