/** Mails about a channel's plan. */
import type { BillingNews } from '../domain/access.ts'
import { dayText } from '../../shared/day-text.ts'
import { noticeLetter, type Letter } from './letters.tsx'

const WORDS: Record<BillingNews, { subject: string; sentences(until: string): string[]; link: string }> = {
  'trial-ends': {
    subject: 'Your trial ends soon',
    sentences: (until) => [
      `Your trial of Echoes ends on ${until}.`,
      'If you have given Stripe a way to pay, your plan goes on by itself then. If not, it ends: echoes are still taken and kept, but no recap is made of them.',
    ],
    link: 'See your plan',
  },
  'payment-failed': {
    subject: 'Your payment did not go through',
    sentences: (until) => [
      'Stripe could not collect what your plan costs. It tries again by itself.',
      `Until ${until} nothing changes. After that no recaps are made until it is paid; echoes are still taken and kept.`,
    ],
    link: 'Change the card',
  },
  lapsed: {
    subject: 'Your plan has ended',
    sentences: () => [
      'No recaps are made any more. Echoes are still taken, and everything you set up is kept.',
      'Choose a plan again, and recaps go on; streams of the last days that Twitch still has are made then, too.',
    ],
    link: 'Choose a plan',
  },
}

export function billingLetter(
  news: BillingNews,
  { untilMs, url, unsubscribe }: { untilMs: number | null; url: string; unsubscribe: string },
): Letter {
  const { subject, sentences, link } = WORDS[news]
  const until = untilMs === null ? 'soon' : dayText(untilMs)
  return noticeLetter({ subject, sentences: sentences(until), link: { text: link, url }, unsubscribe })
}
