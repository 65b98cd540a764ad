/** A guess at what a file is that is no ONNX model, for the message; undefined when nothing fits. */
export function describeNonModel(head: Uint8Array): string | undefined {
  if (head.length === 0) return 'the file is empty (0 bytes)'
  const text = Buffer.from(head.subarray(0, 256)).toString('latin1')
  if (text.startsWith('version https://git-lfs.github.com/spec/')) {
    return 'it is a Git LFS pointer, so the real file was never fetched'
  }
  if (text.startsWith('PK\x03\x04')) return 'it is a ZIP archive (a PyTorch or Keras file, perhaps)'
  if (text.startsWith('\x80') && head.includes(0x2e)) return 'it looks like a Python pickle'
  if (text.startsWith('\x89HDF')) return 'it is an HDF5 file (a Keras model, perhaps)'
  if (/^[\t\n\r\x20-\x7e]+$/.test(text)) return 'it is a text file'
  return undefined
}
