/** Connections to chat that go bad without being closed, on a moved clock. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { startChat, type ChatServer } from '../../scripts/sandbox/twitch/chat.ts'
import { TwitchWorld } from '../../scripts/sandbox/twitch/world.ts'
import { ircTransport, type IrcTransport } from './irc.ts'

/** A line a minute at least is what twurple asks for, and it waits ten seconds for an answer. */
const SILENCE_MS = 60_000
const PATIENCE_MS = 10_000

let twitch: TwitchWorld
let chat: ChatServer
let irc: IrcTransport
let heard: string[]
let states: string[]

const roomOf = (login: string) => ({ login, channelId: twitch.addUser(login).id })
const inRoom = (login: string) => [...chat.clients].some((c) => !c.stalled && c.rooms.has(login))
/** What happens on the wire takes no time here; only our own clock is moved. */
const until = (what: () => boolean) =>
  vi.waitFor(() => expect(what()).toBe(true), { timeout: 5_000, interval: 10 })
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  twitch = new TwitchWorld({ now: () => Date.now() }, '/nowhere')
  chat = await startChat(twitch)
  heard = []
  states = []
  irc = ircTransport({
    server: `127.0.0.1:${chat.port}`,
    onLine: ({ text }) => heard.push(text),
    onState: (state) => states.push(state),
  })
  await irc.start()
})

afterEach(async () => {
  await irc.stop()
  await chat.close()
  vi.useRealTimers()
})

it('a server that no longer answers is left within seventy seconds', async () => {
  const room = roomOf('clara')
  await irc.setChannels([room])
  await until(() => inRoom('clara'))
  twitch.say(room.channelId, 'clara', '!echo one')
  await until(() => heard.length === 1)

  chat.stall()
  twitch.say(room.channelId, 'clara', '!echo never heard')
  await pass(SILENCE_MS)
  await pass(PATIENCE_MS)
  await until(() => inRoom('clara'))
  expect(states.filter((state) => state === 'lost')).toHaveLength(1)
  twitch.say(room.channelId, 'clara', '!echo two')
  await until(() => heard.length === 2)
  expect(heard).toEqual(['!echo one', '!echo two'])
})

it('chatter alone, which is never parsed, does not look like silence', async () => {
  const room = roomOf('clara')
  await irc.setChannels([room])
  await until(() => inRoom('clara'))
  for (let minute = 0; minute < 10; minute++) {
    twitch.say(room.channelId, 'clara', 'hello there')
    await until(() => states.filter((state) => state === 'passed-over').length === minute + 1)
    await pass(SILENCE_MS)
  }
  expect(states).not.toContain('lost')
})

it('told to reconnect by a server that then closes nothing, it joins old and new rooms elsewhere', async () => {
  const [room, later] = [roomOf('clara'), roomOf('later')]
  await irc.setChannels([room])
  await until(() => inRoom('clara'))
  chat.reconnect()
  chat.stall()
  await until(() => inRoom('clara'))
  // The old connection is given up by and by.
  await pass(SILENCE_MS)
  await irc.setChannels([room, later])
  await until(() => inRoom('later'))
  for (const { channelId } of [room, later]) twitch.say(channelId, 'clara', '!echo here')
  await until(() => heard.length === 2)
})

it('told to reconnect, it hears all the while, and one connection is left', async () => {
  const room = roomOf('clara')
  await irc.setChannels([room])
  await until(() => inRoom('clara'))
  const [old] = chat.clients
  chat.reconnect()
  for (let n = 0; n < 5; n++) {
    twitch.say(room.channelId, 'clara', `!echo ${n}`)
    await until(() => heard.includes(`!echo ${n}`))
    expect(irc.isHearing()).toBe(true)
  }
  await until(() => chat.clients.size === 1 && inRoom('clara'))
  expect([...chat.clients]).not.toContain(old)
  expect(states.filter((state) => state === 'lost')).toHaveLength(1)
})
