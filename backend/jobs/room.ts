/** Whether there is room on the disk for what is about to be fetched and made. */
import { bytesText } from '../../shared/bytes-text.ts'
import { Fault } from '../../shared/fault.ts'

export interface Room {
  /** Kept free for everything else, bytes. */
  reserveBytes: number
  free(): Promise<number>
}

/** There is no room now; later there may be. */
export class NoRoom extends Fault {
  override name = 'NoRoom'

  constructor(needed: number, free: number) {
    super(
      `the server’s disk is full (${bytesText(needed)} are needed, and it has ${bytesText(free)} to give)`,
      'transient',
    )
  }
}

/** @throws {NoRoom} */
export async function expectRoom(room: Room, neededBytes: number): Promise<void> {
  const free = Math.max(0, (await room.free()) - room.reserveBytes)
  if (free < neededBytes) throw new NoRoom(neededBytes, free)
}
