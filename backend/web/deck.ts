/**
 * Buttons of a Stream Deck: secret addresses that do what a chat command does. A deck's "Website" action sends a GET, so both
 * methods are taken. The secret is all that proves who presses; it stands in no log, and only its hash in the database.
 */
import { randomUUID } from 'node:crypto'
import { Hono } from 'hono'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import type { Clock } from '../../shared/clock.ts'
import { cleanLabel } from '../../shared/clean-text.ts'
import { MODES, type Mode } from '../../shared/mode.ts'
import { positionText } from '../../shared/time-text.ts'
import { refusalSentence } from '../../shared/text.ts'
import { findChannel, setMode } from '../db/channels.ts'
import type { Database } from '../db/database.ts'
import { channelOfDeck } from '../db/deck-keys.ts'
import { takeEcho } from '../db/echoes.ts'
import { startLongEcho, stopLongEcho } from '../db/long-echoes.ts'
import { undoEcho } from '../db/own-echo.ts'
import { liveShow } from '../db/shows.ts'
import { hashOf } from './session.ts'

const PRESSES_A_MINUTE = 60
const LONGEST_SEC = 24 * 3_600

export const DECK_ACTIONS = ['echo', 'start', 'stop', 'undo', 'mode'] as const

export function deckRoutes({ db, clock }: { db: Database; clock: Clock }): Hono {
  const app = new Hono()
  const presses = new RateLimiterMemory({ points: PRESSES_A_MINUTE, duration: 60 })
  const strangers = new RateLimiterMemory({ points: PRESSES_A_MINUTE, duration: 60 })
  app.on(['GET', 'POST'], '/deck/:key/:action', async (c) => {
    const say = (text: string, status: 200 | 400 | 403 | 404 | 429 = 200) =>
      c.text(`${text}\n`, status, { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
    const keyHash = hashOf(c.req.param('key'))
    const channelId = await channelOfDeck(db, keyHash)
    const limited = await (channelId ? presses.consume(channelId) : strangers.consume('all')).then(
      () => false,
      () => true,
    )
    if (limited) return say('Too many presses. Wait a minute.', 429)
    const channel = channelId && (await findChannel(db, channelId))
    if (!channel) return say('This address is not valid any more. Make new ones in the settings.', 404)
    const { id, login, displayName, settings } = channel
    const person = { userId: id, login, displayName, roles: ['streamer' as const] }
    const [now, messageId] = [clock.now(), `deck:${randomUUID()}`]
    const action = c.req.param('action')
    if (action === 'mode') {
      const to = c.req.query('to') as Mode | undefined
      if (!to || !MODES.includes(to)) return say(`Add ?to= and one of ${MODES.join(', ')}.`, 400)
      await setMode(db, id, to, now)
      return say(`Mode: ${to}`)
    }
    if (action === 'undo') {
      const outcome = await undoEcho(db, { channelId: id, person, messageId, atMs: now }, now)
      return say(outcome === 'undone' ? 'Taken back' : 'There is nothing to take back')
    }
    if (action === 'start' || action === 'stop') {
      const show = await liveShow(db, id)
      if (!show) return say('The stream is offline', 403)
      const at = { channelId: id, streamId: show.streamId, showId: show.id, userId: id }
      if (action === 'start') {
        await startLongEcho(db, at, now)
        return say('On, until you press stop')
      }
      const lengthMs = await stopLongEcho(db, at, now)
      return say(lengthMs === null ? 'None was on' : `Saved: ${positionText(lengthMs / 1000)}`)
    }
    if (action !== 'echo') return say(`There is no such button: ${DECK_ACTIONS.join(', ')}.`, 404)
    const seconds = Number(c.req.query('s') ?? settings.defaultLengthMs / 1000)
    if (!(seconds > 0 && seconds <= LONGEST_SEC)) return say('s must be a number of seconds.', 400)
    const outcome = await takeEcho(
      db,
      {
        channelId: id,
        person,
        source: 'deck',
        sourceKey: messageId,
        askedAtMs: now,
        lengthMs: Math.round(seconds * 1000),
        latencyMs: null,
        label: cleanLabel(c.req.query('label') ?? ''),
      },
      now,
    )
    if (outcome.kind === 'accepted') return say(`Saved: the last ${outcome.lengthMs / 1000} s`)
    if (outcome.kind !== 'refused') return say('Known already')
    const { code, secondsLeft } = outcome.decision
    const detail = {
      maxSec: settings.maxLengthMs / 1000,
      ...(secondsLeft === undefined ? {} : { secondsLeft }),
    }
    return say(refusalSentence(code, detail, 'en'), 403)
  })
  return app
}
