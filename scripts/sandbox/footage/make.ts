/**
 * Makes footage in a process of its own, as everything that works with native media code here:
 * `tsx make.ts clock <dir> <seconds>` or `tsx make.ts film <dir> <minutes>`
 */
import { quietFfmpeg } from '../../../backend/media/av.ts'
import { makeClockVod } from './clock.ts'
import { makeFilm } from './film.ts'

const [kind, dir = '', length = ''] = process.argv.slice(2)
quietFfmpeg()
if (kind === 'clock') makeClockVod(dir, { seconds: Number(length), fps: 30 })
else await makeFilm(dir, { minutes: Number(length), height: 720, onProgress: (line) => console.log(line) })
process.exit(0)
