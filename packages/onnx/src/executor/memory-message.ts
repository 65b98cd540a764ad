const MEMORY_MESSAGE =
  /failed to allocate memory|bad_alloc|bad allocation|out of memory|allocation failed|cannot allocate memory|insufficient memory/i

/** Whether a text of ONNX Runtime, V8 or the C++ library says that memory could not be had. */
export function isMemoryMessage(text: string): boolean {
  return MEMORY_MESSAGE.test(text)
}

/** Text of a size: `512 MiB`, `0.4 MiB`. */
export function mebibytes(sizeBytes: number): string {
  const size = sizeBytes / 2 ** 20
  return `${size < 10 ? Math.round(size * 10) / 10 : Math.round(size)} MiB`
}
