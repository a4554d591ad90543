/** While the channel is offline: its latest recaps. */
import type { PanelRecap } from '../../shared/api.ts'
import type { PanelText } from '../../shared/panel-text.ts'
import { positionText } from '../../shared/time-text.ts'
import type { ViewProps } from './app.tsx'

export function Recaps({ model, text }: ViewProps) {
  const [latest, ...earlier] = model.state?.recaps ?? []
  if (!latest)
    return (
      <section class="reason">
        <h2>{text.noRecap}</h2>
        <p>{text.noRecapWhat}</p>
      </section>
    )
  return (
    <section class="recaps" aria-label={text.recap}>
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
          {day} · {latest ? text.recapBy(text.moments(moments), people) : `${length}`}
        </small>
        {latest && <span class="watch">{text.watch}</span>}
      </span>
    </a>
  )
}
