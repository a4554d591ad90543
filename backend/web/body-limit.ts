/** What strangers send is bounded, and read only by whoever wants it: counted as it comes, whatever length it claims. */
import type { Context, Next } from 'hono'
import { HTTPException } from 'hono/http-exception'

/** More than any form or message of ours. */
export const LARGEST_BODY = 64 * 1024

/** Addresses that bound what they take by themselves: events, which are larger, and a streamer's own clips. */
const OWN_LIMITS = ['/events/', '/settings/clips/']

/** Ends a request with 413 once its body is longer than {@link LARGEST_BODY}. */
export async function bodyLimit(c: Context, next: Next): Promise<void> {
  const { body, headers } = c.req.raw
  if (!body || OWN_LIMITS.some((path) => c.req.path.startsWith(path))) return next()
  if (Number(headers.get('content-length') ?? 0) > LARGEST_BODY) throw tooLarge()
  let bytes = 0
  const counted = body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.length
        if (bytes > LARGEST_BODY) controller.error(tooLarge())
        else controller.enqueue(chunk)
      },
    }),
  )
  c.req.raw = new Request(c.req.raw, { body: counted, duplex: 'half' } as RequestInit)
  return next()
}

function tooLarge(): HTTPException {
  const sentence = 'That is more than Echoes takes in one go.'
  // The rest of it is not waited for.
  const res = Response.json({ sentence }, { status: 413, headers: { connection: 'close' } })
  return new HTTPException(413, { res })
}
