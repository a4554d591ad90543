/**
 * Ends the process when its event loop has stood still for long: a process that spins or is stuck cannot say so itself, and
 * its supervisor starts only what has ended. A thread of its own watches a mark that the main thread renews.
 */
import { Worker } from 'node:worker_threads'

/** Longer than any single piece of work in the main thread may take; rendering runs in processes of its own. */
const STUCK_MS = 60_000
const MARK_MS = 1_000

// Plain JavaScript, so that the thread starts without a loader.
const WATCH = `
const { workerData } = require('node:worker_threads')
const mark = new Int32Array(workerData.mark)
let [seen, sinceMs] = [-1, Date.now()]
setInterval(() => {
  const now = Atomics.load(mark, 0)
  if (now !== seen) [seen, sinceMs] = [now, Date.now()]
  else if (Date.now() - sinceMs > workerData.stuckMs) {
    require('node:fs').writeSync(2, 'the event loop has stood still for ' + workerData.stuckMs / 1000 + ' s: ending, to be started anew\\n')
    process.kill(process.pid, 'SIGKILL')
  }
}, workerData.everyMs)
`

/** @returns how to stop watching */
export function startWatchdog(stuckMs = STUCK_MS): () => void {
  const buffer = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
  const mark = new Int32Array(buffer)
  const everyMs = Math.min(MARK_MS, stuckMs / 4)
  const worker = new Worker(WATCH, {
    eval: true,
    execArgv: [],
    workerData: { mark: buffer, stuckMs, everyMs },
  })
  worker.unref()
  const timer = setInterval(() => Atomics.add(mark, 0, 1), everyMs)
  timer.unref()
  return () => {
    clearInterval(timer)
    void worker.terminate()
  }
}
