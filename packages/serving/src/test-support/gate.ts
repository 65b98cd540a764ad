/** A promise that a test opens or breaks by hand. */
export class Gate<T = void> {
  readonly passed: Promise<T>
  open: (value: T) => void = () => {}
  break: (error: unknown) => void = () => {}

  constructor() {
    this.passed = new Promise((resolve, reject) => {
      this.open = resolve
      this.break = reject
    })
    this.passed.catch(() => {})
  }
}
