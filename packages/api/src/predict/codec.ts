export {
  decodeLargeCalls,
  type KnownTarget,
  type LargeCall,
  type LargeCalls,
} from './decode-large-calls.ts'
export type { CallCount } from './decode-predict-calls.ts'
export { encodeOutputsText } from './encode-answer.ts'
