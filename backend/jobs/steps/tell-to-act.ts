/** A recap waits for its streamer, who must let Echoes in (again): told once for each reason, and it goes on when they have. */
import { findChannel } from '../../db/channels.ts'
import { within } from '../../db/database.ts'
import { findRecap } from '../../db/recaps.ts'
import { noticeLetter } from '../../mail/letters.tsx'
import type { JobContext } from '../context.ts'
import { prepareNotice } from '../notices.ts'

export async function tellToAct(context: JobContext, recapId: string, why: string): Promise<void> {
  const { db, clock, siteUrl } = context
  const recap = await findRecap(db, recapId)
  const channel = recap && (await findChannel(db, recap.channelId))
  if (!recap || !channel) return
  const url = `${siteUrl}/sign-in/twitch?also=clips`
  const tell = await prepareNotice(context, channel, {
    kind: 'reconnect',
    about: `${recapId}.twitch`,
    url,
    data: { recapId, why },
    letter: (unsubscribe) =>
      noticeLetter({
        subject: 'Sign in with Twitch, and your recap is made',
        sentences: [`${why}.`, 'The echoes are kept. The recap is made as soon as you have signed in again.'],
        link: { text: 'Sign in with Twitch', url },
        unsubscribe,
      }),
  })
  await within(db, (tx) => tell(tx, clock.now()))
}
