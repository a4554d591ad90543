/**
 * Makes footage in a process of its own, as everything that works with native media code here:
 * `tsx make.ts clock <dir> <seconds>`, or with `film` or `game` (1080p60) and minutes
 */
import { quietFfmpeg } from '../../../backend/media/av.ts'
import { makeClockVod } from './clock.ts'
import { makeFilm } from './film.ts'

const [kind, dir = '', length = ''] = process.argv.slice(2)
quietFfmpeg()
if (kind === 'clock') makeClockVod(dir, { seconds: Number(length), fps: 30 })
else if (kind === 'game')
  await makeFilm(dir, {
    minutes: Number(length),
    height: 1080,
    fps: 60,
    onProgress: (line) => console.log(line),
  })
else await makeFilm(dir, { minutes: Number(length), height: 720, onProgress: (line) => console.log(line) })
process.exit(0)
