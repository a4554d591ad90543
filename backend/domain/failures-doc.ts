/** docs/failures.md, from the table that the code goes by. */
import { CALLS, type Call, type Rule } from './failures.ts'
import type { FaultKind } from '../../shared/fault.ts'

const CLASSES: Record<FaultKind, { name: string; examples: string; then: string }> = {
  transient: {
    name: 'transient',
    examples: 'network error, 5xx, 429, a killed child process, a full disk, a proxy’s HTML page',
    then: 'tried again with growing pauses, for hours to days; nobody has to do anything',
  },
  person: {
    name: 'needs a person',
    examples: 'a revoked grant, the wrong account, a consent that is missing',
    then: 'parked; the person is told once; it goes on when they have acted',
  },
  quota: {
    name: 'quota',
    examples: 'YouTube’s uploads per day, the channel’s own upload limit',
    then: 'parked until the time of the reset; the page says until when',
  },
  damaged: {
    name: 'damaged input',
    examples: 'one unreadable part, one corrupt file, a VOD that is gone',
    then: 'that piece is left out and named; the rest goes ahead',
  },
  bug: {
    name: 'bug',
    examples: 'an exception that nobody expected, a request the other side finds wrong',
    then: 'only that piece of work stops; the operator sees it; it goes on after an upgrade',
  },
}

const ABOUT = `# When something fails

Each call that leaves the process, what each kind of answer means, and what happens then. This page is printed from
\`backend/domain/failures.ts\`, by which the code goes (\`npm run failures\`); a test fails when they differ.

Two rules stand above the table. **Nothing that may pass ends anything**: a recap, a mail or an event is never given up for a
cause that can go away, and what was stopped by such a cause goes on by itself once it is gone. **Nothing is tried again
without a pause**: the steps of a recap, events and messages wait longer each time, up to a limit; rounds, which look after
everything at once, come at intervals of their own.

## Classes

| class | examples | what happens |
| --- | --- | --- |
`

/** What has no answers to be judged. */
const OTHERS = `## What has no answers to judge

- **Chat (IRC), \`twitch/irc.ts\`:** a connection that breaks, hangs or is told to reconnect is opened again with growing
  pauses, and rooms are joined anew within Twitch’s limits. What was said meanwhile comes by EventSub, if it works; stretches
  in which neither was heard are shown to the streamer.
- **Events from Twitch and Stripe:** stored before they are answered. One that cannot be handled is tried again with growing
  pauses for days, without holding up other channels; the operator is told (log and metric).
- **ffmpeg, \`media/look.ts\`:** killed, or over its ten minutes: transient. What it cannot make (a card, a fade) is left
  out of the recap and named.
- **The database:** while it cannot be reached, requests are answered with 503 or an error, rounds and steps fail and are
  tried again, and nothing is confirmed that is not stored.
- **The disk:** a full disk, too many open files or too little memory are transient wherever they are met. Recaps wait while
  less is free than the operator reserves.
`

export function failuresPage(): string {
  const classes = Object.values(CLASSES).map(
    ({ name, examples, then }) => `| ${name} | ${examples} | ${then} |`,
  )
  const calls = Object.values<Call>(CALLS).map(sectionOf)
  return `${ABOUT}${classes.join('\n')}\n\n## Calls\n\n${calls.join('\n')}\n${OTHERS}`
}

function sectionOf({ who, what, where, rules, tried, told, resumes }: Call): string {
  const rows = rules.map(({ when, kind }: Rule) => `| ${when} | ${CLASSES[kind].name} |`)
  return `### ${who}: ${what}

\`backend/${where}\`

| answer | class |
| --- | --- |
${rows.join('\n')}

- **Tried again:** ${tried}.
- **Told:** ${told}.
- **Goes on:** ${resumes}.
`
}
