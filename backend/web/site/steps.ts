/** What a streamer has to do once, as steps in any order: what is done, what is missing, and why it is asked for. */
import { dayText } from '../../../shared/day-text.ts'
import type { Channel } from '../../db/channels.ts'
import { consentOf } from '../../db/consents.ts'
import type { Database } from '../../db/database.ts'
import { findGrant } from '../../db/grants.ts'
import { ROLE_SCOPES } from '../../twitch/helix.ts'
import type { PlanState } from '../../subscribers.ts'
import { MANAGE_SCOPE } from '../../youtube/connect.ts'

export interface Step {
  name: string
  done: boolean
  optional?: boolean
  /** Nothing has to be done but to wait. */
  comesByItself?: boolean
  sentence: string
  picture?: string
  action?: { text: string; href: string } | { text: string; post: string }
}

/** What is asked of Twitch for the steps; null: it could not be asked. */
export interface TwitchFacts {
  /** Whether the bot may speak without being slowed down; null: the streamer has not let us look. */
  botIsModerator(channelId: string): Promise<boolean | null>
  /** Whether our extension is active on the channel; null where there is none, or it is not known. */
  extensionActive(channelId: string): Promise<boolean | null>
  eventsArrive(channelId: string): Promise<boolean | null>
}

export interface StepOptions {
  db: Database
  twitch: TwitchFacts
  botName: string
  /** VODs are read by way of clips, which the streamer must allow. */
  clips: boolean
  clipScope: string
  /** Null: billing is off. */
  plan(channelId: string): Promise<PlanState | null>
}

export async function stepsOf(options: StepOptions, channel: Channel): Promise<Step[]> {
  const { db, twitch } = options
  const [grant, youtube, agreement] = await Promise.all([
    findGrant(db, channel.id, 'twitch'),
    findGrant(db, channel.id, 'youtube'),
    consentOf(db, channel.id),
  ])
  const [moderator, extension, events] = await Promise.all([
    twitch.botIsModerator(channel.id),
    twitch.extensionActive(channel.id),
    twitch.eventsArrive(channel.id),
  ])
  const steps: Step[] = [twitchStep(grant)]
  if (options.clips) steps.push(clipsStep(grant?.scopes.includes(options.clipScope) ?? false))
  const minimum = channel.settings.mode === 'everyone' ? channel.settings.minimumRole : 'none'
  if (minimum !== 'none' && grant?.state === 'ok')
    steps.push(roleStep(minimum, grant.scopes.includes(ROLE_SCOPES[minimum])))
  steps.push(botStep(options.botName, events), moderatorStep(options.botName, moderator))
  if (extension !== null) steps.push(extensionStep(extension))
  steps.push(...youtubeSteps(channel, youtube))
  steps.push({
    name: 'How recaps go up',
    done: agreement !== null,
    sentence:
      agreement === 'auto_publish'
        ? 'By themselves; you can take that back at any time.'
        : agreement === 'upload'
          ? 'You look at each first.'
          : 'Choose below. Until then nothing goes up without your press on Publish.',
    ...(agreement ? {} : { action: { text: 'Choose', href: '#agreement' } }),
  })
  const plan = await options.plan(channel.id)
  if (plan) steps.push(planStep(plan))
  return steps
}

function planStep({ access, trialDays }: PlanState): Step {
  const name = 'Plan'
  if (!access.mayRender) {
    const sentence =
      access.state === 'none'
        ? 'Echoes are taken and kept; recaps are made once you have a plan.'
        : 'Your plan has ended: echoes are kept, and no recap is made of them.'
    const text = trialDays > 0 ? 'Start the trial' : 'Choose a plan'
    return { name, done: false, sentence, action: { text, href: '/billing' } }
  }
  const day = access.untilMs === null ? '' : dayText(access.untilMs)
  const sentence = {
    trial: `On trial until ${day}.`,
    ending: `Ends on ${day}, as you asked.`,
    grace: `A payment did not go through. Until ${day} nothing changes.`,
    active: `Active; renewed on ${day}.`,
  }[access.state as string]
  return {
    name,
    done: access.state !== 'grace',
    sentence: sentence ?? '',
    action: { text: access.state === 'grace' ? 'Mend it' : 'Your plan', href: '/billing' },
  }
}

type Grant = Awaited<ReturnType<typeof findGrant>>

function twitchStep(grant: Grant): Step {
  const ok = grant?.state === 'ok'
  return {
    name: 'Twitch',
    done: ok,
    sentence: ok
      ? 'Echoes may know your mail address, for news of recaps, and be in your chat.'
      : 'Twitch says that Echoes’ access has ended. Sign in once more.',
    ...(ok ? {} : { action: { text: 'Sign in with Twitch', href: '/sign-in/twitch' } }),
  }
}

function clipsStep(granted: boolean): Step {
  return {
    name: 'Clips of your recordings',
    done: granted,
    sentence: granted
      ? 'Moments are taken as clips, which Twitch shows on your channel.'
      : 'Twitch’s documented way to the pictures: each moment becomes a clip, which you must allow.',
    ...(granted ? {} : { action: { text: 'Allow clips', href: '/sign-in/twitch?also=clips' } }),
  }
}

const WHO = { follower: 'follows', subscriber: 'subscribes', vip: 'is a VIP' }

function roleStep(minimum: keyof typeof WHO, granted: boolean): Step {
  return {
    name: `Who ${WHO[minimum]}`,
    done: granted,
    sentence: granted
      ? 'The panel knows whom you let echo.'
      : `You let everybody echo who ${WHO[minimum]}. Chat shows that by itself; for the panel, Twitch wants you to let Echoes ask.`,
    ...(granted ? {} : { action: { text: 'Let Echoes ask', href: `/sign-in/twitch?also=${minimum}` } }),
  }
}

function botStep(botName: string, events: boolean | null): Step {
  const sentence = {
    yes: `${botName} hears your chat, and Twitch tells us when you go live.`,
    no: `Twitch does not send us your channel’s events yet. This mends itself within minutes; if it does not, sign in again.`,
    unknown: 'Twitch could not be asked just now.',
  }
  return {
    name: 'Bot in your chat',
    done: events === true,
    sentence: sentence[events === null ? 'unknown' : events ? 'yes' : 'no'],
    comesByItself: true,
    ...(events === false ? { action: { text: 'Sign in again', href: '/sign-in/twitch' } } : {}),
  }
}

function moderatorStep(botName: string, moderator: boolean | null): Step {
  if (moderator)
    return {
      name: 'Bot is a moderator',
      done: true,
      optional: true,
      sentence: 'Its answers are never held back.',
    }
  const why = `As a moderator ${botName} is not slowed down and its lines are not held back by AutoMod.`
  return moderator === null
    ? {
        name: 'Make the bot a moderator',
        done: false,
        optional: true,
        sentence: `${why} Type /mod ${botName} in your chat, or let Echoes do it.`,
        action: { text: 'Let Echoes do it', href: '/sign-in/twitch?also=moderators' },
      }
    : {
        name: 'Make the bot a moderator',
        done: false,
        optional: true,
        sentence: why,
        action: { text: 'Make it a moderator', post: '/bot/moderator' },
      }
}

function extensionStep(active: boolean): Step {
  return {
    name: 'Panel on your channel',
    done: active,
    optional: true,
    sentence: active
      ? 'Viewers press “Echo this” there.'
      : 'Install the Echoes extension from Twitch’s extension manager and activate it as a panel. Chat works without it.',
    ...(active
      ? {}
      : { action: { text: 'Extension manager', href: 'https://dashboard.twitch.tv/extensions/manage' } }),
  }
}

function youtubeSteps(channel: Channel, youtube: Grant): Step[] {
  const connected = youtube?.state === 'ok'
  const step: Step = {
    name: 'YouTube',
    done: connected,
    sentence: connected
      ? `Connected: ${youtube.accountName}`
      : youtube
        ? `Access to ${youtube.accountName} has ended. Connect the same channel again, and what waits goes up.`
        : 'Not connected yet: recaps cannot be published. Google asks for two things: to upload, and to see how the upload is doing. Both are needed.',
    ...(youtube?.picture ? { picture: youtube.picture } : {}),
    action: { text: connected ? 'Connect another channel' : 'Connect YouTube', href: '/connect/youtube' },
  }
  const { playlist } = channel.settings
  if (!connected || !playlist || youtube.scopes.includes(MANAGE_SCOPE)) return [step]
  return [
    step,
    {
      name: 'Playlist',
      done: false,
      optional: true,
      sentence: `To put recaps into “${playlist}”, Google wants you to let Echoes manage your channel’s playlists. Without it they go up all the same.`,
      action: { text: 'Allow playlists', href: '/connect/youtube?also=playlists' },
    },
  ]
}
