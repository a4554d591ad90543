/** The mails we write: subject, text and HTML of each, from plain data. */
import { positionText } from '../../shared/time-text.ts'
import type { ComponentChildren } from 'preact'
import { render } from 'preact-render-to-string'

export interface Letter {
  subject: string
  text: string
  html: string
}

export interface PublishedRecap {
  title: string
  url: string
  durationSec: number
  /** What YouTube made of the privacy asked for. */
  privacy: string
  askedPrivacy: string
  moments: { atSec: number; title: string; people: number }[]
  leftOut: { title: string; reason: 'budget' | 'no-vod' | 'dropped' | 'damaged' }[]
  /** Ends mails of this kind. */
  unsubscribe: string
}

const WHY_LEFT_OUT = {
  budget: 'beyond the length you set, others were wanted more',
  'no-vod': 'Twitch has no recording of it',
  damaged: 'its recording is damaged',
  dropped: 'you dropped it',
}

export function publishedLetter(recap: PublishedRecap): Letter {
  const locked = recap.privacy !== recap.askedPrivacy
  const lockedText = `YouTube made it ${recap.privacy} although ${recap.askedPrivacy} was asked for: the settings of your YouTube account may say so. You can change it in YouTube Studio.`
  const heading = 'Your recap is on YouTube'
  const people = (m: { people: number }) => (m.people > 1 ? ` (${m.people} people)` : '')
  const text = [
    heading,
    `${recap.title}, ${positionText(recap.durationSec)}\n${recap.url}`,
    locked ? lockedText : '',
    `In it:\n${recap.moments.map((m) => `${positionText(m.atSec)} ${m.title}${people(m)}`).join('\n')}`,
    recap.leftOut.length > 0
      ? `Left out:\n${recap.leftOut.map((m) => `${m.title}: ${WHY_LEFT_OUT[m.reason]}`).join('\n')}`
      : '',
    farewell(recap.unsubscribe),
  ]
  const html = (
    <Page heading={heading} unsubscribe={recap.unsubscribe}>
      <p>
        <strong>{recap.title}</strong>, {positionText(recap.durationSec)}
      </p>
      <p>
        <Button href={recap.url}>Watch it</Button>
      </p>
      {locked && <p>{lockedText}</p>}
      <h2 style={H2}>In it</h2>
      <table style={{ borderCollapse: 'collapse' }}>
        {recap.moments.map((m) => (
          <tr>
            <td style={TIME}>
              <a class="accent" href={`${recap.url}&t=${Math.floor(m.atSec)}s`} style={{ color: ACCENT }}>
                {positionText(m.atSec)}
              </a>
            </td>
            <td>
              {m.title}
              {people(m)}
            </td>
          </tr>
        ))}
      </table>
      {recap.leftOut.length > 0 && (
        <>
          <h2 style={H2}>Left out</h2>
          <ul>
            {recap.leftOut.map((m) => (
              <li>
                {m.title}: {WHY_LEFT_OUT[m.reason]}
              </li>
            ))}
          </ul>
        </>
      )}
    </Page>
  )
  return {
    subject: `Your recap is on YouTube: ${recap.title}`,
    text: text.filter(Boolean).join('\n\n'),
    html: page(html),
  }
}

/** A mail that says what is so, what it means and what to do, with one link at most. */
export function noticeLetter(notice: {
  subject: string
  sentences: string[]
  link?: { text: string; url: string }
  /** Where there are more mails of its kind. */
  unsubscribe?: string
}): Letter {
  const { subject, sentences, link, unsubscribe } = notice
  const html = (
    <Page heading={subject} unsubscribe={unsubscribe}>
      {sentences.map((s) => (
        <p>{s}</p>
      ))}
      {link && (
        <p>
          <Button href={link.url}>{link.text}</Button>
        </p>
      )}
    </Page>
  )
  const text = [subject, ...sentences, link ? `${link.text}: ${link.url}` : '', farewell(unsubscribe)]
  return { subject, text: text.filter(Boolean).join('\n\n'), html: page(html) }
}

const ACCENT = '#0f766e'
/** Mail programs that do not read it show the light accent; those that do, what is readable on dark. */
const STYLE = `@media (prefers-color-scheme: dark) {
  body { background: #0e0e10 !important; color: #efeff1 !important }
  .accent { color: #2dd4bf !important }
  .button { background: #2dd4bf !important; color: #0e0e10 !important }
}`
const H2 = { fontSize: '15px', margin: '24px 0 8px' }
const TIME = { padding: '2px 16px 2px 0', fontVariantNumeric: 'tabular-nums' }

const farewell = (unsubscribe: string | undefined) =>
  '— Echoes: the moments your viewers marked, as one video.' +
  (unsubscribe ? `\nNo more mails of this kind: ${unsubscribe}` : '')

function Page(props: { heading: string; unsubscribe?: string | undefined; children: ComponentChildren }) {
  const { heading, unsubscribe, children } = props
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="color-scheme" content="light dark" />
        <title>{heading}</title>
        <style>{STYLE}</style>
      </head>
      <body
        style={{
          background: '#ffffff',
          color: '#0e0e10',
          fontFamily: 'Inter, "Helvetica Neue", Arial, sans-serif',
          fontSize: '14px',
          lineHeight: '1.5',
        }}
      >
        <main style={{ maxWidth: '560px', margin: '0 auto', padding: '24px 16px' }}>
          <h1 style={{ fontSize: '20px', fontWeight: 600 }}>{heading}</h1>
          {children}
          <p style={{ fontSize: '12px', marginTop: '32px' }}>
            Echoes: the moments your viewers marked, as one video.
            <br />
            {unsubscribe && (
              <a href={unsubscribe} style={{ color: 'inherit' }}>
                No more mails of this kind
              </a>
            )}
          </p>
        </main>
      </body>
    </html>
  )
}

function Button({ href, children }: { href: string; children: ComponentChildren }) {
  const look = {
    display: 'inline-block',
    background: ACCENT,
    color: '#ffffff',
    padding: '10px 20px',
    borderRadius: '8px',
  }
  return (
    <a class="button" href={href} style={{ ...look, textDecoration: 'none', fontWeight: 600 }}>
      {children}
    </a>
  )
}

function page(node: Parameters<typeof render>[0]): string {
  return `<!doctype html>${render(node)}`
}
