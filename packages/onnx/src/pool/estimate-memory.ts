import type { MeasuredCost } from '@understudy/core'
import type { ModelForm } from '../frames/frame.ts'
import type { Placement } from './decide-placement.ts'

const MIB = 1024 * 1024

/** A process with V8 and the library in it, before any model. */
export const PROCESS_BYTES = 60 * MIB
/** The same in quarantine, whose peak counts the pages of the library, too. */
const QUARANTINE_PROCESS_BYTES = 100 * MIB
/** Peak during a load into the prepacked form, in sizes of the weights. */
const PREPACK_FACTOR = 1.6
/** What a session needs beside its weights: graph, plan and buffers of small runs. */
const SESSION_BYTES = MIB / 2

export interface MemoryFacts {
  readonly weightsBytes: number
  readonly form: ModelForm
  readonly placement: Placement
  readonly measured: Pick<MeasuredCost, 'memoryBytes'> | null
}

export interface MemoryEstimate {
  /** Memory that only ending or unloading gives back. It bounds the executor. */
  readonly anonymousBytes: number
  /** Pages of the weights' file. The system may take them back, at the price of reading them again. */
  readonly mappedBytes: number
}

/** Upper bound of what a version needs in this form and place. */
export function estimateMemory(facts: MemoryFacts): MemoryEstimate {
  const processBytes = facts.placement === 'own' ? PROCESS_BYTES : 0
  return {
    anonymousBytes: processBytes + SESSION_BYTES + ownBytes(facts),
    mappedBytes: facts.form === 'mapped' ? facts.weightsBytes : 0,
  }
}

/** What belongs to the model alone: its copied weights, and what its runs need. */
function ownBytes({ weightsBytes, form, measured }: MemoryFacts): number {
  const copied = form === 'prepacked' ? PREPACK_FACTOR * weightsBytes : 0
  // Never measured: runs may need as much again as the weights.
  if (measured === null) return copied + weightsBytes
  const measuredBytes = Math.max(0, measured.memoryBytes - QUARANTINE_PROCESS_BYTES)
  if (form === 'prepacked') return Math.max(copied, measuredBytes)
  return Math.max(0, measuredBytes - weightsBytes)
}

/** Every executor may have so much: V8, and a request and an answer of some size in each of its buffers. */
export const MEMORY_LIMIT_FLOOR_BYTES = 512 * MIB
const LIMIT_FACTOR = 1.5
/** Limits change by steps, so that not every small version that comes or goes changes one. */
const LIMIT_STEP_BYTES = 64 * MIB

/**
 * What the arena of a further session takes of the address space, used or not: the system's limit counts it. An executor of 404 small
 * models ended in a run for want of it, having used a tenth.
 */
const ARENA_BYTES = 2 * MIB

/**
 * At which anonymous memory an executor is ended, so many models having reserved so much: 1.5 times, at least the floor, and the arenas
 * of those that share it.
 */
export function memoryLimitBytes(reservedBytes: number, models = 1): number {
  const arenas = Math.max(0, models - 1) * ARENA_BYTES
  const wanted = Math.max(MEMORY_LIMIT_FLOOR_BYTES, LIMIT_FACTOR * reservedBytes) + arenas
  return Math.ceil(wanted / LIMIT_STEP_BYTES) * LIMIT_STEP_BYTES
}
