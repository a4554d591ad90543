/** The streamer's own first and last clip. */
import { useState } from 'preact/hooks'
import { LARGEST_CLIP_BYTES, LONGEST_CLIP_SEC } from '../../../../shared/limits.ts'
import type { Part } from './publishing.tsx'

const PLACES = [
  ['intro', 'First clip', 'In front of each recap.'],
  ['outro', 'Last clip', 'At the end of each recap.'],
] as const

export function Clips({ site, siteApi }: Part) {
  return (
    <section>
      <h2>Your own clips</h2>
      <p class="muted">
        MP4, {LONGEST_CLIP_SEC} seconds and {LARGEST_CLIP_BYTES / 1_000_000} MB at most. They count on top of
        the recap’s length.
      </p>
      <div class="lists">
        {PLACES.map(([place, name, hint]) => (
          <Clip
            key={place}
            place={place}
            name={name}
            hint={hint}
            url={site.clips.find((clip) => clip.place === place)?.url ?? null}
            siteApi={siteApi}
          />
        ))}
      </div>
    </section>
  )
}

function Clip(
  props: Pick<Part, 'siteApi'> & { place: 'intro' | 'outro'; name: string; hint: string; url: string | null },
) {
  const { place, name, hint, url, siteApi } = props
  const [said, setSaid] = useState('')
  const put = async (file: File | undefined) => {
    if (!file) return
    if (file.size > LARGEST_CLIP_BYTES) return setSaid(`This file has ${Math.round(file.size / 1e6)} MB.`)
    setSaid('Uploading …')
    setSaid((await siteApi.putClip(place, file)) || 'Saved.')
  }
  return (
    <div class="card">
      <h3>{name}</h3>
      <p class="muted">{hint}</p>
      {url && <video src={url} controls preload="metadata" aria-label={name} />}
      <label class="field">
        <span>{url ? 'Another file' : 'Choose a file'}</span>
        <input type="file" accept="video/mp4" onChange={(e) => put(e.currentTarget.files?.[0])} />
      </label>
      <p class="said" role="status">
        {said}
      </p>
      {url && (
        <button onClick={async () => setSaid((await siteApi.removeClip(place)) || 'Removed.')}>Remove</button>
      )}
    </div>
  )
}
