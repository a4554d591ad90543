import { assemble } from '../backend/media/assemble.ts'
import { quietFfmpeg } from '../backend/media/av.ts'
import { copyFileSync } from 'node:fs'
quietFfmpeg()
const pieces = Array.from({ length: 20 }, (_, n) => {
  const s = 2.37 + ((n * 9.713) % 200)
  const first = Math.floor(s / 10),
    last = Math.min(23, Math.floor((s + 30.25) / 10))
  const idx = Array.from({ length: last - first + 1 }, (_, i) => first + i)
  return {
    name: `m${n}`,
    files: idx.map((i) => `/tmp/game/${i}.ts`),
    fileSecs: idx.map(() => 10),
    filesStartSec: first * 10,
    startSec: s,
    endSec: s + 30,
  }
})
for (let k = 0; k < 4; k++) {
  const c0 = process.cpuUsage(),
    t = performance.now()
  await assemble(pieces, '/tmp/o.mp4')
  const c = process.cpuUsage(c0)
  const w = performance.now() - t
  const t2 = performance.now()
  copyFileSync('/tmp/o.mp4', '/tmp/o2.mp4')
  console.log(
    'assemble wall',
    (w / 1000).toFixed(2),
    'user',
    (c.user / 1e6).toFixed(2),
    'sys',
    (c.system / 1e6).toFixed(2),
    'cp',
    ((performance.now() - t2) / 1000).toFixed(2),
  )
}
