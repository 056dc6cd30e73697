// Keys for programs: made, shown once, revoked.
import { useState } from 'preact/hooks'
import { ask } from '../../api/http'
import type { AccessRole, Token } from '../../api/types'
import { unitNow } from '../../base/clock'
import { date, parseTime } from '../../format/time'
import { site } from '../../model/site'
import { Confirm } from '../../parts/confirm'
import { t } from '../../text'
import { useList, type List } from './use-list'
import { RoleSelect } from './users'

interface Made {
  name: string
  token: string
}

/** The only time a token is on any screen. */
function Once({ made, onDone }: { made: Made; onDone: () => void }) {
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    // Without HTTPS browsers give no clipboard; the text is selected on focus instead.
    await navigator.clipboard?.writeText(made.token).then(() => setCopied(true), () => {})
  }
  return (
    <div class="once" role="status">
      <p><b>{t.tokens.once(made.name)}</b></p>
      <div class="password">
        <input readOnly value={made.token} aria-label={t.tokens.once(made.name)} onFocus={(event) => event.currentTarget.select()} />
        <button type="button" onClick={() => void copy()}>{copied ? t.tokens.copied : t.tokens.copy}</button>
        <button type="button" onClick={onDone}>{t.tokens.done}</button>
      </div>
    </div>
  )
}

/** By the unit's clock; it is the one that judges. */
function expiryOf(days: string): string | undefined {
  return days ? new Date(unitNow() + Number(days) * 86_400_000).toISOString() : undefined
}

function Add({ list, onMade }: { list: List<Token>; onMade: (made: Made) => void }) {
  const [name, setName] = useState('')
  const [role, setRole] = useState<AccessRole>('view')
  const [days, setDays] = useState('365')
  const add = async (event: Event) => {
    event.preventDefault()
    const body = { name: name.trim(), role, expires: expiryOf(days) }
    await list.run(async () => {
      const made = await ask<{ id: string; token: string }>('/tokens', { method: 'POST', body })
      onMade({ name: body.name, token: made.token })
      setName('')
    }, '')
  }
  return (
    <form class="add-form" onSubmit={(event) => void add(event)}>
      <h3>{t.tokens.add}</h3>
      <div class="fields">
        <div class="field"><label for="token-name">{t.tokens.name}</label>
          <input id="token-name" required autocomplete="off" value={name} onInput={(event) => setName(event.currentTarget.value)} /></div>
        <div class="field"><label for="token-role">{t.tokens.role}</label><RoleSelect id="token-role" value={role} onRole={setRole} /></div>
        <div class="field"><label for="token-expires">{t.tokens.expires}</label>
          <select id="token-expires" value={days} onChange={(event) => setDays(event.currentTarget.value)}>
            {Object.entries(t.tokens.expiresChoice).map(([value, words]) => <option key={value} value={value}>{words}</option>)}
          </select></div>
      </div>
      <button type="submit" class="primary" disabled={!name.trim()}>{t.tokens.add}</button>
    </form>
  )
}

function Row({ token, list }: { token: Token; list: List<Token> }) {
  const expires = parseTime(token.expires)
  const zone = site.get()?.time_zone ?? 'UTC'
  return (
    <li class="person-row">
      <span class="person-name"><b>{token.name}</b> <code>{token.id}</code></span>
      <span>{t.role[token.role]}</span>
      <span class="quiet-word">{t.tokens.expires} {expires === null ? t.tokens.never : date(expires, zone)}</span>
      <span class="row-actions">
        <Confirm label={t.tokens.remove} ariaLabel={t.tokens.removeOf(token.name)} question={t.tokens.removeAsk(token.name)} yes={t.tokens.reallyRemove}
          onYes={() => void list.run(() => ask(`/tokens/${encodeURIComponent(token.id)}`, { method: 'DELETE' }), t.tokens.removed(token.name))} />
      </span>
    </li>
  )
}

export function Tokens() {
  const list = useList<Token>('/tokens')
  const [made, setMade] = useState<Made | null>(null)
  return (
    <section class="panel" aria-labelledby="tokens">
      <h2 id="tokens">{t.tokens.title}</h2>
      <p class="quiet-word">{t.tokens.text}</p>
      <div role="status">
        {list.failure && <p class="fault"><span class="shape" aria-hidden="true">◆</span>{list.failure}</p>}
        {list.said && <p class="said">{list.said}</p>}
      </div>
      {made && <Once made={made} onDone={() => setMade(null)} />}
      {list.rows?.length === 0 && <p class="quiet-word">{t.tokens.none}</p>}
      <ul class="people">{list.rows?.map((token) => <Row key={token.id} token={token} list={list} />)}</ul>
      <Add list={list} onMade={setMade} />
    </section>
  )
}
