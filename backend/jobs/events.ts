/** Stored events → facts: what went live, what ended, what was said. In the order in which Twitch sent them. */
import { saveCategory } from '../db/categories.ts'
import { findChannel } from '../db/channels.ts'
import type { Database } from '../db/database.ts'
import { grantRevoked } from '../db/grants.ts'
import { takeEarlyEchoes } from '../db/early-echoes.ts'
import { eventFailed, eventHandled, waitingEvents, type IncomingEvent } from '../db/inbox.ts'
import { nameLiveStream, nameStream, streamEnded, streamGoesOn, streamStarted } from '../db/shows.ts'
import { endSessionsOf } from '../db/sessions.ts'
import { errorText, type Log } from '../log.ts'
import type { Clock } from '../../shared/clock.ts'
import type { TwitchPort } from './context.ts'
import { endStreamsBefore } from './missed-ends.ts'

/** What a stored event says, read by the Twitch adapter. */
export interface EventReader {
  online(payload: string): { streamId: string; startedAtMs: number } | null
  offline(payload: string): { streamId: string | null } | null
  update(payload: string): { title: string; categoryId: string; name: string } | null
  /** A chat line, or what a moderator has done. */
  chat(type: string, payload: string, sentAtMs: number): Promise<void>
}

export interface EventsContext {
  db: Database
  clock: Clock
  log: Log
  twitch: TwitchPort
  read: EventReader
  showEnded(showId: string): Promise<void>
  /** Events come of a channel that is gone: they are to end. */
  endEventsOf(channelId: string): Promise<void>
}

/** Handles what waits in the inbox; a channel whose event failed keeps its later ones waiting for this round. */
export async function handleEvents(context: EventsContext): Promise<void> {
  const { db, clock, log } = context
  const stuck = new Set<string>()
  for (const event of await waitingEvents(db, clock.now())) {
    if (stuck.has(event.channelId)) continue
    try {
      await handleEvent(context, event)
      await eventHandled(db, event.messageId, clock.now())
    } catch (error) {
      stuck.add(event.channelId)
      log.error(
        { error: errorText(error), type: event.type, messageId: event.messageId },
        'an event could not be handled',
      )
      await eventFailed(db, event.messageId, errorText(error), clock.now())
    }
  }
}

/** An event has no title. Where Twitch's list does not have the stream yet, or has no answer, reconciling fills it in. */
async function lookUpTitle(
  { db, log, twitch }: EventsContext,
  channelId: string,
  streamId: string,
): Promise<void> {
  try {
    const live = await twitch.liveStreams([channelId])
    await nameStream(db, streamId, live.find((l) => l.streamId === streamId)?.title ?? '')
  } catch (error) {
    log.warn({ channelId, error: errorText(error) }, 'the title of a stream was not looked up')
  }
}

async function handleEvent(context: EventsContext, event: IncomingEvent): Promise<void> {
  const { db, clock, read } = context
  const { channelId, payload, sentAtMs } = event
  if (event.type !== 'user.authorization.revoke' && !(await findChannel(db, channelId)))
    return context.endEventsOf(channelId)
  switch (event.type) {
    case 'stream.online': {
      const online = read.online(payload)
      if (!online) return
      await endStreamsBefore(context, channelId, online)
      await streamStarted(db, { channelId, ...online, title: '' }, clock.now())
      // Twitch's events flap: an end may have been reported meanwhile, and was none.
      await streamGoesOn(db, online.streamId, clock.now(), sentAtMs)
      await takeEarlyEchoes(db, channelId, clock.now())
      // Not waited for: while Twitch is busy, the events of all other channels would wait, too.
      void lookUpTitle(context, channelId, online.streamId)
      return
    }
    case 'stream.offline': {
      const offline = read.offline(payload)
      const ended =
        offline && (await streamEnded(db, { channelId, ...offline, endedAtMs: sentAtMs }, clock.now()))
      if (ended) await context.showEnded(ended)
      return
    }
    case 'channel.update': {
      const update = read.update(payload)
      if (!update) return
      await saveCategory(db, channelId, { atMs: sentAtMs, ...update })
      await nameLiveStream(db, channelId, update.title)
      return
    }
    case 'user.authorization.revoke':
      // They may have signed in again since.
      if (await grantRevoked(db, channelId, 'twitch', clock.now(), sentAtMs))
        await endSessionsOf(db, channelId)
      return
    default:
      if (event.type.startsWith('channel.chat.')) await read.chat(event.type, payload, sentAtMs)
  }
}
