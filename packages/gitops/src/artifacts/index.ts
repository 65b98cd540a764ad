export { ArtifactStore } from './artifact-store.ts'
export { type FileIdentity, hashFile } from './hash-file.ts'
export { checkSafePath, isSafePath } from './safe-path.ts'
export { sweepTemporaries, TEMPORARY_PREFIX } from './sweep.ts'
