/** Tells the streamer something, once: by mail where it is wanted, and to the addresses they gave (Discord, webhook). */
import { MAIL_SETTING, type MailKind } from '../../shared/settings.ts'
import type { Channel } from '../db/channels.ts'
import type { Database, Tx } from '../db/database.ts'
import { hookKindsOf } from '../db/hooks.ts'
import { queueMessage } from '../db/outbox.ts'
import type { Letter } from '../mail/letters.tsx'

export interface Notice {
  kind: MailKind
  /** What it is about; with the kind, it is told once. */
  about: string
  /** @param unsubscribeUrl for its last line */
  letter(unsubscribeUrl: string): Letter
  /** What a webhook gets beside the kind. */
  data: Record<string, unknown>
  url: string
}

export interface NoticeContext {
  db: Database
  /** Ends mails of a kind with one click, without signing in. */
  unsubscribeUrl(channelId: string, kind: MailKind): Promise<string>
}

/** @returns what queues the notice, in the transaction of the fact it tells of */
export async function prepareNotice(
  { unsubscribeUrl }: NoticeContext,
  channel: Channel,
  notice: Notice,
): Promise<(tx: Tx, now: number) => Promise<void>> {
  const { id: channelId, email, settings } = channel
  const unsubscribe = await unsubscribeUrl(channelId, notice.kind)
  const letter = notice.letter(unsubscribe)
  const uniqueKey = `${notice.kind}.${notice.about}`
  return async (tx, now) => {
    if (email && settings[MAIL_SETTING[notice.kind]])
      await queueMessage(
        tx,
        { kind: 'mail', uniqueKey, channelId, payload: { to: email, ...letter, unsubscribe } },
        now,
      )
    for (const kind of await hookKindsOf(tx, channelId)) {
      // A bucket gets recaps, not news.
      if (kind === 'bucket' && notice.kind !== 'published') continue
      const text = letter.text.split('\n\n— ')[0] ?? letter.text
      const payload = {
        event: `recap.${notice.kind}`,
        subject: letter.subject,
        text,
        url: notice.url,
        data: notice.data,
      }
      await queueMessage(tx, { kind, uniqueKey: `${kind}.${uniqueKey}`, channelId, payload }, now)
    }
  }
}
