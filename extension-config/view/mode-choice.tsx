/** The mode: a gate in front of the lists, which it never changes. */
import type { SettingsChange } from '../../shared/api.ts'
import { MINIMUM_ROLES, type MinimumRole, type Mode } from '../../shared/mode.ts'

const MODES: [Mode, string, string][] = [
  ['streamer', 'Streamer only', 'Only you. Your lists stay as they are.'],
  ['trusted', 'Streamer, mods, approved', 'You, your moderators and the people you approve.'],
  ['everyone', 'Everyone', 'Every viewer, from the role on that you choose.'],
  ['off', 'Off', 'Nobody, and commands in chat are not answered.'],
]
const ROLE_NAMES: Record<MinimumRole, string> = {
  none: 'everybody',
  follower: 'followers',
  subscriber: 'subscribers',
  vip: 'VIPs',
}

export function ModeChoice(props: {
  mode: Mode
  minimumRole: MinimumRole
  onChange(change: SettingsChange): void
}) {
  const { mode, minimumRole, onChange } = props
  return (
    <fieldset class="modes">
      <legend class="hidden">Mode</legend>
      {MODES.map(([value, name, what]) => (
        <label key={value} class="mode">
          <input
            type="radio"
            name="mode"
            checked={mode === value}
            onChange={() => onChange({ mode: value })}
          />
          <span>
            <strong>{name}</strong>
            <small>{what}</small>
          </span>
        </label>
      ))}
      {mode === 'everyone' && (
        <label class="field">
          <span>Open to</span>
          <select
            value={minimumRole}
            onChange={(e) => onChange({ minimumRole: e.currentTarget.value as MinimumRole })}
          >
            {MINIMUM_ROLES.map((role) => (
              <option key={role} value={role}>
                {ROLE_NAMES[role]}
              </option>
            ))}
          </select>
        </label>
      )}
    </fieldset>
  )
}
