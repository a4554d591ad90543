/** Pages that say one thing: what went wrong, what was done, or what one press will do. */
import { Layout, toHtml } from './layout.tsx'

export function problemPage(title: string, sentence: string): string {
  return toHtml(
    <Layout title={`${title} – Echoes`} branded>
      <h1>{title}</h1>
      <p>{sentence}</p>
      <p>
        <a class="button" href="/">
          To the first page
        </a>
      </p>
    </Layout>,
  )
}

/** A page that says what was done, or asks for one press. */
export function Said(props: { title: string; sentences: string[]; ask?: { action: string; text: string } }) {
  return (
    <Layout title={`${props.title} – Echoes`} branded>
      <h1>{props.title}</h1>
      {props.sentences.map((sentence) => (
        <p>{sentence}</p>
      ))}
      {props.ask ? (
        <form method="post" action={props.ask.action}>
          <button class="primary">{props.ask.text}</button>
        </form>
      ) : (
        <p>
          <a class="button" href="/">
            To Echoes
          </a>
        </p>
      )}
    </Layout>
  )
}
