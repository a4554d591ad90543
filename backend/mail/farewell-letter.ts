/** The receipt of a deleted account: the last mail there is. */
import { dayText } from '../../shared/day-text.ts'
import { noticeLetter, type Letter } from './letters.tsx'

export function farewellLetter({ receipt, askedAtMs }: { receipt: string; askedAtMs: number }): Letter {
  return noticeLetter({
    subject: `Your Echoes account is deleted (${receipt})`,
    sentences: [
      `You asked for it on ${dayText(askedAtMs)}. It is done: your subscription is ended, Echoes’ access to Twitch and YouTube is given back, and your videos, echoes, settings and lists are deleted here.`,
      'Your videos on YouTube are yours and stay there. Stripe keeps invoices as long as the law wants them. Here only this number is left, and, if you had a trial, a code that cannot be turned back into your name.',
      `Your receipt is ${receipt}. You get no more mails.`,
    ],
  })
}
