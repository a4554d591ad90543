import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cleanText, LABEL_MAX } from './clean-text.ts'
import { COMMAND_WORD, mayBeCommand, parseCommand, SHORTEST_ECHO_MS } from './echo.ts'

const echo = (lengthMs: number | 'long' | null, label: string | null = null) => ({
  kind: 'echo',
  lengthMs,
  label,
})

describe('the grammar of !echo', () => {
  it.each([
    ['!echo', echo(null)],
    ['!ECHO 45', echo(45_000)],
    ['!echo 1:30 great clutch', echo(90_000, 'great clutch')],
    ['!echo 2m', echo(120_000)],
    ['!echo30', echo(30_000)],
    ['!echo clutch 30', echo(null, 'clutch 30')],
    ['!echolong that boss', echo('long', 'that boss')],
    ['!EchoLong 240', echo(240_000)],
    ['@Sunny !echo 20 lol', echo(20_000, 'lol')],
    ['!echo ٣٠ ضحك', echo(30_000, 'ضحك')],
    ['!echo ３０', echo(30_000)],
    ['!echo 𝟛𝟘', echo(30_000)],
    // What chat clients append so that a line may be sent twice.
    ['!echo 30 \u{E0000}', echo(30_000)],
    ['!echo 30\u200b', echo(30_000)],
    ['!echo undo', { kind: 'undo' }],
    ['!echo undo my mistake', echo(null, 'undo my mistake')],
    ['!echo status', { kind: 'status' }],
    ['!echo help', { kind: 'help' }],
    ['!echo forget', { kind: 'forget' }],
    ['!echo mode OFF', { kind: 'mode', mode: 'off' }],
    ['!echo mode swings', { kind: 'unreadable' }],
    ['!echo approve @Vera', { kind: 'list', change: 'approve', name: 'vera', label: 'approve @Vera' }],
    ['!echo block party tonight', echo(null, 'block party tonight')],
    ['!echo earlier', { kind: 'nudge', byMs: -5_000 }],
    ['!echo later 12s', { kind: 'nudge', byMs: 12_000 }],
    ['!echo later that evening', echo(null, 'later that evening')],
    ['!echo earlier 999', { kind: 'unreadable' }],
    ['!echostart the heist', { kind: 'span', action: 'start', label: 'the heist' }],
    ['!echostop', { kind: 'span', action: 'stop', label: null }],
    ['!echoduration', { kind: 'span', action: 'toggle' }],
    ['!echoduration 12:00 heist', { kind: 'span', action: 'last', lengthMs: 720_000, label: 'heist' }],
    ['!echo 2', { kind: 'unreadable' }],
    ['!echo -30', { kind: 'unreadable' }],
    ['!echoes are nice', null],
    ['say !echo', null],
    ['!echolonger', null],
    ['', null],
  ])('%s', (line, command) => {
    const read = parseCommand(line)
    if (command === null) expect(read).toBeNull()
    else expect(read).toMatchObject(command)
  })

  it('a channel has its own word and aliases, and nothing else is heard there', () => {
    const words = { prefix: '!clip', aliases: ['+'.padEnd(2, '+'), '¡eco'] }
    expect(parseCommand('!clip 30 a', words)).toEqual(echo(30_000, 'a'))
    expect(parseCommand('¡ECO', words)).toEqual(echo(null))
    expect(parseCommand('++ 20', words)).toEqual(echo(20_000))
    expect(parseCommand('!cliplong', words)).toEqual(echo('long'))
    expect(parseCommand('!echo 30', words)).toBeNull()
    expect(['!echo', '!c', '¡eco'].every((word) => COMMAND_WORD.test(word))).toBe(true)
    expect(['/echo', '!', 'a b', '@echo', '!Echo'].some((word) => COMMAND_WORD.test(word))).toBe(false)
  })

  it('any line is read without a crash, and what is a command may be one', () => {
    const nonsense = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.string({ unit: 'grapheme', maxLength: 600 }).map((s) => `!echo ${s}`),
      fc
        .array(
          fc.constantFrom(
            '!echo',
            '!echolong',
            '30',
            '1:30',
            'undo',
            'mode',
            'block',
            'earlier',
            '@x',
            '\u200b',
            '-1',
            '٣',
          ),
          { maxLength: 6 },
        )
        .map((words) => words.join(' ')),
    )
    fc.assert(
      fc.property(nonsense, (line) => {
        const command = parseCommand(line)
        if (command) expect(mayBeCommand(line)).toBe(true)
        if (command?.kind !== 'echo') return
        if (typeof command.lengthMs === 'number')
          expect(command.lengthMs).toBeGreaterThanOrEqual(SHORTEST_ECHO_MS)
        if (command.label === null) return
        expect([...command.label].length).toBeLessThanOrEqual(LABEL_MAX)
        expect(cleanText(command.label)).toBe(command.label)
      }),
      { numRuns: 2_000 },
    )
  })
})
