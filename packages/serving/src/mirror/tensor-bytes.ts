import type { NamedTensors, Tensor } from '@understudy/core'

/** Memory that the data of these tensors takes, near enough for a budget. */
export function tensorBytes(tensors: NamedTensors): number {
  let bytes = 0
  for (const tensor of tensors.values()) bytes += dataBytes(tensor)
  return bytes
}

function dataBytes({ data }: Tensor): number {
  if (ArrayBuffer.isView(data)) return data.byteLength
  return (data as readonly string[]).reduce((sum, text) => sum + text.length * 2, 0)
}
