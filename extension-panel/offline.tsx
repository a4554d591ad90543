/**
 * While the channel is offline: its latest recaps. A script and a style sheet of their own (panel.offline.js), which
 * viewers of a live channel do not load.
 */
import './offline.css'
import type { PanelRecap } from '../shared/api.ts'
import type { Language } from '../shared/language.ts'
import { OFFLINE_TEXT } from '../shared/offline-text.ts'
import type { PanelText } from '../shared/panel-text.ts'
import { positionText } from '../shared/time-text.ts'
import type { ViewProps } from './view/app.tsx'

/** Resolves once the style sheet is there, or cannot be had. */
export const styled = new Promise((resolve) => {
  const link = document.createElement('link')
  link.rel = 'stylesheet'
  link.href = './panel.offline.css'
  link.onload = link.onerror = resolve
  document.head.append(link)
})

const words = OFFLINE_TEXT[document.documentElement.lang as Language]

export function Recaps({ model, text }: ViewProps) {
  const [latest, ...earlier] = model.state?.recaps ?? []
  if (!latest)
    return (
      <section class="reason">
        <h2>{words.noRecap}</h2>
        <p>{words.noRecapWhat}</p>
      </section>
    )
  return (
    <section class="recaps" aria-label={words.recap}>
      <Recap recap={latest} text={text} latest />
      {earlier.map((recap) => (
        <Recap key={recap.url} recap={recap} text={text} />
      ))}
    </section>
  )
}

function Recap({ recap, text, latest = false }: { recap: PanelRecap; text: PanelText; latest?: boolean }) {
  const { url, thumbnail, title, durationMs, moments, people, publishedAtMs } = recap
  const length = positionText(durationMs / 1000)
  const day = new Date(publishedAtMs).toLocaleDateString(document.documentElement.lang, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
  })
  return (
    <a class={latest ? 'latest' : 'earlier'} href={url} target="_blank" rel="noopener noreferrer">
      <span class="picture">
        <img src={thumbnail} alt="" />
        {latest && <span class="length">{length}</span>}
      </span>
      <span class="words">
        <strong>{title}</strong>
        <small>
          {day} · {latest ? words.recapBy(text.moments(moments), people) : `${length}`}
        </small>
        {latest && <span class="watch">{words.watch}</span>}
      </span>
    </a>
  )
}
