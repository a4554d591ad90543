/** What the control page's browser loads: its layout, and a script that refreshes what happens. */

export const CONTROL_CSS = `
main { max-width: 1080px }
h2 { margin-top: 0 }
.columns { display: grid; grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); gap: 16px; align-items: start }
@media (max-width: 760px) { .columns { grid-template-columns: minmax(0, 1fr) } }
.fields { display: grid; gap: 8px; margin-bottom: 8px }
.fields label { display: grid; grid-template-columns: 72px 1fr; gap: 8px; align-items: center }
.fields .check { grid-template-columns: auto 1fr }
.fields input, .fields select { min-width: 0 }
.check input { min-height: 0 }
.buttons { display: flex; flex-wrap: wrap; gap: 8px; margin-bottom: 16px }
.live { color: #eb0400; font-weight: 600 }
.chat { list-style: none; padding: 0; margin: 0 }
`

export const CONTROL_JS = `
const happening = document.getElementById('happening')
let shown = ''
setInterval(async () => {
  // A video that plays is left alone.
  if (document.hidden || [...document.querySelectorAll('video')].some((v) => !v.paused)) return
  const answer = await fetch('/happening').catch(() => null)
  if (!answer || !answer.ok) return
  const html = await answer.text()
  if (html !== shown) happening.innerHTML = shown = html
}, 1000)
for (const form of document.querySelectorAll('form[data-stay]'))
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    fetch(form.action, { method: 'POST', body: new FormData(form), redirect: 'manual' })
  })
`
