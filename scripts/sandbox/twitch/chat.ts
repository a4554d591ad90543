/** Twitch chat: IRC over WebSocket with tags, for anonymous and named readers. */
import { WebSocketServer, type WebSocket } from 'ws'
import type { AddressInfo } from 'node:net'
import type { FaultName, Faults } from '../faults.ts'
import type { ChatLine, Moderation, TwitchWorld } from './world.ts'

interface Client {
  socket: WebSocket
  nick: string
  rooms: Set<string>
  /** When it joined rooms lately, milliseconds of the real clock. */
  joins: number[]
  stalled: boolean
}

export interface ChatServer {
  port: number
  clients: Set<Client>
  /** Tells all clients to reconnect, as Twitch does before maintenance, or cuts them off. */
  reconnect(): void
  cut(): void
  /** Neither reads nor writes on the connections that are open now, and does not close them either. */
  stall(): void
  close(): Promise<void>
}

const CUTTING = new Set<FaultName>(['refused', 'reset', 'busy', 'error', 'unavailable', 'page', 'empty'])
/** dev.twitch.tv/docs/chat/#rate-limits: of an account that is not verified. */
const MOST_JOINS = 20
const JOIN_WINDOW_MS = 10_000
const HOST = ':tmi.twitch.tv'

export async function startChat(world: TwitchWorld, port = 0, faults?: Faults): Promise<ChatServer> {
  const server = new WebSocketServer({ host: '127.0.0.1', port })
  await new Promise((resolve) => server.once('listening', resolve))
  const clients = new Set<Client>()
  server.on('connection', (socket) => {
    const client: Client = { socket, nick: '*', rooms: new Set(), joins: [], stalled: false }
    const fault = faults?.now('chat') ?? null
    if (fault && CUTTING.has(fault)) return socket.terminate()
    clients.add(client)
    if (fault === 'hang') stall(client)
    socket.on('close', () => clients.delete(client))
    socket.on('message', (data: Buffer) => {
      for (const line of data.toString().split('\r\n')) if (line) answer(world, client, line)
    })
  })
  faults?.on('begin', ({ service, fault }) => {
    if (service !== 'chat') return
    if (CUTTING.has(fault)) clients.forEach((c) => c.socket.terminate())
    if (fault === 'hang') clients.forEach(stall)
  })
  world.on('chat', (line) => {
    const room = world.users.get(line.channelId)?.login ?? ''
    for (const client of clients)
      if (client.rooms.has(room) && !client.stalled) client.socket.send(`${privmsg(line, room)}\r\n`)
  })
  world.on('moderation', (moderation) => {
    const room = world.users.get(moderation.channelId)?.login ?? ''
    for (const client of clients)
      if (client.rooms.has(room) && !client.stalled) client.socket.send(`${cleared(moderation, room)}\r\n`)
  })
  return {
    port: (server.address() as AddressInfo).port,
    clients,
    reconnect: () => clients.forEach((c) => c.socket.send(`${HOST} RECONNECT\r\n`)),
    cut: () => clients.forEach((c) => c.socket.terminate()),
    stall: () => clients.forEach(stall),
    close: () =>
      new Promise((resolve) => {
        for (const { socket } of clients) socket.terminate()
        server.close(() => resolve())
      }),
  }
}

/** Twitch ignores what is more. */
function isTooFast(client: Client): boolean {
  const now = Date.now()
  client.joins = client.joins.filter((at) => at > now - JOIN_WINDOW_MS)
  if (client.joins.length >= MOST_JOINS) return true
  client.joins.push(now)
  return false
}

/** Neither reads nor writes any more, and does not close either. */
function stall(client: Client): void {
  client.stalled = true
  client.socket.pause()
}

function answer(world: TwitchWorld, client: Client, line: string): void {
  const send = (text: string) => client.socket.send(`${text}\r\n`)
  const [command = '', ...words] = line.split(' ')
  switch (command.toUpperCase()) {
    case 'CAP':
      if (words[0] === 'LS') send(`${HOST} CAP * LS :twitch.tv/commands twitch.tv/tags twitch.tv/membership`)
      else if (words[0] === 'REQ') send(`${HOST} CAP * ACK ${words.slice(1).join(' ')}`)
      return
    case 'NICK':
      client.nick = words[0] ?? '*'
      send(`${HOST} 001 ${client.nick} :Welcome, GLHF!`)
      send(`${HOST} 376 ${client.nick} :>`)
      return
    case 'JOIN':
      for (const name of (words[0] ?? '').split(',')) {
        const room = name.replace('#', '')
        const user = [...world.users.values()].find((u) => u.login === room)
        if (!user || isTooFast(client)) continue
        client.rooms.add(room)
        send(`:${client.nick}!${client.nick}@${client.nick}.tmi.twitch.tv JOIN #${room}`)
        send(
          `@emote-only=0;followers-only=-1;r9k=0;room-id=${user.id};slow=0;subs-only=0 ${HOST} ROOMSTATE #${room}`,
        )
      }
      return
    case 'PART':
      client.rooms.delete((words[0] ?? '').replace('#', ''))
      send(`:${client.nick}!${client.nick}@${client.nick}.tmi.twitch.tv PART ${words[0]}`)
      return
    case 'PING':
      send(`${HOST} PONG tmi.twitch.tv ${words.join(' ')}`)
  }
}

function cleared(moderation: Moderation, room: string): string {
  if ('line' in moderation) {
    const { id, user, text } = moderation.line
    return `@login=${user.login};room-id=;target-msg-id=${id};tmi-sent-ts=${Date.now()} ${HOST} CLEARMSG #${room} :${text}`
  }
  if ('all' in moderation) return `@room-id=${moderation.channelId} ${HOST} CLEARCHAT #${room}`
  const { user, seconds, channelId } = moderation
  const ban = seconds === null ? '' : `ban-duration=${seconds};`
  return `@${ban}room-id=${channelId};target-user-id=${user.id} ${HOST} CLEARCHAT #${room} :${user.login}`
}

function privmsg(line: ChatLine, room: string): string {
  const { user, badges } = line
  const has = (badge: string) => (badges.includes(badge) ? '1' : '0')
  const tags = {
    'badge-info': '',
    badges: badges.map((b) => `${b}/1`).join(','),
    color: '#00FF7F',
    'display-name': user.displayName,
    emotes: '',
    'first-msg': '0',
    id: line.id,
    mod: has('moderator'),
    'room-id': line.channelId,
    subscriber: has('subscriber'),
    'tmi-sent-ts': String(Math.floor(line.atMs)),
    turbo: '0',
    'user-id': user.id,
    'user-type': badges.includes('moderator') ? 'mod' : '',
  }
  const text = Object.entries(tags).map(([name, value]) => `${name}=${value}`)
  return `@${text.join(';')} :${user.login}!${user.login}@${user.login}.tmi.twitch.tv PRIVMSG #${room} :${line.text}`
}

// Lenient here: joins are counted for a connection, where Twitch counts an account; sign-ins and lines sent to chat are not
// counted; who exceeds a limit is heard again at once, and not after half an hour.
