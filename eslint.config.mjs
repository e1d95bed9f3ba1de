import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** One way to write what can be written in several. */
const dialect = [
  {
    selector: 'Identifier[typeAnnotation.typeAnnotation.type="TSNeverKeyword"]',
    message: 'A closed set ends with `value satisfies never`.',
  },
  {
    selector:
      ':matches(CallExpression, NewExpression) > .arguments[raw=/^(true|false)$/] ~ .arguments[raw=/^(true|false)$/]',
    message: 'Two booleans at a call do not say what they mean: name them in an object.',
  },
  { selector: 'PrivateIdentifier', message: 'A member of its own is `private`, not #.' },
];
const constants = {
  selector:
    ':matches(Program, ExportNamedDeclaration) > VariableDeclaration[kind="const"] > VariableDeclarator[id.name=/[a-z]/] > :matches(Literal, BinaryExpression[left.type="Literal"][right.type="Literal"]).init',
  message: 'A constant of the module is written in CAPITALS.',
};

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/node_modules/**',
      '**/.venv/**',
      '**/.venv-test/**',
      '**/.venv-contract/**',
      'dbt/target/**',
      'coverage/**',
      'test-results/**',
      '.cache/**',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['tsconfig.lint.json', '*/page/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      'no-console': 'error',
      'no-restricted-syntax': ['error', ...dialect, constants],
      'max-params': ['error', 4],
    },
  },
  {
    // Called once per value or per key of every record: an object for the parameters would be made and thrown away each time.
    files: ['destination-kafka/src/encode/*.ts', 'sink-warehouse/src/load/key-index.ts'],
    rules: { 'max-params': 'off' },
  },
  {
    // Test titles and fixtures read better unbound by the production strictness; correctness rules stay on.
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
      // A row of `test.each` gives its values by position.
      'max-params': 'off',
      'no-restricted-syntax': ['error', ...dialect],
      'no-console': 'off',
    },
  },
  {
    files: ['**/*.{js,cjs,mjs}'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        module: 'writable',
        require: 'readonly',
        __dirname: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        Buffer: 'readonly',
        fetch: 'readonly',
      },
    },
    rules: { 'no-undef': 'error' },
  },
);
