/** Sizes in words, as disks are sold: 3 MB, 1.5 GB. */
export function bytesText(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`
  return `${bytes > 0 ? Math.max(1, Math.round(bytes / 1e6)) : 0} MB`
}
