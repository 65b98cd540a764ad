/** What `<input type="datetime-local">` wants: the reader's own clock, to the second. */
export function toLocalInput(at: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${String(at.getFullYear()).padStart(4, '0')}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
}

/** Undefined for what is not, or not yet, a moment. */
export function fromLocalInput(value: string): Date | undefined {
  const at = new Date(value)
  return value === '' || Number.isNaN(at.getTime()) ? undefined : at
}

/** A moment out of an address, ISO 8601; undefined for anything else. */
export function parseMoment(value: string | null): Date | undefined {
  if (value === null || !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(value)) return undefined
  return fromLocalInput(value)
}
