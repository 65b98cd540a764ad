import { formatVersion, joinWords } from '../text/format.ts'
import type {
  LabelledVersion,
  LabelNote,
  UserLabels,
  UserLabelsDecision,
  UserLabelsInput,
} from './user-labels.ts'

type Obstacle = Pick<LabelNote, 'refused' | 'detail'> & { readonly isLoading: boolean }

const refused = (detail: string): Obstacle => ({ refused: true, isLoading: false, detail })
const waits = (detail: string, isLoading: boolean): Obstacle => ({ refused: false, isLoading, detail })

/**
 * Decides where the labels of the user's own point now, and which versions nodes hold loaded for them.
 *
 * A label moves only to a validated version that is not withdrawn and that every joined node has available; until then it stays where it
 * is. One that the environment file no longer names goes, and so does one whose version was withdrawn. Calling it again on what it brought
 * about changes nothing.
 */
export function decideUserLabels(input: UserLabelsInput): UserLabelsDecision {
  const labels = new Map<string, number>()
  const loaded = new Set<number>()
  const notes: LabelNote[] = []
  for (const [label, number] of Object.entries(input.wanted)) {
    const before = carriedNumber(input, label)
    const obstacle = before === number ? null : obstacleTo(input, number)
    const at = obstacle === null ? number : before
    if (at !== undefined) labels.set(label, at)
    if (obstacle?.isLoading) loaded.add(number)
    if (obstacle !== null) {
      notes.push({ label, number, refused: obstacle.refused, detail: obstacle.detail })
    }
  }
  for (const number of labels.values()) loaded.add(number)
  return {
    labels: Object.fromEntries(labels),
    loaded: [...loaded].sort((one, other) => one - other),
    notes,
  }
}

/** Whether two sets of labels say the same. */
export function areSameLabels(one: UserLabels, other: UserLabels): boolean {
  const names = Object.keys(one)
  return (
    names.length === Object.keys(other).length &&
    names.every((label) => Object.hasOwn(other, label) && one[label] === other[label])
  )
}

/** Where a label points now, unless that was withdrawn meanwhile. */
function carriedNumber({ carried, versions }: UserLabelsInput, label: string): number | undefined {
  const number = Object.hasOwn(carried, label) ? carried[label] : undefined
  const version = versions.find((one) => one.number === number)
  return version === undefined || version.standing === 'withdrawn' ? undefined : number
}

function obstacleTo({ versions }: UserLabelsInput, number: number): Obstacle | null {
  const version = versions.find((one) => one.number === number)
  const name = formatVersion(number)
  if (version === undefined) return refused(`${name} is not in Git`)
  if (version.standing === 'withdrawn') return refused(`${name} is withdrawn`)
  if (version.state === 'rejected') {
    return refused(`${name} was rejected${version.reason === null ? '' : `: ${version.reason}`}`)
  }
  if (!version.atTip) return refused(`${name} is no longer in Git`)
  if (version.state !== 'validated') return waits(`${name} is being validated`, false)
  return obstacleOnNodes(version)
}

function obstacleOnNodes({ number, nodes }: LabelledVersion): Obstacle | null {
  const name = formatVersion(number)
  if (nodes.length === 0) return waits(`${name} waits for a serving node`, true)
  const broken = nodes.find(({ state }) => state === 'error')
  if (broken !== undefined) {
    return waits(`${name} does not load on ${broken.node}: ${broken.detail ?? 'no reason given'}`, true)
  }
  const late = nodes.filter(({ state }) => state !== 'available').map(({ node }) => node)
  return late.length === 0 ? null : waits(`${name} is being loaded on ${joinWords(late)}`, true)
}
