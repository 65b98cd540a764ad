/** How many calls are in flight. */
export class CallCount {
  #inFlight = 0

  get inFlight(): number {
    return this.#inFlight
  }

  began(): void {
    this.#inFlight += 1
  }

  ended(): void {
    this.#inFlight -= 1
  }
}
