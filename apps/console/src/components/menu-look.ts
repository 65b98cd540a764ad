/** The look of every menu that floats. */
export const MENU = 'enter z-50 min-w-40 rounded-panel border border-line-strong bg-surface p-1 shadow-float'

export const MENU_ITEM =
  'flex h-8 items-center gap-2 rounded-control px-2 text-body outline-none data-[highlighted]:bg-hover touch:h-11'
