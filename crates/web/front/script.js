import { Button, Checkboxes, ErrorSummary, FileUpload, NotificationBanner, Radios, SkipLink, createAll } from 'govuk-frontend'

for (const component of [Button, Checkboxes, ErrorSummary, FileUpload, NotificationBanner, Radios, SkipLink]) {
  createAll(component)
}

// A campaign's numbers, as they change. Without this the page says the same when it is loaded again.
const watched = document.querySelector('[data-events]')
if (watched?.dataset.events) watch(new EventSource(watched.dataset.events))

function watch(source) {
  const places = (name) => watched.querySelectorAll(`[data-show="${name}"]`)
  const show = ({ data }) => {
    const told = new Map(data.split('\n').map((line) => {
      const space = line.indexOf(' ')
      return [line.slice(0, space), line.slice(space + 1)]
    }))
    // Why, and what can be done now, is another page's to say.
    if (places('state')[0].textContent !== told.get('state')) {
      source.close()
      window.location.reload()
      return
    }
    for (const [name, text] of told) {
      for (const place of places(name)) place.textContent = text
    }
    for (const bar of places('bar')) bar.value = Number(told.get('written'))
  }
  source.addEventListener('counts', show)
  source.addEventListener('end', show)

  // A stream ends now and then, and the browser opens the next one. Where that fails too, or nobody is signed in any more,
  // the numbers stand still, and the page says so.
  const lost = watched.querySelector('[data-lost]')
  let failures = 0
  source.addEventListener('open', () => {
    failures = 0
    lost.textContent = ''
  })
  source.addEventListener('error', () => {
    failures += 1
    if (failures > 1 || source.readyState === EventSource.CLOSED) lost.textContent = lost.dataset.lost
  })
}

// A message that is being written, as one person gets it, a moment after the last key. Without this there is a button.
const PAUSE_MS = 700
for (const form of document.querySelectorAll('form[data-live]')) {
  const button = form.querySelector('[data-show-live]')
  let pending
  const show = () => button.click()
  form.addEventListener('input', () => {
    clearTimeout(pending)
    pending = setTimeout(show, PAUSE_MS)
  })
  form.addEventListener('submit', () => clearTimeout(pending))
  show()
}

// Work that goes on in the background: the page is loaded again until it is done.
const AGAIN_MS = 2000
if (document.querySelector('[data-again]')) setTimeout(() => window.location.reload(), AGAIN_MS)
