import { sha256Hex } from '@understudy/core'
import type { CommitInfo, Problem } from '@understudy/gitops'
import type { Tx } from '../database.ts'

/** The number of a version that a problem is about: `models/<model>/<number>` or something below it. */
function numberIn(model: string, problem: Problem): number | null {
  const rest = problem.path.startsWith(`models/${model}/`)
    ? problem.path.slice(`models/${model}/`.length)
    : ''
  const directory = rest.split('/')[0] ?? ''
  const number = Number(directory)
  return /^[1-9][0-9]{0,15}$/.test(directory) && Number.isSafeInteger(number) ? number : null
}

/**
 * Shows refused versions as what they are: rejected numbers with their reasons, although their bytes were not taken.
 *
 * The number is not used up: a corrected push under it becomes a version. The digest of a refused one names its refusal.
 */
export async function replaceRefusedVersions(
  tx: Tx,
  model: string,
  problems: readonly Problem[],
  tip: CommitInfo,
): Promise<void> {
  const byNumber = new Map<number, Problem[]>()
  for (const problem of problems) {
    const number = numberIn(model, problem)
    if (number !== null) byNumber.set(number, [...(byNumber.get(number) ?? []), problem])
  }
  await tx.modelVersion.deleteMany({ where: { modelName: model, refused: true } })
  const known = await tx.modelVersion.findMany({
    where: { modelName: model, number: { in: [...byNumber.keys()] } },
    select: { number: true },
  })
  const used = new Set(known.map((row) => Number(row.number)))
  for (const [number, reasons] of byNumber) {
    if (used.has(number)) continue
    await tx.modelVersion.create({
      data: {
        modelName: model,
        number,
        digest: sha256Hex(`refused ${model} ${number} ${tip.commit}`),
        entryPoint: '',
        commit: tip.commit,
        commitSubject: tip.subject,
        authorName: tip.authorName,
        authorEmail: tip.authorEmail,
        committedAt: new Date(tip.committedAtMs),
        state: 'rejected',
        reasons: reasons.map(({ code, message }) => ({ code, message })),
        servingFingerprint: '',
        goldenFingerprint: '',
        atTip: true,
        refused: true,
        sizeBytes: 0,
      },
    })
  }
}
