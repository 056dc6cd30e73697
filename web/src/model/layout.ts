// Where the menu stands: as the site says, unless this browser's user wants it otherwise.
import type { Session } from '../api/types'
import { Cell } from '../base/cell'

export type Menu = 'side' | 'top'

const KEY = 'busbar-menu'

/** A browser that keeps nothing has no wishes. */
function kept(): Menu | null {
  try {
    const word = localStorage.getItem(KEY)
    return word === 'side' || word === 'top' ? word : null
  } catch {
    return null
  }
}

export const ownMenu = new Cell<Menu | null>(kept())

export function chooseMenu(menu: Menu): void {
  ownMenu.set(menu)
  try {
    localStorage.setItem(KEY, menu)
  } catch {
    // It holds until the page is closed.
  }
}

export function menuOf(own: Menu | null, who: Session | null): Menu {
  return own ?? who?.menu ?? 'side'
}

/** In the order in which they are offered; the unit knows the same. */
export const HOMES: Record<string, string> = {
  overview: '/', control: '/control', energy: '/energy', meters: '/meters', graphs: '/graph', events: '/events', alarms: '/alarms', diagnostics: '/diagnostics',
}

/** The address at which this person begins: their own, or that of the role. */
export function homeOf(who: Session | null): string {
  return HOMES[who?.home ?? 'overview'] ?? '/'
}
