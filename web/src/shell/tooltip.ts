// The reason behind a mark, on hover, on focus, and readable by a screen reader: one bubble for the whole page.
const bubbleOf = () => document.getElementById('why')
let owner: Element | null = null

/** The words change with the value while somebody reads them. */
const follow = new MutationObserver(() => {
  const text = owner?.getAttribute('data-why')
  const bubble = bubbleOf()
  if (bubble && owner && text) {
    bubble.textContent = text
    place(owner)
  }
})

/** Above what it explains, below when there is no room; never outside the window. */
function place(over: Element): void {
  const bubble = bubbleOf()
  if (!bubble) return
  const box = over.getBoundingClientRect()
  const own = bubble.getBoundingClientRect()
  const left = Math.min(Math.max(8, box.left + box.width / 2 - own.width / 2), innerWidth - own.width - 8)
  const above = box.top > own.height + 12
  bubble.style.left = `${Math.max(8, left)}px`
  bubble.style.top = `${above ? box.top - own.height - 6 : box.bottom + 6}px`
}

/** Tied to its mark by `aria-describedby`, so that a screen reader reads it too. */
function show(over: Element): void {
  const text = over.getAttribute('data-why')
  if (!text) return
  const bubble = bubbleOf()
  if (!bubble) return
  hide()
  owner = over
  bubble.textContent = text
  bubble.hidden = false
  over.setAttribute('aria-describedby', 'why')
  follow.observe(over, { attributeFilter: ['data-why'] })
  place(over)
}

function hide(): void {
  const bubble = bubbleOf()
  if (bubble) bubble.hidden = true
  follow.disconnect()
  owner?.removeAttribute('aria-describedby')
  owner = null
}

/** Moving to a mark by keyboard scrolls it into view: its words come along. */
function onScroll(): void {
  if (owner?.contains(document.activeElement)) place(owner)
  else hide()
}

function marked(event: Event): Element | null {
  return (event.target as Element | null)?.closest?.('[data-why]') ?? null
}

function onOver(event: Event): void {
  const over = marked(event)
  // The bubble itself may be reached with the pointer without vanishing.
  if (over) {
    if (over !== owner) show(over)
  } else if (!(event.target as Element | null)?.closest?.('#why')) hide()
}

export function startTooltips(): void {
  document.addEventListener('pointerover', onOver)
  document.addEventListener('focusin', onOver)
  document.addEventListener('focusout', hide)
  document.addEventListener('scroll', onScroll, true)
  document.addEventListener('keydown', (event) => event.key === 'Escape' && hide())
}
