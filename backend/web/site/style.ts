/** The companion site's style: one file, nothing loaded from elsewhere. */
import { readFileSync } from 'node:fs'

const TOKENS = ['tokens.css', 'tokens-page.css']
  .map((file) => readFileSync(new URL(`../../../shared/${file}`, import.meta.url), 'utf8'))
  .join('')

export const SITE_CSS = `
${TOKENS}* { box-sizing: border-box }
body {
  margin: 0; background: var(--background); color: var(--text);
  font: 14px/1.5 Inter, Roobert, "Helvetica Neue", Helvetica, Arial, sans-serif;
}
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
.top { display: flex; flex-wrap: wrap; gap: 4px 20px; align-items: center; padding: 8px 20px; border-bottom: 1px solid var(--line) }
.top nav { display: flex; flex-wrap: wrap; gap: 4px 16px; flex: 1 }
.top a { display: inline-flex; align-items: center; min-height: 40px; color: var(--text); text-decoration: none }
.top nav a:hover { text-decoration: underline }
@media (max-width: 480px) {
  .top nav { order: 1; flex-basis: 100% }
  .top form { margin-left: auto }
}
.brand { color: var(--text); font-weight: 600; text-decoration: none }
.large { font-size: 28px; line-height: 1.25; margin: 16px 0 24px }
.how { display: grid; grid-template-columns: repeat(auto-fit, minmax(180px, 1fr)); gap: 16px; margin: 0 0 24px; padding: 0; list-style: none }
.how li { display: grid; gap: 4px; align-content: start }
.picture { color: var(--accent) }
.after { margin-top: 16px }
.plain { margin: 0; padding: 0; list-style: none }
.plain li { padding: 6px 0 }
.plain li.row > :first-child { flex: 0 0 56px }
.plain li.row > div { flex: 1 1 200px }
.plain a.time { display: inline-flex; align-items: center; min-height: 40px }
.poster { display: grid; gap: 8px; justify-items: start; text-decoration: none }
.poster img { width: 100%; height: auto; aspect-ratio: 16 / 9; object-fit: cover; border-radius: 8px; background: var(--line) }
h2.first { margin-top: 0 }
.foot { display: flex; gap: 20px; justify-content: center; padding: 16px; border-top: 1px solid var(--line) }
.foot a { display: inline-flex; align-items: center; min-height: 40px; color: var(--muted) }
.danger { border-color: var(--warning); color: var(--warning) }
.quiet { border-color: transparent; font-weight: 400 }
.stack { display: grid; gap: 8px; margin-bottom: 12px }
.steps { margin: 0 0 12px; padding: 0; list-style: none }
.step { align-items: center }
.step.row > :first-child { flex: none }
.step > div { flex: 1 1 220px }
.step .mark { width: 24px; height: 24px; border: 2px solid var(--line); border-radius: 50%; text-align: center; line-height: 20px }
.step.done .mark { border-color: var(--good); color: var(--good); font-weight: 600 }
.step.open .mark { border-color: var(--accent) }
.avatar { border-radius: 50% }
.choices { display: grid; gap: 8px }
.choices button { text-align: left; font-weight: 400; background: var(--background) }
.choices button[aria-pressed=true] { border: 2px solid var(--accent) }
.choices small { display: block; color: var(--muted); font-size: 13px }
.skeleton { color: var(--muted); padding: 24px 20px }
.problem { color: var(--warning) }
.field { display: block; margin-bottom: 12px }
.field > span { display: block }
.field input:not([type=number]), .field textarea, .field select { width: 100% }
.field small { color: var(--muted); font-size: 13px }
main { max-width: 720px; margin: 0 auto; padding: 32px 16px 64px }
h1 { font-size: 20px; font-weight: 600; margin: 0 0 16px }
h2 { font-size: 16px; font-weight: 600; margin: 32px 0 8px }
p { margin: 0 0 12px }
a { color: var(--accent) }
.muted { color: var(--muted) }
.good { color: var(--good) }
.warning { color: var(--warning) }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 16px; margin: 0 0 12px }
.row { display: flex; gap: 12px; align-items: center; flex-wrap: wrap }
.row > :first-child { flex: 1 1 240px }
.time { font-variant-numeric: tabular-nums }
form { display: inline }
button, .button {
  display: inline-block; min-height: 40px; padding: 8px 16px; border-radius: 8px; border: 1px solid var(--line);
  background: transparent; color: var(--text); font: inherit; font-weight: 600; text-decoration: none; cursor: pointer;
}
.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent) }
input:not([type=checkbox], [type=radio]), select, textarea { font: inherit; min-height: 40px; padding: 8px; border-radius: 8px; border: 1px solid var(--line); background: var(--background); color: var(--text) }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: 4px 12px 4px 0; vertical-align: top; border-bottom: 1px solid var(--line) }
video { width: 100%; border-radius: 8px; background: #000 }
pre { white-space: pre-wrap; background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px; max-height: 320px; overflow: auto }
`
