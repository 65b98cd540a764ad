/** What health routes ask. Both are synchronous and cheap. */
export interface NodeHealth {
  /** The process works. */
  live(): boolean
  /** The node holds a plan and every live version in it can answer. A drain takes it back by itself. */
  ready(): boolean
}
