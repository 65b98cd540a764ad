/** A command as a person types it, in backticks: `understudy approve iris`. */
export function commandText(verb: string, model: string, more = ''): string {
  return `\`npx --no-install understudy ${verb} ${model}${more === '' ? '' : ` ${more}`}\``
}

/** The option of a command that asks for a reason. */
export const WHY = '--reason "why"'
