import { Button, Checkboxes, ErrorSummary, SkipLink, createAll } from 'govuk-frontend'

for (const component of [Button, Checkboxes, ErrorSummary, SkipLink]) {
  createAll(component)
}

// A campaign's numbers, as they change. Without this the page says the same when it is loaded again.
const watched = document.querySelector('[data-events]')
if (watched?.dataset.events) {
  const source = new EventSource(watched.dataset.events)
  const show = ({ data }) => {
    for (const line of data.split('\n')) {
      const [name, ...rest] = line.split(' ')
      for (const place of watched.querySelectorAll(`[data-show="${name}"]`)) {
        place.textContent = rest.join(' ')
      }
      const bar = watched.querySelector('[data-show="bar"]')
      if (name === 'written') bar.value = Number(rest[0])
    }
  }
  source.addEventListener('counts', show)
  // What can be done now is another page's to say.
  source.addEventListener('end', (event) => {
    show(event)
    source.close()
    window.location.reload()
  })
}
