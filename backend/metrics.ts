/** Figures of this process for `/metrics`: Node's own (event loop, CPU, memory) and ours. */
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'

export interface Metrics {
  registry: Registry
  /** Chat lines by what became of them: `heard` (parsed), `passed-over` (surely no command). */
  chatLines: Counter<'state'>
  commands: Counter
  /** Lines said in chat, and those that failed. */
  replies: Counter<'outcome'>
  /** Connections to chat: `lost`, `back`, `join-failed`. */
  connections: Counter<'state'>
  /** Milliseconds of chat that no bot has heard. */
  unheardMs: Counter
  rooms: Gauge
  /** What lies in storage, and how much the disk still takes; looked at with each sweep. */
  storedBytes: Gauge
  freeBytes: Gauge
  /** Messages that wait for longer than they should. */
  overdueMessages: Gauge
  /** Events of Twitch's that could not be handled again and again. */
  stuckEvents: Gauge
  /** Accounts that should have been deleted by now. */
  overdueDepartures: Gauge
}

/** @param role of the process, on each figure */
export function makeMetrics(role: string): Metrics {
  const registry = new Registry()
  registry.setDefaultLabels({ role })
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const counter = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Counter<L>({ name, help, labelNames, registers })
  return {
    registry,
    chatLines: counter('echoes_chat_lines_total', 'Chat lines heard', ['state']),
    commands: new Counter({ name: 'echoes_commands_total', help: 'Commands in chat', registers }),
    replies: counter('echoes_replies_total', 'Lines said in chat', ['outcome']),
    connections: counter('echoes_chat_connections_total', 'What became of connections to chat', ['state']),
    unheardMs: new Counter({
      name: 'echoes_chat_unheard_milliseconds_total',
      help: 'Time in which no bot heard chat',
      registers,
    }),
    storedBytes: new Gauge({ name: 'echoes_storage_bytes', help: 'Media in storage', registers }),
    freeBytes: new Gauge({ name: 'echoes_disk_free_bytes', help: 'Room on the disk of DATA_DIR', registers }),
    overdueMessages: new Gauge({
      name: 'echoes_messages_overdue',
      help: 'Mails and other news that wait for longer than an hour',
      registers,
    }),
    stuckEvents: new Gauge({
      name: 'echoes_events_stuck',
      help: 'Events that could not be handled again and again',
      registers,
    }),
    overdueDepartures: new Gauge({
      name: 'echoes_departures_overdue',
      help: 'Accounts that should have been deleted by now',
      registers,
    }),
    rooms: new Gauge({ name: 'echoes_chat_rooms', help: 'Rooms this bot is to be in', registers }),
  }
}
