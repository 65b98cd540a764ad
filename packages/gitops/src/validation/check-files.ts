import { type ArtifactRef, versionName } from '@understudy/core'
import type { ArtifactStore } from '../artifacts/artifact-store.ts'
import { isSafePath } from '../artifacts/safe-path.ts'
import { ENTRY_POINT } from '../snapshot/limits.ts'
import { type Reason, reason } from './reason.ts'

const LFS_POINTER = 'version https://git-lfs.github.com/spec/'
const MAX_POINTER_BYTES = 1024

/** What is wrong with the files of a version before any of them is loaded. */
export async function checkFiles(
  id: { readonly model: string; readonly number: number },
  files: readonly ArtifactRef[],
  store: ArtifactStore,
): Promise<Reason[]> {
  const name = versionName(id.model, id.number)
  const unsafe = files.filter((file) => !isSafePath(file.path))
  const reasons = unsafe.map((file) =>
    reason('gitops.path_refused', `${name}: the path "${file.path}" is refused.`),
  )
  const entry = files.find((file) => file.path === ENTRY_POINT)
  if (!entry) return [...reasons, reason('gitops.model_file_missing', `${name} holds no ${ENTRY_POINT}.`)]
  if (entry.sizeBytes === 0) reasons.push(reason('gitops.file_empty', `${name}: ${ENTRY_POINT} has 0 bytes.`))
  for (const file of files) {
    if (!(await isLfsPointer(file, store))) continue
    const text = `${name}: ${file.path} is a Git LFS pointer, not the file: push the bytes themselves.`
    reasons.push(reason('onnx.not_a_model', text))
  }
  return reasons
}

async function isLfsPointer(file: ArtifactRef, store: ArtifactStore): Promise<boolean> {
  if (file.sizeBytes > MAX_POINTER_BYTES) return false
  const chunks: Uint8Array[] = []
  for await (const chunk of store.open(file.sha256)) chunks.push(chunk)
  return Buffer.concat(chunks).toString('latin1').startsWith(LFS_POINTER)
}
