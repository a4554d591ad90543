/**
 * Keeps secrets at rest as compact JWE (`dir`, A256GCM). The key's id and what the secret is for stand in the
 * protected header and are checked, so that one owner's token cannot be put in another's place, and keys can be
 * rotated: the first key encrypts, all decrypt.
 */
import { CompactEncrypt, compactDecrypt, decodeProtectedHeader } from 'jose'
import { readFileSync } from 'node:fs'

export interface TokenBox {
  /** @param purpose whose and what kind: `grant:youtube:1337` */
  seal(secret: string, purpose: string): Promise<string>
  /** @throws when the text was changed, was sealed for another purpose, or with an unknown key */
  open(sealed: string, purpose: string): Promise<string>
  /** Whether it was sealed with the key that seals now. */
  isNewest(sealed: string): boolean
}

type Ring = Map<string, Uint8Array>

/** What a list of keys must look like. */
export const KEY_LIST = /^[\w-]+:[A-Za-z0-9+/]{43}=(,[\w-]+:[A-Za-z0-9+/]{43}=)*$/

/**
 * @param keys `id:base64` of 32 bytes, separated by commas, the newest first; or `file:` and the path of a file with them,
 *   which is read anew when it changes, so that keys are rotated while everything runs
 */
export function tokenBox(keys: string): TokenBox {
  const ringNow = keys.startsWith('file:') ? ringOfFile(keys.slice('file:'.length)) : fixed(readRing(keys))
  const newest = () => ringNow().entries().next().value ?? ['', new Uint8Array()]
  return {
    async seal(secret, purpose) {
      const [kid, key] = newest()
      return new CompactEncrypt(new TextEncoder().encode(secret))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid, purpose })
        .encrypt(key)
    },
    async open(sealed, purpose) {
      const keyOf = (header: { kid?: string }) => {
        const key = header.kid === undefined ? undefined : ringNow().get(header.kid)
        if (!key) throw new Error('sealed with a key that is not configured')
        return key
      }
      const options = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] }
      const { plaintext, protectedHeader } = await compactDecrypt(sealed, keyOf, options)
      if (protectedHeader.purpose !== purpose) throw new Error('sealed for something else')
      return new TextDecoder().decode(plaintext)
    },
    isNewest: (sealed) => decodeProtectedHeader(sealed).kid === newest()[0],
  }
}

const fixed = (ring: Ring) => () => ring

function readRing(keys: string): Ring {
  const ring = new Map(
    keys
      .split(/[,\s]+/)
      .filter(Boolean)
      .map((entry) => {
        const [id = '', key = ''] = entry.trim().split(':')
        const bytes = Buffer.from(key, 'base64')
        if (id === '' || bytes.length !== 32)
          throw new Error('each token key must be id:base64 of exactly 32 bytes')
        return [id, new Uint8Array(bytes)] as const
      }),
  )
  if (ring.size === 0) throw new Error('there is no token key')
  return ring
}

/** A file that is half written, or gone, changes nothing. */
function ringOfFile(path: string): () => Ring {
  let text = readFileSync(path, 'utf8')
  let ring = readRing(text)
  return () => {
    try {
      const now = readFileSync(path, 'utf8')
      if (now !== text) [ring, text] = [readRing(now), now]
    } catch {
      // What was read last holds.
    }
    return ring
  }
}
