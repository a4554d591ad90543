/** Uploads one file as the worker does, with its state in a database; is killed by upload.ts at any instant. */
import { openDatabase, within } from '../../backend/db/database.ts'
import { findUpload, replaceSession, saveUpload } from '../../backend/db/uploads.ts'
import { youtubeChannel } from '../../backend/youtube/channel.ts'
import { uploadVideo } from '../../backend/youtube/upload.ts'

const [database = '', recapId = '', file = '', api = '', oldToken = '', token = ''] = process.argv.slice(2)
const tag = `echoes-${recapId}`
const db = await openDatabase(database)
// The first token may have run out: the second is what a renewal brings, and stays.
let current = oldToken
const tokenOf = async (force: boolean) => (force ? (current = token) : current)
const videoId = await uploadVideo(
  file,
  { title: recapId, description: '', tags: ['recap', tag], privacy: 'private', madeForKids: false },
  {
    api,
    token: tokenOf,
    session: {
      load: async () => {
        const stored = await findUpload(db, recapId)
        return { url: stored?.session ?? null, videoId: stored?.videoId ?? null }
      },
      replace: (before, next) => within(db, (tx) => replaceSession(tx, recapId, before, next, Date.now())),
    },
    findUploaded: () => youtubeChannel(async () => token, api).findUploaded(tag),
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 50))),
  },
)
await saveUpload(db, recapId, { state: 'uploaded', videoId, session: null }, Date.now())
await db.destroy()
