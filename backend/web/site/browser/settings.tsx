/** The settings in the browser: the extension's parts, and what only the companion site has. */
import { render } from 'preact'
import type { ConfigState } from '../../../../shared/api.ts'
import type { SiteState } from '../../../../shared/site.ts'
import { makeApi } from '../../../../extension-panel/api.ts'
import { makeAutosave, type Autosave, type Saving } from '../../../../extension-config/autosave.ts'
import { ChannelSettings, currentSettings } from '../../../../extension-config/view/config-page.tsx'
import { SaveStatusLine } from '../../../../extension-config/view/save-status.tsx'
import '../../../../extension-config/config.css'
import { Access } from './access.tsx'
import { Clips } from './clips.tsx'
import { Bucket } from './bucket.tsx'
import { Notices } from './notices.tsx'
import { Publishing, Timing } from './publishing.tsx'
import './settings.css'
import { makeSiteApi, type SiteApi } from './site-api.ts'

interface Props {
  saving: Saving
  autosave: Autosave
  api: ReturnType<typeof makeApi>
  site: SiteState
  siteApi: SiteApi
}

function SettingsPage({ saving, autosave, api, site, siteApi }: Props) {
  const settings = currentSettings(saving)
  const part = { settings, autosave, site, siteApi }
  return (
    <main>
      <header>
        <h1>Settings</h1>
        <SaveStatusLine saving={saving} autosave={autosave} />
      </header>
      <Publishing {...part} />
      <Notices {...part} />
      <ChannelSettings saving={saving} autosave={autosave} api={api} />
      <Clips {...part} />
      <Timing {...part} />
      <Bucket {...part} />
      <Access {...part} />
    </main>
  )
}

const root = document.getElementById('root') as HTMLElement
const api = makeApi('en', 'No connection')
const RETRY_MS = 3_000
let site: SiteState | null = null
let saving: Saving | null = null
let autosave: Autosave | null = null

const draw = () => {
  if (site && saving && autosave)
    render(<SettingsPage saving={saving} autosave={autosave} api={api} site={site} siteApi={siteApi} />, root)
}
const siteApi = makeSiteApi((state) => {
  site = state
  draw()
})

async function load(): Promise<void> {
  const [config, state] = [await api.ask<ConfigState>('/config'), await siteApi.load()]
  if (config.ok && state) {
    root.textContent = ''
    site = state
    saving = { config: config.body, pending: {}, disputed: [], status: { kind: 'idle' } }
    autosave = makeAutosave(api, config.body, (next) => {
      saving = next
      draw()
    })
    return draw()
  }
  root.textContent = `${config.sentence || 'No connection'} to Echoes. Trying again`
  setTimeout(load, RETRY_MS)
}
void load()
