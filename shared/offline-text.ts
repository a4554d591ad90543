/** What the panel says while the channel is offline, in both languages: loaded only then (extension-panel/offline.tsx). */
import type { Language } from './language.ts'

const ENGLISH = {
  recap: 'Latest recap',
  watch: 'Watch on YouTube',
  recapBy: (moments: string, people: number) =>
    `${moments} by ${people === 1 ? '1 person' : `${people} people`}`,
  noRecap: 'The stream is offline',
  noRecapWhat: 'While it is on, you can mark its best moments here. Afterwards they become one recap video.',
}

const GERMAN: typeof ENGLISH = {
  recap: 'Neuestes Recap',
  watch: 'Auf YouTube ansehen',
  recapBy: (moments, people) => `${moments} von ${people === 1 ? '1 Person' : `${people} Personen`}`,
  noRecap: 'Der Stream ist offline',
  noRecapWhat: 'Während er läuft, kannst du hier die besten Momente markieren. Danach werden sie ein Video.',
}

export const OFFLINE_TEXT: Record<Language, typeof ENGLISH> = { en: ENGLISH, de: GERMAN }
