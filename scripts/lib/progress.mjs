const began = performance.now()

/** One line for the person at the terminal, with the seconds since the start. */
export function say(text) {
  process.stdout.write(`${`${((performance.now() - began) / 1_000).toFixed(1)} s`.padStart(8)}  ${text}\n`)
}

/** Says `text`, and again every ten seconds that the work goes on, so that nobody takes a long step for a stuck one. */
export async function sayWhile(text, work) {
  const started = performance.now()
  say(text)
  const timer = setInterval(
    () => say(`${text} … ${Math.round((performance.now() - started) / 1_000)} s`),
    10_000,
  )
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}
