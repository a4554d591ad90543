/** The streamer's own bucket, to which recaps are copied. */
import { useState } from 'preact/hooks'
import type { Part } from './publishing.tsx'

export function Bucket({ site, siteApi }: Pick<Part, 'site' | 'siteApi'>) {
  const [fields, setFields] = useState({ url: '', accessKeyId: '', secretAccessKey: '' })
  const [said, setSaid] = useState('')
  const { bucket } = site
  const put = async (next: typeof fields) => {
    setSaid('Trying …')
    const problem = await siteApi.bucket(next)
    setSaid(problem || (next.url ? 'Saved: Echoes can write there.' : 'Taken away.'))
    if (!problem) setFields({ url: '', accessKeyId: '', secretAccessKey: '' })
  }
  const about = (name: keyof typeof fields) => ({
    value: fields[name],
    autocomplete: 'off' as const,
    onInput: (e: { currentTarget: HTMLInputElement }) =>
      setFields({ ...fields, [name]: e.currentTarget.value }),
  })
  const field = (name: keyof typeof fields, label: string, type: 'text' | 'password', hint?: string) => (
    <label class="field">
      <span>{label}</span>
      {type === 'password' ? (
        <input type="password" {...about(name)} />
      ) : (
        <input type="text" {...about(name)} />
      )}
      {hint && <small>{hint}</small>}
    </label>
  )
  const ready = fields.url && fields.accessKeyId && fields.secretAccessKey
  return (
    <section>
      <h2>Your own storage</h2>
      <div class="card">
        <p class="muted">
          {bucket
            ? `Each published recap is copied to ${bucket.place}.`
            : 'Each published recap can be copied into a bucket of yours, at any S3-compatible service.'}
        </p>
        {field('url', 'Address', 'text', 's3://my-bucket/recaps?endpoint=https://s3.example.org')}
        {field('accessKeyId', 'Key id', 'text')}
        {field('secretAccessKey', 'Secret', 'password', 'Stored encrypted, and not shown again.')}
        {bucket?.failure && <p class="problem">The last copy did not get through: {bucket.failure}.</p>}
        <p class="said" role="status">
          {said}
        </p>
        <div class="buttons">
          <button aria-disabled={!ready} onClick={() => ready && put(fields)}>
            Save
          </button>
          {bucket && (
            <button onClick={() => put({ url: '', accessKeyId: '', secretAccessKey: '' })}>Take away</button>
          )}
        </div>
      </div>
    </section>
  )
}
