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
without a pause**, and each pause is longer than the one before, up to a limit.

## Classes

| class | examples | what happens |
| --- | --- | --- |
`

export function failuresPage(): string {
  const classes = Object.values(CLASSES).map(
    ({ name, examples, then }) => `| ${name} | ${examples} | ${then} |`,
  )
  const calls = Object.values<Call>(CALLS).map(sectionOf)
  return `${ABOUT}${classes.join('\n')}\n\n## Calls\n\n${calls.join('\n')}`
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
