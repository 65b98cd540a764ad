import type { MinuteRow } from '@understudy/db/node'

const MINUTE_MS = 60_000
/** A day: with the record away for longer, the oldest are forgotten. */
const MINUTES_MAX = 1_440

interface Minute {
  readonly minuteMs: number
  requests: number
  sampled: number
  seq: number
  storedSeq: number
}

/** Live requests of one series by minute, and those that were sampled: absolute, for the store to upsert. */
export class MinuteMeter {
  readonly #seriesId: string
  #minutes: Minute[] = []

  constructor(seriesId: string) {
    this.#seriesId = seriesId
  }

  count(requests: number, sampled: boolean, atMs: number): void {
    const minute = this.#at(Math.floor(atMs / MINUTE_MS) * MINUTE_MS)
    minute.requests += requests
    if (sampled) minute.sampled += requests
    minute.seq += 1
  }

  /** Minutes that changed since they were last stored. */
  rows(): readonly MinuteRow[] {
    return this.#minutes
      .filter(({ seq, storedSeq }) => seq > storedSeq)
      .map(({ minuteMs, requests, sampled, seq }) => ({
        seriesId: this.#seriesId,
        minuteMs,
        requests,
        sampled,
        seq,
      }))
  }

  /** This row is stored. A minute that may still grow is kept, since it is told as a whole. */
  stored({ minuteMs, seq }: MinuteRow): void {
    const last = this.#minutes.at(-1)
    this.#minutes = this.#minutes.filter((minute) => {
      if (minute.minuteMs === minuteMs) minute.storedSeq = Math.max(minute.storedSeq, seq)
      return minute === last || minute.seq > minute.storedSeq
    })
  }

  /** By a clock that went back, a minute counts on. */
  #at(minuteMs: number): Minute {
    const known = this.#minutes.findLast((minute) => minute.minuteMs === minuteMs)
    if (known !== undefined) return known
    const minute = { minuteMs, requests: 0, sampled: 0, seq: 0, storedSeq: 0 }
    this.#minutes.push(minute)
    if (this.#minutes.length > MINUTES_MAX) this.#minutes.shift()
    return minute
  }
}
