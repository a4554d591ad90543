/**
 * Clips that were ordered at Twitch. Each is public on the channel, so that an order goes out is recorded before it does:
 * where its answer was lost, there must not be a second one while the first may still become a clip.
 */
import type { Database } from './database.ts'

/** A stretch of a recording, whole seconds. */
export interface ClipKey {
  channelId: string
  vodId: string
  startSec: number
  endSec: number
}

export interface PlacedOrder {
  sentAtMs: number
  /** null: its answer has not come. */
  clipId: string | null
}

export interface ClipOrders {
  find(key: ClipKey): Promise<PlacedOrder | null>
  /** Of all who want the clip, one may order it; again only where an order from before `lostBeforeMs` has become nothing. */
  claim(key: ClipKey, now: number, lostBeforeMs: number): Promise<boolean>
  made(key: ClipKey, clipId: string): Promise<void>
  /**
   * There is no such clip, so it may be ordered again: Twitch refused the order, or never got it (`clipId` null); or the clip
   * was never made, or has been deleted.
   */
  forget(key: ClipKey, clipId: string | null): Promise<void>
}

export function clipOrders(db: Database): ClipOrders {
  return {
    async find({ vodId, startSec, endSec }) {
      const row = await db
        .selectFrom('clip_orders')
        .select(['sent_at', 'clip_id'])
        .where('vod_id', '=', vodId)
        .where('start_sec', '=', startSec)
        .where('end_sec', '=', endSec)
        .executeTakeFirst()
      return row ? { sentAtMs: row.sent_at, clipId: row.clip_id } : null
    },
    async claim({ channelId, vodId, startSec, endSec }, now, lostBeforeMs) {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('clip_orders')
        .values({
          channel_id: channelId,
          vod_id: vodId,
          start_sec: startSec,
          end_sec: endSec,
          sent_at: now,
          clip_id: null,
        })
        .onConflict((c) =>
          c
            .columns(['vod_id', 'start_sec', 'end_sec'])
            .doUpdateSet({ sent_at: now })
            .where('clip_orders.clip_id', 'is', null)
            .where('clip_orders.sent_at', '<=', lostBeforeMs),
        )
        .executeTakeFirst()
      return (numInsertedOrUpdatedRows ?? 0n) > 0n
    },
    async made({ vodId, startSec, endSec }, clipId) {
      await db
        .updateTable('clip_orders')
        .set({ clip_id: clipId })
        .where('vod_id', '=', vodId)
        .where('start_sec', '=', startSec)
        .where('end_sec', '=', endSec)
        .execute()
    },
    async forget({ vodId, startSec, endSec }, clipId) {
      await db
        .deleteFrom('clip_orders')
        .where('vod_id', '=', vodId)
        .where('start_sec', '=', startSec)
        .where('end_sec', '=', endSec)
        // Another process may have ordered it meanwhile.
        .where('clip_id', clipId === null ? 'is' : '=', clipId)
        .execute()
    },
  }
}

/** Orders of recordings that Twitch has deleted by now. */
export async function forgetClipOrders(db: Database, sentBeforeMs: number): Promise<void> {
  await db.deleteFrom('clip_orders').where('sent_at', '<', sentBeforeMs).execute()
}
