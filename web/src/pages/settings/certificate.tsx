// What browsers are shown by HTTPS: what it says, another one, a new self-signed one.
import { useEffect, useState } from 'preact/hooks'
import { ask, sentence } from '../../api/http'
import type { Certificate } from '../../api/types'
import { date, parseTime } from '../../format/time'
import { site } from '../../model/site'
import { Confirm } from '../../parts/confirm'
import { t } from '../../text'
import { covers } from './model'
import type { Bench } from './use-settings'

function day(time: string | null): string {
  const at = parseTime(time)
  return at === null ? t.value.none : date(at, site.get()?.time_zone ?? 'UTC')
}

function Facts({ certificate }: { certificate: Certificate }) {
  const rows: [string, string | null][] = [
    [t.certificate.subject, certificate.subject],
    [t.certificate.names, certificate.names.join(', ')],
    [t.certificate.issuer, certificate.self_signed ? t.certificate.selfSigned : certificate.issuer],
    [t.certificate.valid, t.certificate.validText(day(certificate.valid_from), day(certificate.valid_until))],
    [t.certificate.key, certificate.key],
    [t.certificate.fingerprint, certificate.fingerprint],
    [t.certificate.chain, certificate.chain.map((one) => one.subject).join(' · ')],
  ]
  return (
    <dl class="certificate-facts">
      {rows.filter(([, text]) => text).map(([name, text]) => <div key={name}><dt>{name}</dt><dd class={name === t.certificate.fingerprint ? 'code' : undefined}>{text}</dd></div>)}
    </dl>
  )
}

/** A file or pasted text: both end in the same box, so that it can be looked at. */
function PemField({ id, label, help, value, secret = false, onValue }: { id: string; label: string; help: string; value: string; secret?: boolean; onValue: (text: string) => void }) {
  const read = async (event: Event & { currentTarget: HTMLInputElement }) => {
    const file = event.currentTarget.files?.[0]
    if (file) onValue(await file.text())
  }
  return (
    <div class="field pem">
      <label for={id}>{label}</label>
      <span class="quiet-word" id={`${id}-help`}>{help}</span>
      <input type="file" aria-label={label} aria-describedby={`${id}-help`} accept=".pem,.crt,.cer,.key,text/plain" onChange={(event) => void read(event)} />
      <textarea id={id} class={secret ? 'secret-text' : undefined} rows={4} spellcheck={false} autocomplete="off" aria-describedby={`${id}-help`} placeholder="-----BEGIN …" value={value}
        onInput={(event) => onValue(event.currentTarget.value)} />
    </div>
  )
}

function Upload({ working, onPut }: { working: boolean; onPut: (certificate: string, key: string) => Promise<boolean> }) {
  const [chain, setChain] = useState('')
  const [key, setKey] = useState('')
  const put = async (event: Event) => {
    event.preventDefault()
    if (!(await onPut(chain, key))) return
    setChain('')
    setKey('')
  }
  const local = ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname)
  return (
    <form class="add-form" onSubmit={(event) => void put(event)}>
      <h3>{t.certificate.upload}</h3>
      {location.protocol === 'http:' && !local && <p class="reason">{t.certificate.plainHttp}</p>}
      <div class="fields">
        <PemField id="chain" label={t.certificate.chainFile} help={t.certificate.chainHelp} value={chain} onValue={setChain} />
        <PemField id="key" label={t.certificate.keyFile} help={t.certificate.keyHelp} value={key} secret onValue={setKey} />
      </div>
      <button type="submit" class="primary" disabled={working || !chain.trim() || !key.trim()}>{t.certificate.put}</button>
    </form>
  )
}

export function CertificatePanel({ bench }: { bench: Bench }) {
  const [certificate, setCertificate] = useState<Certificate | null>(null)
  const [failure, setFailure] = useState<string | null>(null)
  const [said, setSaid] = useState<string | null>(null)
  const [working, setWorking] = useState(false)
  useEffect(() => {
    ask<Certificate>('/certificate').then(setCertificate, (cause) => setFailure(sentence(cause)))
  }, [])
  const run = async (method: string, body: unknown, words: string): Promise<boolean> => {
    setWorking(true)
    setFailure(null)
    setSaid(null)
    try {
      setCertificate(await ask<Certificate>('/certificate', { method, body }))
      setSaid(words)
      return true
    } catch (cause) {
      setFailure(sentence(cause))
      return false
    } finally {
      setWorking(false)
    }
  }
  const files = certificate?.source === 'files'
  const names = String(bench.desk.values.get('web.names')?.value ?? '')
  const host = location.hostname
  return (
    <section class="panel" aria-labelledby="certificate">
      <h2 id="certificate">{t.certificate.title}</h2>
      <p class="quiet-word">{t.certificate.text}</p>
      {certificate && <Facts certificate={certificate} />}
      {certificate?.problem && <p class="reason">{certificate.problem.charAt(0).toUpperCase() + certificate.problem.slice(1)}.</p>}
      {certificate?.subject != null && location.protocol === 'https:' && !covers(certificate.names, host) && <p class="reason">{t.certificate.notNamed(host)}</p>}
      {files && <p>{t.certificate.files(certificate.path ?? '')}</p>}
      {certificate && !files && (
        <>
          <Upload working={working} onPut={(chain, key) => run('PUT', { certificate: chain, key }, t.certificate.putDone)} />
          <div class="add-form">
            <h3>{t.certificate.own}</h3>
            <p class="quiet-word">{t.certificate.makeText(names)}</p>
            <Confirm label={t.certificate.make} ariaLabel={t.certificate.make} question={t.certificate.makeAsk} yes={t.certificate.makeYes}
              onYes={() => void run('POST', undefined, t.certificate.makeDone)} />
          </div>
        </>
      )}
      <div role="status">
        {failure && <p class="fault"><span class="shape" aria-hidden="true">◆</span>{failure}</p>}
        {said && <p class="said">{said}</p>}
      </div>
    </section>
  )
}
