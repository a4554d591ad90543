/** The import rule of the tree: who may know whom. Checked by `npm run check`. */
const ADAPTERS = ['twitch', 'youtube', 'billing', 'mail', 'notify', 'media', 'storage', 'db']

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'shared-knows-nothing-of-ours',
      severity: 'error',
      from: { path: '^shared' },
      to: { path: '^(backend|scripts|extension)' },
    },
    {
      name: 'shared-does-no-io',
      severity: 'error',
      from: { path: '^shared', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'domain-knows-only-shared',
      severity: 'error',
      from: { path: '^backend/domain', pathNot: '\\.test\\.ts$' },
      to: { pathNot: '^(shared|backend/domain)' },
    },
    ...ADAPTERS.map((name) => ({
      name: `${name}-knows-no-other-adapter`,
      severity: 'error',
      from: { path: `^backend/${name}/`, pathNot: '\\.test\\.ts$' },
      to: { path: '^backend/', pathNot: `^backend/(${name}|domain)/` },
    })),
    {
      name: 'extension-knows-only-shared',
      severity: 'error',
      from: { path: '^extension-(panel|config)/' },
      to: { path: '^(backend|scripts|tests)' },
    },
    {
      name: 'browsers-take-only-types-of-the-contract',
      severity: 'error',
      from: { path: '^(extension-(panel|config)|backend/web/site/browser)/' },
      to: { path: '^shared/(api|desk|site)\\.ts', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'the-sites-browser-part-knows-only-what-browsers-load',
      severity: 'error',
      from: { path: '^backend/web/site/browser/' },
      to: { path: '^(backend|scripts|tests)', pathNot: '^backend/web/site/browser/' },
    },
    {
      name: 'only-av-and-media-know-node-av',
      severity: 'error',
      from: { path: '^(backend|shared)', pathNot: '^backend/media' },
      to: { path: 'node-av' },
    },
    {
      name: 'only-jobs-know-openworkflow',
      severity: 'error',
      from: { pathNot: '^backend/jobs' },
      to: { path: 'openworkflow' },
    },
    {
      name: 'only-echoes-constructs',
      severity: 'error',
      from: { pathNot: '^(backend/(main|echoes)\\.ts|scripts|tests)' },
      to: { path: '^backend/echoes\\.ts' },
    },
    {
      name: 'backend-knows-no-scripts',
      severity: 'error',
      from: { path: '^(backend|shared)', pathNot: '\\.test\\.ts$' },
      to: { path: '^(scripts|tests)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
}
