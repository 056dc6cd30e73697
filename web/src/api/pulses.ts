// Pulse inputs: what the display of their meter reads.
import { ask } from './http'

/** In kWh or m³. Accepted is not done: the point shows it when it is on the disk. */
export function setReading(path: string, reading: number): Promise<void> {
  return ask(`/pulses/${path.split('/').map(encodeURIComponent).join('/')}`, { method: 'PUT', body: { reading } })
}
