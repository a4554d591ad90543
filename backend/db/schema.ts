/** The tables, as Kysely sees them. What each is for stands in docs/architecture.md; instants are UTC milliseconds. */
import type { Generated } from 'kysely'
import type { Mode, Standing } from '../../shared/mode.ts'

export interface Tables {
  channels: ChannelRow
  standings: StandingRow
  grants: GrantRow
  sessions: SessionRow
  sign_ins: SignInRow
  consents: ConsentRow
  shows: ShowRow
  streams: StreamRow
  handled_commands: HandledCommandRow
  echoes: EchoRow
  early_echoes: EarlyEchoRow
  withdrawals: WithdrawalRow
  identities: IdentityRow
  votes: VoteRow
  edits: EditRow
  editors: EditorRow
  deck_keys: DeckKeyRow
  hooks: HookRow
  long_echoes: LongEchoRow
  nudges: NudgeRow
  categories: CategoryRow
  chat_gaps: ChatGapRow
  chat_heard: ChatHeardRow
  said: SaidRow
  vod_samples: VodSampleRow
  bots: BotRow
  bot_rooms: BotRoomRow
  inbox: InboxRow
  outbox: OutboxRow
  recaps: RecapRow
  uploads: UploadRow
  clip_orders: ClipOrderRow
  media: MediaRow
  leases: LeaseRow
  subscribers: SubscriberRow
  stripe_events: StripeEventRow
  trials: TrialRow
  installation: InstallationRow
  departures: DepartureRow
}

export interface ChannelRow {
  /** Twitch user id. */
  id: string
  login: string
  display_name: string
  email: string | null
  mode: Mode
  /** JSON of what differs from the defaults (`mode` has its own column). */
  settings: string
  /** Grows with each change of the settings: who changes an older version is told. */
  settings_version: Generated<number>
  /** Grows with whatever changes what viewers see; about the time of the change in milliseconds. */
  revision: Generated<number>
  created_at: number
}

export interface StandingRow {
  channel_id: string
  user_id: string
  standing: Exclude<Standing, 'none'>
  login: string
  at: number
}

/** A person's consent at Twitch or Google, with its tokens encrypted. */
export interface GrantRow {
  channel_id: string
  provider: 'twitch' | 'youtube'
  /** User id at Twitch, channel id at YouTube. */
  account_id: string
  account_name: string
  /** Space-separated, as granted. */
  scopes: string
  /** Compact JWE. */
  tokens: string
  state: 'ok' | 'needs_reauth'
  /** When the streamer gave it; renewing its tokens does not change that. */
  granted_at: Generated<number>
  updated_at: number
  /** When the provider last said that the token is good. */
  validated_at: Generated<number>
  /** Address of the account's picture; empty where there is none. */
  picture: Generated<string>
  /** When YouTube last said what stands here of its channel. */
  refreshed_at: Generated<number>
}

export interface SessionRow {
  /** SHA-256 of the cookie's value. */
  id_hash: string
  /** Who is signed in. */
  user_id: string
  /** Whose pages they see: their own, or one they edit; empty for none. */
  channel_id: string
  created_at: number
  expires_at: number
}

/** An OAuth round trip under way. */
export interface SignInRow {
  /** SHA-256 of `state`. */
  state_hash: string
  provider: 'twitch' | 'twitch-bot' | 'twitch-editor' | 'youtube'
  /** SHA-256 of the cookie that began it. */
  browser_hash: string
  /** Null while nobody is signed in. */
  channel_id: string | null
  code_verifier: string | null
  expires_at: number
}

/** What the streamer agreed to; kept when it is taken back. */
export interface ConsentRow {
  id: string
  channel_id: string
  /** `upload`: each recap when they press Publish. `auto_publish`: automatically. */
  kind: 'upload' | 'auto_publish'
  text_version: string
  /** JSON of the settings it was given with. */
  settings: Generated<string>
  given_at: number
  revoked_at: number | null
}

export interface ShowRow {
  id: string
  channel_id: string
  started_at: number
  /** Null while live. */
  ended_at: number | null
  /** Counts how often the show has ended: a drop and a return make it end twice. */
  endings: number
  /** The ending for which the durable run `run_id` was started: the engine forgets its own keys after a day. */
  run_ending: number | null
  run_id: string | null
}

export interface StreamRow {
  /** Twitch stream id. */
  id: string
  channel_id: string
  show_id: string
  started_at: number
  ended_at: number | null
  title: string
  vod_id: string | null
  vod_created_at: number | null
  vod_duration_ms: number | null
}

/** A chat command that has been dealt with, by whichever bot was first. */
export interface HandledCommandRow {
  message_id: string
  channel_id: string
  /** `accepted`, `undone`, `mode` or a refusal code. */
  outcome: string
  at: number
}

export interface EchoRow {
  id: string
  channel_id: string
  stream_id: string
  show_id: string
  /** Twitch user id, or the opaque id of a viewer of the panel who is not known. */
  user_id: string
  /** Both empty for such a viewer. */
  login: string
  display_name: string
  source: 'chat' | 'panel' | 'deck'
  /** Chat message id or idempotency key: unique with `source`. */
  source_key: string
  asked_at: number
  received_at: number
  length_ms: number
  latency_ms: number | null
  label: string | null
  /** The earlier echo of this person that this longer one stands for. */
  replaces_id: string | null
}

/** An echo whose stream is not known yet. */
export interface EarlyEchoRow {
  source: EchoRow['source']
  source_key: string
  channel_id: string
  user_id: string
  /** JSON of what was asked for. */
  request: string
  asked_at: number
}

export interface WithdrawalRow {
  echo_id: string
  /** `moderation`: the message was deleted, its author banned or timed out. `gone`: the account is no more. */
  reason: 'undo' | 'moderation' | 'replaced' | 'forgotten' | 'gone'
  at: number
}

/** A viewer of the panel who has told who they are. */
export interface IdentityRow {
  channel_id: string
  /** `U…`: stable for an account in a channel. */
  opaque_id: string
  user_id: string
  /** Null until Twitch has been asked. */
  login: string | null
  display_name: string | null
  at: number
}

/** A +1 for the moment that holds the echo. */
export interface VoteRow {
  show_id: string
  user_id: string
  echo_id: string
  at: number
}

/** An entry of the log of what was changed at the desk. */
export interface EditRow {
  id: string
  show_id: string
  /** Grows by one in each show. */
  seq: number
  /** Whose video its words are about; empty for entries of before. */
  recap_id: string
  /** Twitch user id; empty for entries of before. */
  author: string
  /** Names the card; empty for the whole recap. */
  echo_id: string
  /** Of a card that was split off: where. */
  part: number
  /** JSON, as shared/desk.ts has it; or `{"undo": 3}`, `{"redo": 3}`. */
  change: string
  at: number
}

/** Somebody whom the streamer lets review and edit. */
export interface EditorRow {
  channel_id: string
  /** Twitch user id. */
  user_id: string
  login: string
  at: number
}

/** The secret in a channel's Stream Deck addresses. */
export interface DeckKeyRow {
  channel_id: string
  /** SHA-256 of it. */
  key_hash: string
  created_at: number
}

/** Where a channel's notices go beside mail. */
export interface HookRow {
  channel_id: string
  /** `bucket`: not news, but the recap itself. */
  kind: 'discord' | 'webhook' | 'bucket'
  /** Compact JWE of `{url, secret}`: a Discord address is as good as a key. */
  target: string
  /** Why the last notice did not get through; null when it did. */
  failure: string | null
  created_at: number
}

/** A span that the streamer begins and ends by hand. */
export interface LongEchoRow {
  id: string
  channel_id: string
  stream_id: string
  show_id: string
  user_id: string
  started_at: number
  /** Null while it is on; then the stream's end ends it. */
  ended_at: number | null
  label: string | null
}

/** An echo moved earlier or later; several add up. */
export interface NudgeRow {
  /** Unique to the request, so that a repetition counts once. */
  id: string
  echo_id: string
  /** Below 0: earlier. */
  by_ms: number
  at: number
}

/** What a channel plays, from when on. */
export interface CategoryRow {
  channel_id: string
  at: number
  category_id: string
  name: string
  title: string
}

/** A bot that shares channels with others, while it gives signs of life. */
export interface BotRow {
  bot: string
  until: number
}

/** Which bot hears a channel, until when it counts. */
export interface BotRoomRow {
  channel_id: string
  bot: string
  until: number
}

/** How long a growing VOD was when its playlist was written. */
export interface VodSampleRow {
  vod_id: string
  written_at: number
  duration_ms: number
}

/** When the bot account last spoke in a channel; the row without a channel counts all its recent lines. */
export interface SaidRow {
  channel_id: string
  at: number
  /** JSON: the instants of the lines of the last half minute. */
  recent: string
}

/** When a bot last heard chat: one row. */
export interface ChatHeardRow {
  id: number
  at: number
  bot: string
}

/** A time in which no bot heard chat; `bot`: who noticed. */
export interface ChatGapRow {
  id: string
  bot: string
  from_at: number
  to_at: number
  /** Of one room, where bots share them; empty: nobody heard any. */
  channel_id: Generated<string>
}

/** An event from Twitch as it came, stored before it was answered. */
export interface InboxRow {
  message_id: string
  type: string
  channel_id: string
  sent_at: number
  received_at: number
  payload: string
  handled_at: number | null
  attempts: number
  /** Not tried again before. */
  next_at: Generated<number>
  error: string | null
}

/** A message that must go out once. */
export interface OutboxRow {
  id: string
  /** `<kind>:<about>`: the same message is never queued twice. */
  unique_key: string
  channel_id: string
  kind: 'mail' | 'discord' | 'webhook' | 'bucket'
  payload: string
  state: 'waiting' | 'sent' | 'failed'
  attempts: number
  next_at: number
  queued_at: Generated<number>
  sent_at: number | null
  error: string | null
}

export type RecapState = 'preparing' | 'rendered' | 'publishing' | 'published' | 'empty' | 'failed'

export interface RecapRow {
  id: string
  channel_id: string
  show_id: string
  /** The long echo that has this video to itself; empty: the recap of everything else. */
  long_echo_id: string
  /** The durable run of a long echo's video; the recap's is its show's. */
  run_id: string | null
  state: RecapState
  /** Grows with each recorded step: who holds an older one has been overtaken. */
  version: number
  /** What is being done now, for people. */
  step: string
  /** How far the step is (JSON), while it goes on. */
  progress: string | null
  failure: string | null
  /** The plan that was rendered and its product (JSON); null before. */
  product: string | null
  title: string | null
  description: string | null
  decision: 'publish' | 'drop' | null
  decided_at: number | null
  /** When it was rendered first. */
  ready_at: number | null
  created_at: number
  updated_at: number
  /** JSON of what went wrong while it was made, see db/recaps.ts. */
  trouble: string | null
}

/** `uploaded`: YouTube has it and is at work on it. `live`: people can watch it. */
export type UploadState = 'ready' | 'uploading' | 'uploaded' | 'live' | 'failed'

export interface UploadRow {
  recap_id: string
  state: UploadState
  /** Compact JWE of the session address, which is as good as a key. */
  session: string | null
  bytes: number
  sha256: string
  video_id: string | null
  privacy: string | null
  /** What YouTube was asked for; it may make it something else. */
  asked_privacy: string | null
  error: string | null
  /** A quota is used up until then. */
  parked_until: number | null
  uploaded_at: number | null
  updated_at: number
  /** When YouTube last said what stands here of its video. */
  refreshed_at: Generated<number>
}

/** A clip that was ordered at Twitch. */
export interface ClipOrderRow {
  channel_id: string
  vod_id: string
  start_sec: number
  end_sec: number
  sent_at: number
  /** null: its answer has not come. */
  clip_id: string | null
}

export interface MediaRow {
  key: string
  channel_id: string
  /** Of a recap; empty for parts. */
  recap_id: string
  /** Of parts; empty for a recap. */
  show_id: string
  kind: 'work' | 'recap' | 'clip'
  created_at: number
  deleted_at: number | null
  delete_reason: string | null
}

export interface LeaseRow {
  name: string
  holder: string
  until: number
}

/** A channel as a customer of Stripe, where billing is on. */
export interface SubscriberRow {
  channel_id: string
  customer_id: string | null
  /** JSON of the subscription that counted when Stripe was last asked; null: there was none. */
  subscription: string | null
  /** Grows with each look: who holds an older one has been overtaken. */
  version: Generated<number>
  synced_at: Generated<number>
}

/** An event of Stripe, stored before it was answered. It only says that there is something to look at. */
export interface StripeEventRow {
  id: string
  type: string
  customer_id: string
  received_at: number
  handled_at: number | null
}

/** Somebody who had a trial: a hash, kept also when the account is deleted. */
export interface TrialRow {
  user_hash: string
  at: number
}

/** What this installation keeps for itself. */
export interface InstallationRow {
  name: 'salt' | 'unsubscribe'
  value: string
}

/** An account that is deleted, or was: then only the receipt is left. */
export interface DepartureRow {
  receipt: string
  /** Empty once it is done. */
  channel_id: string
  asked_at: number
  /** JSON: the steps that are done. */
  done: Generated<string>
  failure: string | null
  finished_at: number | null
}
