export { TestClock } from './test-clock.ts'
export { waitFor } from './wait-for.ts'
