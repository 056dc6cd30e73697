// Which keys of a recipient mean something for its kind. Pure.

const SNMP_V3 = ['user', 'auth', 'auth_password', 'privacy', 'privacy_password']

export const WHEN_ROWS = ['enabled', 'when', 'quiet', 'least', 'min_interval']
export const WHAT_ROWS = ['alarms', 'cleared', 'boot', 'sign_in', 'control', 'reports', 'events']

/** Those that say how it is reached. */
export function kindRows(kind: string, text: (key: string) => string): string[] {
  switch (kind) {
    case 'mail':
      return ['address', 'form']
    case 'trap': {
      const version = text('version')
      return ['host', 'port', 'version', ...(version === 'v3' ? SNMP_V3 : ['community']), ...(version === 'v1' ? [] : ['inform'])]
    }
    case 'syslog':
      return ['host', 'port', 'transport', 'facility', ...(text('transport') === 'tls' ? ['ca'] : [])]
    case 'webhook':
      return ['url', 'key', 'ca']
    default:
      return []
  }
}
