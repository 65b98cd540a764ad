/** HTTP/2 written by hand: what no client library would send. */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

const TYPE = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, window: 8, continuation: 9 } as const

/** One frame, whatever it holds. */
export function frame(type: keyof typeof TYPE, stream: number, payload: Uint8Array, flags = 0): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(TYPE[type], 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

const EMPTY = Buffer.alloc(0)
const repeated = (count: number, make: (at: number) => Buffer) =>
  Buffer.concat([PREFACE, frame('settings', 0, EMPTY), ...Array.from({ length: count }, (_, at) => make(at))])

/** `:method: POST`, `:scheme: http`, `:path: /` by their numbers in the static table. */
const HEADERS = Buffer.of(0x83, 0x86, 0x84)
const END_HEADERS = 0x4

/** Floods that have made servers fall, by name. */
export const FLOODS: readonly (readonly [name: string, bytes: Buffer])[] = [
  ['pings', repeated(20_000, () => frame('ping', 0, Buffer.alloc(8)))],
  ['settings', repeated(20_000, () => frame('settings', 0, EMPTY))],
  [
    'requests that are taken back at once',
    repeated(10_000, (at) =>
      Buffer.concat([
        frame('headers', 1 + 2 * at, HEADERS, END_HEADERS),
        frame('reset', 1 + 2 * at, Buffer.from([0, 0, 0, 8])),
      ]),
    ),
  ],
  [
    'headers that never end',
    repeated(5_000, (at) =>
      at === 0 ? frame('headers', 1, HEADERS) : frame('continuation', 1, Buffer.alloc(1_000, 0x84)),
    ),
  ],
  [
    'empty data',
    repeated(20_000, (at) =>
      at === 0 ? frame('headers', 1, HEADERS, END_HEADERS) : frame('data', 1, EMPTY),
    ),
  ],
  ['a frame larger than allowed', repeated(1, () => frame('data', 1, Buffer.alloc(100_000)))],
  ['windows that overflow', repeated(3, () => frame('window', 0, Buffer.from([0x7f, 0xff, 0xff, 0xff])))],
  ['frames of streams that are not there', repeated(1_000, (at) => frame('reset', 2 + at, Buffer.alloc(4)))],
]
