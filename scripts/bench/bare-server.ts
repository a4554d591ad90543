/** The least that Hono, jose and better-sqlite3 can do: what `npm run bench -- panel-api` measures us against. */
import { serve } from '@hono/node-server'
import BetterSqlite3 from 'better-sqlite3'
import { Hono } from 'hono'
import { jwtVerify } from 'jose'

const { PORT, FILE = '', SECRET = '' } = process.env
const db = new BetterSqlite3(FILE)
// As Echoes opens its own.
db.pragma('journal_mode = WAL')
db.pragma('synchronous = FULL')
db.exec(
  'create table presses (key text primary key, channel_id text, user_id text, length_ms integer, label text)',
)
const insert = db.prepare('insert into presses values (?, ?, ?, ?, ?)')
const key = new Uint8Array(Buffer.from(SECRET, 'base64'))
const app = new Hono()

app.get('/constant', (c) => c.json({ constant: true }))
app.post('/insert', async (c) => {
  const token = (c.req.header('authorization') ?? '').replace('Bearer ', '')
  const { payload } = await jwtVerify(token, key, { algorithms: ['HS256'] })
  const body = await c.req.json<{ key: string; lengthMs: number; label: string }>()
  insert.run(body.key, payload.channel_id, payload.opaque_user_id, body.lengthMs, body.label)
  return c.json({ ok: true }, 201)
})
serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(PORT) })
