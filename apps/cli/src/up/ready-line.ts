/** Whether a line of a log says that its process is ready: JSON with `"event":"ready"`. */
export function isReadyLine(line: string): boolean {
  if (!line.includes('"event"')) return false
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && 'event' in value && value.event === 'ready'
  } catch {
    return false
  }
}
