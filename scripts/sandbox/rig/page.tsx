/** The rig's page: each view of the extension in a frame as on Twitch's site, with switches above it. */
import { Page } from '../../../backend/web/site/layout.tsx'

export interface FrameSetup {
  view: 'panel' | 'mobile' | 'config' | 'live-config'
  person: string
  theme: 'light' | 'dark'
  latency: string
  network: string
  shared: boolean
  language: string
}

export interface RigPageProps {
  /** Origin of the extension's files. */
  files: string
  people: { value: string; text: string }[]
  frames: FrameSetup[]
  links: { text: string; url: string }[]
}

/** As Twitch frames extensions: scripts and their own origin, links in new windows, nothing else. */
const SANDBOX = 'allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox'
const SIZE = {
  panel: [318, 496],
  mobile: [375, 560],
  config: [720, 760],
  'live-config': [318, 496],
} as const
const FILE = { panel: 'panel', mobile: 'panel', config: 'config', 'live-config': 'live-config' } as const
const ANCHOR = { panel: 'panel', mobile: 'panel', config: 'panel', 'live-config': 'panel' } as const
const MODE = { panel: 'viewer', mobile: 'viewer', config: 'config', 'live-config': 'dashboard' } as const

export function RigPage({ files, people, frames, links }: RigPageProps) {
  return (
    <Page title="Echoes rig">
      <main>
        <link rel="stylesheet" href="/rig.css" />
        <header class="row">
          <h1>Echoes in Twitch</h1>
          {links.map(({ text, url }) => (
            <a class="button" href={url}>
              {text}
            </a>
          ))}
        </header>
        <div class="frames">
          {frames.map((frame) => (
            <OneFrame frame={frame} files={files} people={people} />
          ))}
        </div>
        <script src="/rig/host.js" defer />
      </main>
    </Page>
  )
}

function OneFrame({ frame, files, people }: { frame: FrameSetup } & Pick<RigPageProps, 'files' | 'people'>) {
  const { view, theme, language } = frame
  const [width, height] = SIZE[view]
  const query = new URLSearchParams({
    anchor: ANCHOR[view],
    language,
    locale: language,
    mode: MODE[view],
    platform: view === 'mobile' ? 'mobile' : 'web',
    popout: 'false',
    state: 'testing',
  })
  return (
    <section class="frame card" data-theme={theme}>
      <h2>{view}</h2>
      <form class="switches">
        <Pick name="person" value={frame.person} options={people} />
        <Pick name="theme" value={theme} options={['light', 'dark'].map((t) => ({ value: t, text: t }))} />
        <Pick
          name="network"
          value={frame.network}
          options={['ok', 'slow', 'lost'].map((n) => ({ value: n, text: n }))}
        />
        <label>
          latency <input name="latency" type="number" step="0.1" value={frame.latency} />
        </label>
        <label>
          <input name="shared" type="checkbox" checked={frame.shared} /> identity shared
        </label>
        <label>
          <input name="visible" type="checkbox" checked /> visible
        </label>
        <button type="button" name="renew">
          New token
        </button>
      </form>
      <iframe
        title={`Echoes ${view}`}
        sandbox={SANDBOX}
        width={width}
        height={height}
        data-src={`${files}/${FILE[view]}.html?${query}`}
      />
    </section>
  )
}

function Pick(props: { name: string; value: string; options: { value: string; text: string }[] }) {
  return (
    <label>
      {props.name}{' '}
      <select name={props.name}>
        {props.options.map(({ value, text }) => (
          <option value={value} selected={value === props.value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  )
}
