import js from '@eslint/js';
import comments from '@eslint-community/eslint-plugin-eslint-comments';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

// Clock, randomness and the process are parameters everywhere but at these edges: what is decided inside depends on
// nothing that a test cannot hand in.
const EDGE = ['lib/main.ts', 'lib/app.ts', 'lib/core/clock.ts', 'lib/core/random.ts', 'lib/**/*.worker.ts'];

const CLOCK = 'Time is a parameter: take a Clock (lib/core/clock.ts).';
const RANDOM = 'Randomness is a parameter: take a Random (lib/core/random.ts).';
const PROCESS = 'Only lib/main.ts touches the process; pass what you need from there.';

const PROCESS_GLOBAL = { name: 'process', message: PROCESS };
const PROCESS_IMPORTS = ['process', 'node:process'].map((name) => ({ name, message: PROCESS }));
const RANDOM_NAMES = ['randomBytes', 'randomFill', 'randomFillSync', 'randomInt', 'randomUUID', 'getRandomValues'];

export default defineConfig(
  { ignores: ['node_modules/', '.tap/'] },
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    plugins: { comments },
    rules: {
      ...js.configs.recommended.rules,
      eqeqeq: 'error',
      'no-console': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      // A rule that is switched off answers why.
      'comments/require-description': ['error', { ignore: ['eslint-enable'] }],
      'comments/no-unlimited-disable': 'error',
    },
  },
  {
    files: ['**/*.ts'],
    plugins: { '@typescript-eslint': tseslint.plugin },
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // tsc says these better, with types.
      'no-undef': 'off',
      'no-unused-private-class-members': 'off',
      'no-unused-vars': 'off',
      'no-redeclare': 'off',
      'no-dupe-class-members': 'off',

      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': [
        'error',
        // tap waits for its own subtests.
        { allowForKnownSafePromises: [{ from: 'package', package: '@tapjs/core', name: 'PromiseWithSubtest' }] },
      ],
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/no-unsafe-argument': 'error',
      '@typescript-eslint/no-unsafe-assignment': 'error',
      '@typescript-eslint/no-unsafe-call': 'error',
      '@typescript-eslint/no-unsafe-member-access': 'error',
      '@typescript-eslint/no-unsafe-return': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/strict-boolean-expressions': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],

      'max-lines': ['error', 400],
      'max-lines-per-function': ['error', 60],
      complexity: ['warn', 15],
    },
  },
  {
    files: ['lib/**/*.ts'],
    ignores: EDGE,
    rules: {
      'no-restricted-globals': [
        'error',
        PROCESS_GLOBAL,
        ...['setTimeout', 'setInterval', 'setImmediate', 'performance'].map((name) => ({ name, message: CLOCK })),
        { name: 'crypto', message: RANDOM },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: CLOCK },
        { object: 'Math', property: 'random', message: RANDOM },
        ...RANDOM_NAMES.map((property) => ({ object: 'crypto', property, message: RANDOM })),
        ...['process', 'setTimeout', 'setInterval', 'setImmediate', 'performance', 'crypto'].map((property) => ({
          object: 'globalThis',
          property,
          message: 'Not by the back door either.',
        })),
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: CLOCK },
        { selector: 'CallExpression[callee.name="Date"]', message: CLOCK },
      ],
      'no-restricted-imports': [
        'error',
        {
          paths: [
            ...PROCESS_IMPORTS,
            ...[
              'timers',
              'node:timers',
              'timers/promises',
              'node:timers/promises',
              'perf_hooks',
              'node:perf_hooks',
            ].map((name) => ({ name, message: CLOCK })),
            ...['crypto', 'node:crypto'].map((name) => ({ name, importNames: RANDOM_NAMES, message: RANDOM })),
          ],
        },
      ],
    },
  },
  {
    // The other edges may read the clock, but the process is main.ts's alone.
    files: EDGE,
    ignores: ['lib/main.ts'],
    rules: {
      'no-restricted-globals': ['error', PROCESS_GLOBAL],
      'no-restricted-imports': ['error', { paths: PROCESS_IMPORTS }],
    },
  },
  {
    // A test says what it says in as many lines as it takes, and reaches into loosely typed results.
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/strict-boolean-expressions': 'off',
      'max-lines': 'off',
      'max-lines-per-function': 'off',
      complexity: 'off',
    },
  },
  {
    // Tools print; that is what they are for.
    files: ['scripts/**/*.ts', 'test/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['*.cjs'],
    languageOptions: { sourceType: 'commonjs', globals: { module: 'writable', require: 'readonly' } },
  },
);
