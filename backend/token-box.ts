/**
 * Keeps secrets at rest as compact JWE (`dir`, A256GCM). The key's id and what the secret is for stand in the
 * protected header and are checked, so that one owner's token cannot be put in another's place, and keys can be
 * rotated: the first key encrypts, all decrypt.
 */
import { CompactEncrypt, compactDecrypt } from 'jose'

export interface TokenBox {
  /** @param purpose whose and what kind: `grant:youtube:1337` */
  seal(secret: string, purpose: string): Promise<string>
  /** @throws when the text was changed, was sealed for another purpose, or with an unknown key */
  open(sealed: string, purpose: string): Promise<string>
}

/** @param keys `id:base64` of 32 bytes, separated by commas; the newest first */
export function tokenBox(keys: string): TokenBox {
  const ring = new Map(
    keys.split(',').map((entry) => {
      const [id = '', key = ''] = entry.trim().split(':')
      const bytes = Buffer.from(key, 'base64')
      if (id === '' || bytes.length !== 32)
        throw new Error('each token key must be id:base64 of exactly 32 bytes')
      return [id, new Uint8Array(bytes)] as const
    }),
  )
  const [newest] = ring.keys()
  return {
    async seal(secret, purpose) {
      const key = newest === undefined ? undefined : ring.get(newest)
      if (!key || newest === undefined) throw new Error('there is no token key')
      return new CompactEncrypt(new TextEncoder().encode(secret))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: newest, purpose })
        .encrypt(key)
    },
    async open(sealed, purpose) {
      const keyOf = (header: { kid?: string }) => {
        const key = header.kid === undefined ? undefined : ring.get(header.kid)
        if (!key) throw new Error('sealed with a key that is not configured')
        return key
      }
      const options = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] }
      const { plaintext, protectedHeader } = await compactDecrypt(sealed, keyOf, options)
      if (protectedHeader.purpose !== purpose) throw new Error('sealed for something else')
      return new TextDecoder().decode(plaintext)
    },
  }
}
