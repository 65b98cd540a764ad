/**
 * What happens "within seconds" happens within this, however busy the machine is; a person who had to help would take longer. How long it
 * takes on a machine that does nothing else is figure 15 of the bench.
 */
export const SECONDS_MS = 20_000
