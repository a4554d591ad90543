import { mkdtempSync, rmSync } from 'node:fs'
import { open, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { expect, it, onTestFinished } from 'vitest'
import { openPromise, type Entry } from 'yauzl'
import { zipOf } from './by-products.ts'

const GIB = 1024 ** 3

it(
  'a recap of more than 4 GiB can be taken home, and so can what lies behind it in the zip',
  { timeout: 300_000 },
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'zip-'))
    onTestFinished(() => rmSync(dir, { recursive: true }))
    const [large, small, zip] = ['large.mp4', 'small.json', 'all.zip'].map((name) => join(dir, name)) as [
      string,
      string,
      string,
    ]
    // Sparse: 5 GiB that are not on the disk.
    await writeFile(large, '')
    await truncate(large, 5 * GIB)
    await writeFile(small, '{"echoes":[]}')
    await writeSparse(
      zip,
      zipOf([
        { name: 'recaps/large.mp4', file: large },
        { name: 'data/small.json', file: small },
      ]),
    )
    const read = await openPromise(zip, { autoClose: false })
    const entries: Entry[] = []
    for await (const entry of read.eachEntry()) entries.push(entry)
    expect(entries.map((e) => [e.fileName, e.uncompressedSize])).toEqual([
      ['recaps/large.mp4', 5 * GIB],
      ['data/small.json', 13],
    ])
    // That of 5 GiB of zeros, computed elsewhere.
    expect(entries[0]?.crc32.toString(16)).toBe('193838c3')
    const last = entries[1]
    const text = last && (await buffer(await read.openReadStreamPromise(last)))
    expect(text?.toString()).toBe('{"echoes":[]}')
    read.close()
  },
)

it('a file that is gone ends the zip with an error, so that nobody takes half a zip for a whole one', async () => {
  const taken = async () => {
    for await (const chunk of zipOf([{ name: 'a', file: '/nowhere/a.mp4' }])) expect(chunk).toBeDefined()
  }
  await expect(taken()).rejects.toThrow('ENOENT')
})

/** Leaves holes where there are only zeros. */
async function writeSparse(path: string, chunks: AsyncIterable<Uint8Array>) {
  const file = await open(path, 'w')
  let at = 0
  const zeros = Buffer.alloc(1024 * 1024)
  for await (const chunk of chunks) {
    const isHole = chunk.length <= zeros.length && zeros.subarray(0, chunk.length).equals(chunk)
    if (!isHole) await file.write(chunk, 0, chunk.length, at)
    at += chunk.length
  }
  await file.close()
  expect((await stat(path)).size).toBe(at)
}
