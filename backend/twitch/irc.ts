/**
 * Chat by IRC over WebSocket, read anonymously: no grants needed. Answers go out through the API. Twitch lets one
 * reader into at most 100 rooms, so many channels are shared out over several connections.
 */
import { ChatClient, type ChatMessage } from '@twurple/chat'
import type { CommandWords } from '../../shared/echo.ts'
import { DEFAULT_WORDS, mayBeCommand } from '../../shared/echo.ts'
import { rolesOf, type ChatLine, type ChatModeration } from './chat.ts'

/** Twitch's cap is 100 (since 2024-05, per account). */
const ROOMS_A_CONNECTION = 90
/** Twitch takes 20 joins in 10 s; twurple lets 20 go in 11 s, and complains where more are asked for. */
const JOINS = 20
const JOIN_WINDOW_MS = 11_500
/** For how long a connection that Twitch wants closed is still listened to, at most. */
const RETIRING_MS = 60_000

export interface IrcOptions {
  /** Only for a server on this machine: `host:port`. */
  server?: string
  /** What a channel's commands begin with. */
  wordsOf?(login: string): CommandWords | undefined
  onLine(line: ChatLine): void
  onModeration?(moderation: ChatModeration): void
  /** For the bot's own figures. */
  onState?(state: 'heard' | 'passed-over' | 'lost' | 'back' | 'join-failed'): void
}

export interface IrcRoom {
  login: string
  /** Twitch user id. */
  channelId: string
}

export interface IrcTransport {
  start(): Promise<void>
  /** Joins what is new and leaves what is gone. */
  setChannels(rooms: readonly IrcRoom[]): Promise<void>
  /** Whether every connection is up. */
  isHearing(): boolean
  stop(): Promise<void>
}

export function ircTransport(options: IrcOptions): IrcTransport {
  const connections: Connection[] = []
  /** Those that Twitch is about to close, by what takes their place. */
  const retiring = new Map<Connection, Connection>()
  let started = false
  const letGo = (successor: Connection) => {
    retiring.get(successor)?.client.quit()
    retiring.delete(successor)
  }
  /** Heard until another is in all its rooms: what both deliver is one message. */
  const replace = (old: Connection) => {
    const at = connections.indexOf(old)
    if (at === -1) return
    const next = open()
    for (const [login, channelId] of old.rooms) next.rooms.set(login, channelId)
    connections[at] = next
    retiring.set(next, old)
    setTimeout(() => letGo(next), RETIRING_MS).unref()
    next.client.connect()
  }
  const open = (): Connection => {
    const connection = openConnection({
      ...options,
      onReconnect: () => replace(connection),
      onAllJoined: () => letGo(connection),
      // twurple would connect it again, were it not told otherwise once it has begun to.
      onGone: () => !connections.includes(connection) && setImmediate(() => connection.client.quit()),
    })
    return connection
  }
  const connectionWithRoom = (): Connection => {
    const free = connections.find((c) => c.rooms.size < ROOMS_A_CONNECTION)
    if (free) return free
    const added = open()
    connections.push(added)
    if (started) added.client.connect()
    return added
  }
  return {
    async start() {
      started = true
      connectionWithRoom()
      for (const { client } of connections) if (!client.isConnected && !client.isConnecting) client.connect()
    },
    async setChannels(rooms) {
      const wanted = new Set(rooms.map((room) => room.login))
      for (const connection of connections)
        for (const login of connection.rooms.keys()) if (!wanted.has(login)) connection.leave(login)
      const known = new Set(connections.flatMap((c) => [...c.rooms.keys()]))
      for (const { login, channelId } of rooms)
        if (!known.has(login)) connectionWithRoom().rooms.set(login, channelId)
      // Also those whose join has failed.
      for (const connection of connections) connection.joinMissing()
    },
    isHearing: () =>
      connections.length > 0 &&
      connections.every((c) => c.client.isConnected || retiring.get(c)?.client.isConnected),
    async stop() {
      started = false
      for (const { client } of [...connections.splice(0), ...retiring.values()]) client.quit()
      retiring.clear()
    },
  }
}

export interface Connection {
  client: ChatClient
  /** Login → channel id of the rooms it is to be in. */
  rooms: Map<string, string>
  /** Joins what it is not in yet; without a connection nothing happens, and everything is joined on the next one. */
  joinMissing(): void
  leave(login: string): void
}

export interface ConnectionOptions extends IrcOptions {
  /** Twitch is about to close this connection. */
  onReconnect?(): void
  /** It is in all its rooms. */
  onAllJoined?(): void
  /** It was closed from outside. */
  onGone?(): void
}

/** One connection, not yet opened. */
export function openConnection(options: ConnectionOptions): Connection {
  const { server, wordsOf, onLine, onModeration, onState } = options
  const client = new ChatClient({
    readOnly: true,
    logger: { minLevel: 'critical' },
    // twurple knows no port option; this makes its address `ws://host:port/?x=:80`.
    ...(server ? { hostName: `${server}/?x=`, ssl: false } : {}),
  })
  const rooms = new Map<string, string>()
  // Parsing a line takes far longer than seeing that it is no command: only what may be one is parsed.
  const receive = client.irc.receiveLine.bind(client.irc)
  client.irc.receiveLine = (line: string) => {
    if (isChatter(line, wordsOf)) return onState?.('passed-over')
    // twurple does not know the word.
    if (!RECONNECT.test(line)) return receive(line)
    retired = true
    onState?.('lost')
    options.onReconnect?.()
  }
  client.onMessage((_channel, _user, text, message) => {
    onState?.('heard')
    const line = lineOf(text, message)
    if (line) onLine(line)
  })
  client.onMessageRemove((channel, messageId) => {
    const channelId = rooms.get(channel)
    if (channelId) onModeration?.({ channelId, messageId })
  })
  const banned = (channel: string, message: { tags: Map<string, string> }) => {
    const [channelId, userId] = [rooms.get(channel), message.tags.get('target-user-id')]
    if (channelId && userId) onModeration?.({ channelId, userId })
  }
  client.onBan((channel, _user, message) => banned(channel, message))
  client.onTimeout((channel, _user, _sec, message) => banned(channel, message))
  client.onChatClear((channel) => {
    const channelId = rooms.get(channel)
    if (channelId) onModeration?.({ channelId, everybody: true })
  })
  // We keep track of the joins ourselves, and of their pace. twurple forgets those that wait when the connection drops, and
  // of those that wait for the connection it lets one go every eleven seconds instead of twenty.
  let [registered, retired] = [false, false]
  const [pending, joined] = [new Set<string>(), new Set<string>()]
  let joinedAt: number[] = []
  let timer: NodeJS.Timeout | undefined
  const joinMissing = () => {
    clearTimeout(timer)
    if (!registered) return
    for (const login of rooms.keys()) {
      if (pending.has(login) || joined.has(login)) continue
      const now = performance.now()
      joinedAt = joinedAt.filter((at) => at > now - JOIN_WINDOW_MS)
      if (joinedAt.length >= JOINS) {
        timer = setTimeout(joinMissing, (joinedAt[0] ?? now) + JOIN_WINDOW_MS - now).unref()
        return
      }
      joinedAt.push(now)
      pending.add(login)
      client.join(login).then(
        () => {
          if (!pending.delete(login)) return
          joined.add(login)
          if (joined.size >= rooms.size) options.onAllJoined?.()
        },
        () => {
          pending.delete(login)
          onState?.('join-failed')
        },
      )
    }
  }
  client.onDisconnect((manually) => {
    registered = false
    clearTimeout(timer)
    pending.clear()
    joined.clear()
    if (manually) return
    if (!retired) onState?.('lost')
    options.onGone?.()
  })
  client.onAuthenticationSuccess(() => {
    registered = true
    onState?.('back')
    joinMissing()
  })
  const leave = (login: string) => {
    rooms.delete(login)
    if (joined.delete(login) || pending.delete(login)) client.part(login)
  }
  return { client, rooms, joinMissing, leave }
}

const RECONNECT = /^:tmi\.twitch\.tv RECONNECT\b/
const PRIVMSG = ' PRIVMSG #'

/**
 * Whether a raw line is somebody talking, and no command: nine of ten lines and more. What is not surely so is parsed.
 *
 * @param wordsOf login of the room → what its commands begin with
 */
export function isChatter(line: string, wordsOf?: (login: string) => CommandWords | undefined): boolean {
  const at = line.indexOf(PRIVMSG)
  if (at === -1) return false
  const roomAt = at + PRIVMSG.length
  const textAt = line.indexOf(' :', roomAt)
  if (textAt === -1) return false
  const words = wordsOf?.(line.slice(roomAt, textAt)) ?? DEFAULT_WORDS
  return !mayBeCommand(line.slice(textAt + 2), words)
}

function lineOf(text: string, message: ChatMessage): ChatLine | null {
  const { channelId, userInfo } = message
  // In a shared chat the message belongs to the channel it was written in.
  if (!channelId || (message.sourceChannelId && message.sourceChannelId !== channelId)) return null
  return {
    messageId: message.id,
    channelId,
    person: {
      userId: userInfo.userId,
      login: userInfo.userName,
      displayName: userInfo.displayName,
      roles: rolesOf(userInfo.badges.keys()),
    },
    text,
    sentAtMs: message.date.getTime(),
  }
}
