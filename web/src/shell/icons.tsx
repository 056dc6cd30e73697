// Drawn for these pages: one stroke, one size.
const PATHS = {
  overview: 'M3 5h14M6 5v6M10 5v10M14 5v8M5 11h2M9 15h2M13 13h2',
  control: 'M10 3v7M6 5.500a6 6 0 1 0 8 0',
  alarms: 'M5 14V9a5 5 0 0 1 10 0v5M3 14h14M8.5 17h3M10 2v2',
  energy: 'M3 17h14M4.500 17v-5M8.200 17V7M11.900 17v-8M15.600 17V4',
  meters: 'M4 3h12v14H4zM6.500 6h7v3.500h-7zM7 13h.01M10 13h.01M13 13h.01',
  more: 'M4 10h.01M10 10h.01M16 10h.01',
  graph: 'M3 16h14M3 13l4-5 3 3 4-7 3 4',
  events: 'M3 5h2M8 5h9M3 10h2M8 10h9M3 15h2M8 15h6',
  diagnostics: 'M2 10h4l2-6 4 12 2-6h4',
  settings: 'M3 6h8M15 6h2M3 14h2M9 14h8M13 4v4M7 12v4',
  search: 'M9 3.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM13 13l4 4',
  user: 'M10 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM4 17c.6-3.4 3-5 6-5s5.400 1.600 6 5',
  close: 'M5 5l10 10M15 5L5 15',
  left: 'M12 4l-6 6 6 6',
  right: 'M8 4l6 6-6 6',
  plus: 'M10 4v12M4 10h12',
  minus: 'M4 10h12',
  save: 'M10 3v9M6 9l4 4 4-4M4 16h12',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  )
}
