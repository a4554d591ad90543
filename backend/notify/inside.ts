/**
 * Addresses that come from outside must not lead inside: not to this machine, not into its network. Names are looked at after
 * they are resolved, on the very connection.
 */
import { lookup } from 'node:dns'
import { BlockList, isIPv6, type LookupFunction } from 'node:net'

/** Everything that is not the public Internet (IANA's special-purpose registries). */
const INSIDE = new BlockList()
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  INSIDE.addSubnet(net, bits, 'ipv4')
for (const [net, bits] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['100::', 64],
  ['2001:db8::', 32],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  INSIDE.addSubnet(net, bits, 'ipv6')

export function isInside(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped) return INSIDE.check(mapped, 'ipv4')
  return INSIDE.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

/** Whether a host may be a name on the public Internet: no address in numbers, nothing that is only known inside. */
export function isPublicName(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '')
  const literal = /^[\d.]+$/.test(bare) || bare.includes(':')
  return !literal && hostname.includes('.') && !/\.(local|internal|localhost)$/.test(hostname)
}

/** Resolves names for a connection, and refuses those that lead inside. */
export const lookupOutside: LookupFunction = (host, options, done) =>
  lookup(host, { ...options, all: true }, (error, found) => {
    if (error) return done(error, '', 0)
    if (found.some(({ address }) => isInside(address))) return done(new Error('the name leads inside'), '', 0)
    if ('all' in options && options.all) return done(null, found)
    done(null, found[0]?.address ?? '', found[0]?.family ?? 4)
  })
