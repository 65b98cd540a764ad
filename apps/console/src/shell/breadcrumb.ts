export interface Crumb {
  readonly name: string
  /** Undefined for the page itself. */
  readonly href: string | undefined
}

/** The way from the side bar to a page, read off its path. */
export function breadcrumb(path: string): readonly Crumb[] {
  const [section, model, below] = path
    .split('/')
    .filter((part) => part !== '')
    .map(decode)
  if (section === undefined) return [{ name: 'Overview', href: undefined }]
  if (section === 'audit') return [{ name: 'Audit', href: undefined }]
  if (section !== 'models') return [{ name: 'Not found', href: undefined }]
  if (model === undefined) return [{ name: 'Models', href: undefined }]
  const models = { name: 'Models', href: '/models' }
  if (below === undefined) return [models, { name: model, href: undefined }]
  return [models, { name: model, href: modelHref(model) }, { name: 'Rollout', href: undefined }]
}

export function modelHref(model: string): string {
  return `/models/${encodeURIComponent(model)}`
}

export function rolloutHref(model: string, id: string): string {
  return `${modelHref(model)}/rollouts/${encodeURIComponent(id)}`
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
