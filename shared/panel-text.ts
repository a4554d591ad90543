/**
 * The panel's own sentences. panel-text.de.ts has them in German, and is loaded only where it is wanted; why somebody may
 * not echo is the back end's to say, in their language (text.ts). So viewers load no more than they need.
 */
export const PANEL_TEXT = {
  offline: 'offline',
  live: 'live',
  echo: 'Echo this',
  covers: (from: string, to: string) => `${from} to ${to}`,
  sending: 'Saving …',
  again: (left: string) => `Again in ${left}`,
  longerReplaces: 'a longer echo replaces yours now',
  replace: (length: string) => `Make it ${length}`,
  replaces: (left: string) => `replaces your last one · ${left} left`,
  length: 'Length',
  what: 'What happened? (optional)',
  saved: (length: string) => `Saved: the last ${length}`,
  replaced: (length: string) => `Replaced: the last ${length}`,
  savedThanks: 'Goes into the recap',
  undo: 'Undo',
  undone: 'Taken back.',
  notSaved: 'Not saved',
  notVoted: 'Your +1 did not count',
  stream: 'This stream',
  moments: (n: number) => (n === 1 ? '1 moment' : `${n} moments`),
  more: (n: number) => `and ${n} earlier`,
  moment: 'Moment',
  yours: 'yours',
  vote: (name: string, n: number) => `Back “${name}”, ${n === 1 ? '1 person' : `${n} people`}`,
  voted: (name: string, n: number) => `You back “${name}”, ${n === 1 ? '1 person' : `${n} people`}`,
  none: 'Nobody has marked a moment yet.',
  beFirst: 'Be the first: press when something good has just happened.',
  lost: 'No connection; trying again',
  back: 'Connected again.',
  loading: 'Loading',
  noTwitch: 'This page works inside Twitch',
}
export type PanelText = typeof PANEL_TEXT
