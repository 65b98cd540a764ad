interface Entry {
  readonly isUrgent: () => boolean
  readonly begin: () => Promise<void>
}

/** Lets loads into one executor happen one after the other, those that runs wait for first, so that runs of others pass between them. */
export class LoadTurns {
  readonly #waiting: Entry[] = []
  #isBusy = false

  /** Settles as the task does. `isUrgent` is asked whenever a turn is free. */
  take<T>(isUrgent: () => boolean, task: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ isUrgent, begin: () => task().then(resolve, reject) })
      if (!this.#isBusy) void this.#work()
    })
  }

  async #work(): Promise<void> {
    this.#isBusy = true
    for (let entry = this.#next(); entry; entry = this.#next()) await entry.begin()
    this.#isBusy = false
  }

  #next(): Entry | undefined {
    const urgent = this.#waiting.findIndex(({ isUrgent }) => isUrgent())
    return this.#waiting.splice(Math.max(0, urgent), 1)[0]
  }
}
