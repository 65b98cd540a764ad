/** Where the bytes of a snapshot's files come from: a mirror by Git object id, or a working directory. */
export interface BlobSource {
  /** Streams one file's exact bytes; fails, rather than ending early, when they cannot all be read. */
  openBlob(oid: string, signal?: AbortSignal): AsyncIterable<Uint8Array>
}
