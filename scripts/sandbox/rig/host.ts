/** The rig's page: plays Twitch's site around each frame, by the switches above it. */
import type { FromFrame, RigAuth, RigViewer, Segment, ToFrame } from './protocol.ts'

interface Granted {
  auth: RigAuth
  viewer: RigViewer
}

const segments = new Map<Segment, { version: string; content: string }>()
const frames: Frame[] = []

class Frame {
  readonly #box: HTMLElement
  readonly #iframe: HTMLIFrameElement
  #shared = false

  constructor(box: HTMLElement) {
    this.#box = box
    this.#iframe = box.querySelector('iframe') as HTMLIFrameElement
    box.addEventListener('change', ({ target }) => {
      const { name } = target as HTMLInputElement
      if (name === 'person') {
        this.#shared = this.#value('shared') === 'on'
        void this.authorize()
      }
      if (name === 'shared') {
        this.#shared = (target as HTMLInputElement).checked
        void this.authorize()
      }
      if (name === 'theme' || name === 'latency') this.context()
      if (name === 'visible') this.tell({ rig: 'visible', visible: (target as HTMLInputElement).checked })
      if (name === 'network') this.tell({ rig: 'network', network: this.#value('network') as 'ok' })
    })
    box.querySelector('[name=renew]')?.addEventListener('click', () => void this.authorize())
  }

  isSource(source: unknown): boolean {
    return source === this.#iframe.contentWindow
  }

  hear(message: FromFrame): void {
    switch (message.rig) {
      case 'hello':
        this.#shared = this.#value('shared') === 'on'
        for (const [segment, value] of segments) this.tell({ rig: 'configuration', segment, ...value })
        this.tell({ rig: 'network', network: this.#value('network') as 'ok' })
        this.context()
        void this.authorize()
        return
      case 'requestIdShare': {
        // Twitch asks the viewer in a dialog of its own; here they agree.
        this.#shared = true
        const box = this.#box.querySelector<HTMLInputElement>('[name=shared]')
        if (box) box.checked = true
        void this.authorize()
        return
      }
      case 'send':
        return everywhere({ ...message, rig: 'pubsub' })
      case 'configuration':
        segments.set(message.segment, message)
        everywhere(message)
    }
  }

  /** A new token, as Twitch brings them about each hour. */
  async authorize(): Promise<void> {
    const query = new URLSearchParams({
      person: this.#value('person'),
      shared: this.#shared ? '1' : '',
    })
    const answer = await fetch(`/rig/token?${query}`)
    const { auth, viewer } = (await answer.json()) as Granted
    this.tell({ rig: 'auth', auth, viewer })
  }

  context(): void {
    const theme = this.#value('theme') as 'light' | 'dark'
    this.#box.dataset.theme = theme
    const hlsLatencyBroadcaster = Number(this.#value('latency'))
    this.tell({ rig: 'context', context: { theme, hlsLatencyBroadcaster, language: 'en' } })
  }

  tell(message: ToFrame): void {
    this.#iframe.contentWindow?.postMessage(message, '*')
  }

  #value(name: string): string {
    const field = this.#box.querySelector<HTMLInputElement | HTMLSelectElement>(`[name=${name}]`)
    if (field instanceof HTMLInputElement && field.type === 'checkbox') return field.checked ? 'on' : ''
    return field?.value ?? ''
  }
}

function everywhere(message: ToFrame): void {
  for (const frame of frames) frame.tell(message)
}

window.addEventListener('message', ({ source, data }: MessageEvent<FromFrame>) => {
  frames.find((frame) => frame.isSource(source))?.hear(data)
})
for (const box of document.querySelectorAll<HTMLElement>('.frame')) frames.push(new Frame(box))
const news = new EventSource('/rig/pubsub')
news.addEventListener('message', ({ data }: MessageEvent<string>) =>
  everywhere({ rig: 'pubsub', target: 'broadcast', contentType: 'application/json', message: data }),
)
// Frames load after their listeners are there.
for (const iframe of document.querySelectorAll<HTMLIFrameElement>('iframe[data-src]'))
  iframe.src = iframe.dataset.src ?? ''

// Lenient here: no review, no versions; every extension may be on every channel.
