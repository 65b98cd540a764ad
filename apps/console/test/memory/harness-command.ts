export type Story = 'full' | 'empty'

/** What a test tells the console in memory to do, over its IPC channel. */
export type HarnessCommand =
  | { readonly do: 'begin'; readonly story: Story }
  | { readonly do: 'changePolicy'; readonly model: string }
  | { readonly do: 'push'; readonly model: string }
  | { readonly do: 'silence'; readonly silent: boolean }
  | { readonly do: 'countListeners' }
