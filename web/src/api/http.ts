// Requests to the API: JSON in, JSON out, refusals as Problem.
import { t } from '../text'

const BASE = '/api/v1'

/** A refusal with its sentence (RFC 9457), or no answer at all (status 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly type: string,
    readonly title: string,
    readonly detail: string,
    /** Every mistake, where a request had several. */
    readonly errors: string[] = [],
  ) {
    super(detail || title)
  }
}

let csrf: string | null = null
let onSignedOut: () => void = () => {}

/** Sent with everything that changes something. */
export function setCsrf(token: string | null): void {
  csrf = token
}

/** Called when the server says that nobody is signed in any more. */
export function whenSignedOut(call: () => void): void {
  onSignedOut = call
}

/** A refusal always has a sentence, even when a proxy in between answered with something else. */
async function problemOf(answer: Response): Promise<Problem> {
  try {
    const body = await answer.json()
    return new Problem(answer.status, body.type ?? '', body.title ?? '', body.detail ?? '', body.errors ?? [])
  } catch {
    return new Problem(answer.status, '', t.http.refused(answer.status), '')
  }
}

/** What a request may carry besides its path. */
export interface Ask {
  method?: string
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
}

/** An answer that was no refusal. Throws Problem on a refusal and on silence; a cancelled request throws what the browser throws. */
async function send(path: string, { method = 'GET', body, headers, signal }: Ask): Promise<Response> {
  const all: Record<string, string> = { Accept: 'application/json', ...headers }
  if (body !== undefined) all['Content-Type'] = 'application/json'
  if (method !== 'GET' && csrf) all['X-CSRF-Token'] = csrf
  let answer: Response
  try {
    answer = await fetch(BASE + path, {
      method,
      headers: all,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'same-origin',
      cache: 'no-store',
      signal,
    })
  } catch (cause) {
    if (signal?.aborted) throw cause
    throw new Problem(0, '', t.http.noAnswer, t.http.noAnswerWayOut)
  }
  if (!answer.ok) {
    const problem = await problemOf(answer)
    // A refused sign-in is an answer to the form, not the end of a session.
    if (answer.status === 401 && path !== '/session') onSignedOut()
    throw problem
  }
  return answer
}

/** One request below `/api/v1`. */
export async function ask<T>(path: string, how: Ask = {}): Promise<T> {
  const answer = await send(path, how)
  // 204, and 202 of what goes on: nothing is said but that it was taken.
  const text = await answer.text()
  return (text ? JSON.parse(text) : undefined) as T
}

/** The same with the revision that it was read at, for `If-Match`. */
export async function askTagged<T>(path: string, how: Ask = {}): Promise<{ body: T; tag: string | null }> {
  const answer = await send(path, how)
  return { body: (await answer.json()) as T, tag: answer.headers.get('ETag') }
}

/** What to tell somebody about a failure. */
export function sentence(cause: unknown): string {
  if (cause instanceof Problem) {
    const more = cause.errors.filter((one) => !cause.detail.includes(one))
    return [cause.detail || cause.title, ...more].join(' ')
  }
  return t.http.noAnswer
}

/** A query string; arrays repeat their name, empty values are left out. */
export function query(parts: Record<string, string | number | string[] | null | undefined>): string {
  const all = new URLSearchParams()
  for (const [name, value] of Object.entries(parts)) {
    if (value === null || value === undefined || value === '') continue
    for (const one of Array.isArray(value) ? value : [String(value)]) all.append(name, one)
  }
  const text = all.toString()
  return text ? `?${text}` : ''
}

/** For links and streams, which do not go through `ask`. */
export function apiAddress(path: string): string {
  return BASE + path
}
