/** A moment as the field shows it: the reader's own clock, to the second. */
export function toField(at: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${String(at.getFullYear()).padStart(4, '0')}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
}

const FIELD = /^\s*(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2})?)\s*$/

/** Undefined for what is not, or not yet, a moment. */
export function fromField(text: string): Date | undefined {
  const parts = FIELD.exec(text)
  if (parts === null) return undefined
  const at = new Date(`${parts[1]}T${parts[2]}`)
  return Number.isNaN(at.getTime()) ? undefined : at
}

/** A moment out of an address, ISO 8601; undefined for anything else. */
export function fromAddress(value: string | null): Date | undefined {
  if (value === null || !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(value)) return undefined
  const at = new Date(value)
  return Number.isNaN(at.getTime()) ? undefined : at
}
