import fc from 'fast-check'
import { generateKeyPair, jwtVerify, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { realFiles } from '../../tests/real-data.ts'
import { signExternal, tokenVerifier } from './extension-token.ts'

const SECRET = Buffer.alloc(32, 7).toString('base64')
const NEW_SECRET = Buffer.alloc(32, 8).toString('base64')
const NOW = Date.parse('2026-11-24T12:00:00Z')
const SEC = NOW / 1000
const key = (secret: string) => new Uint8Array(Buffer.from(secret, 'base64'))
const claims = { exp: SEC + 3600, channel_id: '42', opaque_user_id: 'Uabc', role: 'viewer' }

const sign = (change: Record<string, unknown> = {}, secret = SECRET, alg = 'HS256') =>
  new SignJWT({ ...claims, ...change }).setProtectedHeader({ alg, typ: 'JWT' }).sign(key(secret))
const verify = (token: string, secrets = [SECRET]) => tokenVerifier(secrets, () => NOW)(token)

describe('a token of the extension', () => {
  it('says who asks: the streamer and who shares their identity with a user id, others without', async () => {
    expect(await verify(await sign())).toEqual({
      channelId: '42',
      role: 'viewer',
      opaqueId: 'Uabc',
      userId: null,
    })
    expect(await verify(await sign({ user_id: '7' }))).toMatchObject({ userId: '7' })
    expect(await verify(await sign({ role: 'broadcaster' }))).toMatchObject({ userId: '42' })
  })

  it('is taken with the old and the new secret while one replaces the other', async () => {
    for (const secret of [SECRET, NEW_SECRET])
      expect(await verify(await sign({}, secret), [NEW_SECRET, SECRET])).not.toBeNull()
    expect(await verify(await sign({}, SECRET), [NEW_SECRET])).toBeNull()
  })

  it('is not taken any longer than it says, also when it is remembered', async () => {
    let now = NOW
    const remembering = tokenVerifier([SECRET], () => now)
    const token = await sign({ exp: SEC + 60 })
    expect(await remembering(token)).not.toBeNull()
    expect(remembering(token)).not.toBeInstanceOf(Promise)
    now = NOW + 71_000
    expect(await remembering(token)).toBeNull()
    expect(await remembering(token)).toBeNull()
  })

  it.each([
    ['another secret', () => sign({}, NEW_SECRET)],
    ['HS512', () => sign({}, Buffer.alloc(64, 7).toString('base64'), 'HS512')],
    ['no expiry', () => sign({ exp: undefined })],
    ['an expiry that is over', () => sign({ exp: SEC - 11 })],
    ['no channel', () => sign({ channel_id: undefined })],
    ['a channel that is no number', () => sign({ channel_id: '42/../7' })],
    ['our own role', () => sign({ role: 'external' })],
    ['no algorithm', async () => `${b64({ alg: 'none' })}.${b64(claims)}.`],
    [
      'RS256',
      async () => {
        const { privateKey } = await generateKeyPair('RS256')
        return new SignJWT(claims).setProtectedHeader({ alg: 'RS256' }).sign(privateKey)
      },
    ],
    ['an end cut off', async () => (await sign()).slice(0, -3)],
    ['nothing in it', async () => ''],
  ])('is refused with %s', async (_what, make) => {
    expect(await verify(await make())).toBeNull()
  })

  it('is refused after any change of one of its letters', async () => {
    const token = await sign()
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.'
    const remembering = tokenVerifier([SECRET], () => NOW)
    await remembering(token)
    await fc.assert(
      fc.asyncProperty(
        fc.nat(token.length - 1),
        fc.constantFrom(...letters),
        fc.constantFrom('replace', 'insert', 'drop'),
        async (at, letter, how) => {
          const rest = token.slice(how === 'insert' ? at : at + 1)
          const changed = token.slice(0, at) + (how === 'drop' ? '' : letter) + rest
          // The last letter of base64url has bits that mean nothing.
          const sameBytes = at === token.length - 1 && how === 'replace'
          if (changed === token || sameBytes) return
          expect(await remembering(changed)).toBeNull()
        },
      ),
      { numRuns: 10_000 },
    )
  })

  it('with which we speak to Twitch is short-lived and about one channel', async () => {
    const token = await signExternal({ clientId: 'c', ownerId: '9', secret: SECRET }, '42', NOW)
    const payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    expect(payload).toEqual({
      user_id: '9',
      role: 'external',
      channel_id: '42',
      pubsub_perms: { send: ['broadcast'] },
      exp: SEC + 60,
    })
    expect(await verify(token)).toBeNull()
  })

  const [vectors] = realFiles('extension-jwt', 'vectors.json')
  it.skipIf(!vectors)(
    'as in Twitch’s reference is signed with the decoded secret, and is no viewer’s',
    async () => {
      const [vector] = JSON.parse(vectors?.text() ?? '[]') as [{ token: string; secret_base64: string }]
      const currentDate = new Date('2017-08-09T15:00:00Z')
      await expect(jwtVerify(vector.token, key(vector.secret_base64), { currentDate })).resolves.toBeDefined()
      expect(
        await tokenVerifier([vector.secret_base64], () => currentDate.getTime())(vector.token),
      ).toBeNull()
    },
  )
})

function b64(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
