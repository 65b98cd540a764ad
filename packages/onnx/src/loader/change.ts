/** Something that happens at most once and can be waited for. */
export class Change {
  readonly happened: Promise<void>
  #happen: () => void = () => {}

  constructor() {
    this.happened = new Promise((resolve) => {
      this.#happen = resolve
    })
  }

  happen(): void {
    this.#happen()
  }
}
