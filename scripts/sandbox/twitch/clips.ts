/** Clips from a VOD: ordered at once, listed a while later, really cut when downloaded. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { assemble } from '../../../backend/media/assemble.ts'
import type { MediaPlaylist } from '../../../backend/media/playlist.ts'
import { windowsOf } from '../../../backend/media/windows.ts'
import type { TwitchWorld, Vod } from './world.ts'

export interface Clip {
  id: string
  vod: Vod
  startSec: number
  endSec: number
  title: string
  listedAtMs: number
}

export class ClipShop {
  readonly #world: TwitchWorld
  readonly #clips = new Map<string, Clip>()
  readonly #dir = mkdtempSync(join(tmpdir(), 'sandbox-clips-'))
  /** How long a clip takes to appear. */
  listingDelayMs = 2_000
  /** Where downloads are served from; set when the server listens. */
  baseUrl = ''

  constructor(world: TwitchWorld) {
    this.#world = world
  }

  order(vod: Vod, startSec: number, endSec: number, title: string): Clip {
    const listedAtMs = this.#world.clock.now() + this.listingDelayMs
    const clip = { id: `Sandbox${randomBytes(8).toString('hex')}`, vod, startSec, endSec, title, listedAtMs }
    this.#clips.set(clip.id, clip)
    return clip
  }

  /** All that were ever ordered, in order. */
  get ordered(): Clip[] {
    return [...this.#clips.values()]
  }

  listed(ids: string[]): Clip[] {
    const now = this.#world.clock.now()
    return ids.flatMap((id) => this.#clips.get(id) ?? []).filter((clip) => clip.listedAtMs <= now)
  }

  /** Those of a channel that were made in a span of time and are listed by now. */
  madeOn(channelId: string, fromMs: number, toMs: number): Clip[] {
    return this.listed([...this.#clips.keys()]).filter((clip) => {
      const madeAtMs = clip.listedAtMs - this.listingDelayMs
      return clip.vod.userId === channelId && madeAtMs >= fromMs && madeAtMs <= toMs
    })
  }

  /** As the streamer or a moderator does on Twitch's pages. */
  delete(id: string): void {
    this.#clips.delete(id)
  }

  find(id: string): Clip | undefined {
    return this.#clips.get(id)
  }

  downloadUrl(clip: Clip): string {
    return `${this.baseUrl}/clips/${clip.id}.mp4`
  }

  view(clip: Clip) {
    const duration = clip.endSec - clip.startSec
    const created_at = new Date(clip.listedAtMs - this.listingDelayMs).toISOString()
    const broadcaster = this.#world.users.get(clip.vod.userId)
    return {
      id: clip.id,
      url: `https://clips.twitch.tv/${clip.id}`,
      embed_url: `https://clips.twitch.tv/embed?clip=${clip.id}`,
      broadcaster_id: clip.vod.userId,
      broadcaster_name: broadcaster?.displayName ?? '',
      creator_id: clip.vod.userId,
      creator_name: broadcaster?.displayName ?? '',
      video_id: clip.vod.id,
      game_id: '1',
      language: 'en',
      title: clip.title,
      view_count: 0,
      created_at,
      thumbnail_url: '',
      duration,
      vod_offset: clip.startSec,
      is_featured: false,
    }
  }

  /** The clip as a file, cut from the footage. */
  async file(clip: Clip): Promise<string> {
    const { vod } = clip
    let startSec = 0
    const parts = vod.footage.parts.map((durationSec, index) => {
      const url = pathToFileURL(join(vod.footageDir, `${index}.ts`)).href
      const isLast = index === vod.footage.parts.length - 1
      const part = { index, url, startSec, durationSec, discontinuity: false, encrypted: false, isLast }
      startSec += durationSec
      return part
    })
    const playlist: MediaPlaylist = {
      kind: 'media',
      parts,
      totalSec: startSec,
      ended: true,
      writtenAtMs: null,
    }
    const pieces = windowsOf(playlist, clip).map((w) => ({
      name: clip.id,
      files: w.parts.map((p) => join(vod.footageDir, `${p.index}.ts`)),
      filesStartSec: w.parts[0]?.startSec ?? 0,
      startSec: w.startSec,
      endSec: w.endSec,
    }))
    const file = join(this.#dir, `${clip.id}.mp4`)
    // Twitch encodes clips anew: they begin and end as ordered.
    await assemble(pieces, file, { cut: 'exact' })
    return file
  }
}

// Lenient here: titles are not looked at; a clip may be ordered from any recording of the channel, however old;
// its editor may be anybody with the scope.
