/** How the rig's page looks. */
export const RIG_CSS = `
main { max-width: none }
.frames { display: flex; flex-wrap: wrap; gap: 16px; align-items: start }
.frame { max-width: 100% }
.frame h2 { margin-top: 0 }
.switches { display: grid; grid-template-columns: repeat(2, auto); gap: 4px 12px; justify-content: start; margin-bottom: 12px; font-size: 13px }
.switches input, .switches select, .switches button { min-height: 28px; padding: 2px 6px }
.switches [type=number] { width: 64px }
iframe { display: block; border: 1px solid var(--line); max-width: 100% }
`
