/**
 * Privacy and terms, with what the policies of YouTube (III.A, III.E), Twitch and the GDPR ask for. An operator who changes what
 * Echoes does must change these words, too.
 */
import type { ComponentChildren } from 'preact'
import { Layout } from './layout.tsx'

export interface LegalFacts {
  operator: { name: string; email: string }
  keepDays: number
  billing: boolean
}

function Page({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <Layout title={`${title} – Echoes`} branded>
      <h1>{title}</h1>
      {children}
    </Layout>
  )
}

const Away = ({ href, children }: { href: string; children: ComponentChildren }) => (
  <a href={href} rel="noopener noreferrer">
    {children}
  </a>
)

export function Privacy({ operator, keepDays, billing }: LegalFacts) {
  return (
    <Page title="Privacy">
      <p>
        Echoes is run by {operator.name}. Questions, and wishes about your data:{' '}
        <a href={`mailto:${operator.email}`}>{operator.email}</a>.
      </p>
      <h2>If you stream</h2>
      <ul>
        <li>
          From Twitch: your user id, names, mail address, and a token with the grants you gave. When you go
          live and offline, and the titles of your streams.
        </li>
        <li>
          From YouTube, by YouTube API Services: your channel’s id, name and picture, and how the videos that
          Echoes uploaded are doing. It is asked for anew or deleted within 30 days. Tokens are kept
          encrypted.
        </li>
        <li>Your settings, lists, edits, and what you agreed to and when.</li>
        <li>
          Parts of your recordings for a day at most; recaps for {keepDays} days at most, or less if you set
          it.
        </li>
        {billing && (
          <li>
            From Stripe: the state of your subscription. Cards and invoices are Stripe’s; Echoes never sees
            them. That you had a trial is remembered as a code that cannot be turned back into your name.
          </li>
        )}
      </ul>
      <p>
        You can take all of it home as a zip and delete your account, on the account page, at any time.
        Deleting is done within seven days, mostly within minutes, and gives Echoes’ access back. You can also
        end it from there: <Away href="https://myaccount.google.com/permissions">Google’s permissions</Away>,{' '}
        <Away href="https://www.twitch.tv/settings/connections">Twitch’s connections</Away>. What Google does
        with your data says <Away href="https://policies.google.com/privacy">Google’s privacy policy</Away>.
      </p>
      <h2>If you watch</h2>
      <ul>
        <li>
          Chat lines are read for commands and not kept. Of a command that counts, Echoes keeps who, when, how
          long and the label.
        </li>
        <li>
          In the panel, Twitch tells Echoes a number for you in this channel; your name only if you share it.
        </li>
        <li>
          Your name may stand in the credits of a recap. Type <strong>!echo forget</strong> in that channel’s
          chat, and it is taken from everything you marked there. If a streamer has blocked you, your user id
          stays on their list.
        </li>
      </ul>
      <h2>Cookies</h2>
      <p>One that keeps you signed in, and one while you sign in. Nothing counts or follows you.</p>
      <h2>Who else gets something</h2>
      <p>
        Twitch and YouTube, what you let Echoes do there; {billing && 'Stripe, your name and mail address; '}
        the mail server, mails to you; addresses that you enter yourself for news. Nobody else.
      </p>
    </Page>
  )
}

export function Terms({ operator, billing }: LegalFacts) {
  return (
    <Page title="Terms">
      <p>Between you and {operator.name}, who runs this installation of Echoes.</p>
      <ul>
        <li>
          Echoes uses YouTube API Services. By connecting YouTube you agree to be bound by{' '}
          <Away href="https://www.youtube.com/t/terms">YouTube’s terms of service</Away>.
        </li>
        <li>
          What goes up is yours: you have the rights to it, and you decide whether it goes up at all, each
          time or once for all. You can take that back at any time.
        </li>
        <li>Do not use Echoes for what Twitch or YouTube forbid, or to put others in a bad light.</li>
        <li>Echoes may miss a moment, and services it needs may fail. Keep recordings that matter to you.</li>
        {billing && (
          <li>
            A plan is paid in advance through Stripe and runs until you end it; then it lasts until what is
            paid is used up. If a payment fails, you are told, and after some days no recaps are made until it
            is paid.
          </li>
        )}
        <li>You can leave at any time, on the account page, with everything that is yours.</li>
      </ul>
    </Page>
  )
}
