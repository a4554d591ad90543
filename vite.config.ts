import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['**/*.test.ts', '**/*.test.tsx'],
    exclude: ['node_modules/**', 'dist/**', '.echoes/**'],
    globalSetup: ['tests/global-setup.ts'],
    pool: 'forks',
    // One file after the other: several run whole systems and a browser, and would take each other's time limits.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
