/** Raised whenever the same bytes would give another form: what an older converter made is made again. */
export const CONVERTER_VERSION = 1

/** Where a form's own weights lie, beside its graph. */
export const WEIGHTS_NAME = 'weights.bin'

/** An initializer of at least this size moves out of the graph. Smaller ones would cost a mapping each and save nothing. */
export const MOVED_BYTES_MIN = 8 * 1024

/** A model whose large initializers have fewer bytes together stays as it is: it loads in a few milliseconds anyway. */
export const CONVERTED_BYTES_MIN = 1024 * 1024

const PAGE_BYTES = 4096
const LARGE_PAGE_BYTES = 64 * 1024
const LARGE_TENSOR_BYTES = 1024 * 1024
const CACHE_LINE_BYTES = 64

/**
 * Where a tensor of this size may begin. Everything worth a mapping begins at a page of its own; what makes up nearly all of the
 * weights also does on systems with pages of 64 KiB. Padding stays below a sixteenth of what is large, and takes no place on disk.
 */
export function alignmentBytes(sizeBytes: number): number {
  if (sizeBytes >= LARGE_TENSOR_BYTES) return LARGE_PAGE_BYTES
  return sizeBytes >= MOVED_BYTES_MIN ? PAGE_BYTES : CACHE_LINE_BYTES
}

/** Whether external data of a model can be mapped from where it lies. */
export function isAligned(offset: number): boolean {
  return offset % PAGE_BYTES === 0
}
