/**
 * `npm run mutate [-- room/module …]`: changes pure modules in every way that Stryker knows, and shows which changes no near test
 * notices. A module's score is the share of noticed changes, in percent. Run by hand: a module takes minutes.
 */
import { Stryker } from '@stryker-mutator/core';

/** Modules by their path in `src/`, each with the tests that must notice its changes, by their path in `test/`. */
const MODULES = {
  'protocol/cursor': ['protocol/cursor'],
  'protocol/scope': ['protocol/scope'],
  'protocol/frame': ['protocol/frame'],
  'log/sequence': ['log/sequence'],
  'channel/ring': ['channel/ring'],
  'stream/resume': ['stream/resume'],
  'contest/decide': ['contest/decide'],
  'leaderboard/step': ['leaderboard/step'],
  'leaderboard/deltas': ['leaderboard/deltas'],
  'leaderboard/rank-changes': ['leaderboard/rank-changes'],
  'client/cursors': ['client/cursors'],
  'client/progress': ['client/progress'],
  'client/states': ['client/states'],
};

const named = process.argv.slice(2);
for (const name of named)
  if (!(name in MODULES)) throw new Error(`${name} is not one of ${Object.keys(MODULES).join(', ')}`);

for (const [module, tests] of Object.entries(MODULES)) {
  if (named.length > 0 && !named.includes(module)) continue;
  process.env.MUTATE_TESTS = tests.map((test) => `test/${test}.test.ts`).join(',');
  const mutants = await new Stryker({
    mutate: [`src/${module}.ts`],
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner'],
    vitest: { configFile: 'vitest.mutate.config.ts', related: false },
    // Stryker rewrites a copy of it with the compiler's API, which TypeScript 7 has not.
    tsconfigFile: 'none',
    tempDirName: '.stryker',
    // What is built or installed: Stryker copies the folder.
    ignorePatterns: ['.data', 'dist', 'coverage'],
    concurrency: 1,
    coverageAnalysis: 'perTest',
    reporters: [],
    logLevel: 'error',
    timeoutMS: 20_000,
  }).runMutationTest();
  const counted = mutants.filter(({ status }) => status !== 'Ignored' && status !== 'CompileError');
  const survivors = counted.filter(({ status }) => status === 'Survived' || status === 'NoCoverage');
  console.log(
    `${module}: ${Math.floor((100 * (counted.length - survivors.length)) / counted.length)} of ${counted.length}`,
  );
  for (const { location, replacement, mutatorName } of survivors) {
    const { start, end } = location;
    console.log(
      `  ${start.line + 1}:${start.column + 1}-${end.line + 1}:${end.column + 1} ${mutatorName} → ${replacement}`,
    );
  }
}
