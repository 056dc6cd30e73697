// A host as people type it.
/** "gw.example:502", "192.0.2.10", "[2001:db8::1]:502". */
export function splitHost(text: string): { host: string; port?: number } {
  const found = /^\[?([^\]]+?)\]?:(\d+)$/.exec(text.trim())
  // Several colons and no brackets are an address without a port.
  if (!found?.[1] || (found[1].includes(':') && !text.includes('['))) return { host: text.trim().replace(/^\[|\]$/g, '') }
  return { host: found[1], port: Number(found[2]) }
}
